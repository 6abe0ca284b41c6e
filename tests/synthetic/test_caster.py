"""The ray caster against geometry that can be written down."""

import numpy as np
import pytest
import torch

from sightline.synthetic.bounds import extents
from sightline.synthetic.caster import blocked, cast
from sightline.synthetic.figure import turned
from sightline.synthetic.render import boxes_of, world_of
from sightline.synthetic.world import Camera, Light, Paint, People, Solid, World, stack

GREY = Paint((0.5, 0.5, 0.5))
RED = Paint((1.0, 0.0, 0.0), glow=1.0)
SIZE = (160, 120)


def camera(frame: np.ndarray | None = None) -> Camera:
    right, forward, up = np.eye(3) if frame is None else frame
    return Camera(np.zeros(3), np.array((right, -up, forward)), 100.0, SIZE)


def world(*solids: Solid, view: Camera | None = None) -> World:
    """A room of 20 m around a camera at the origin that looks along +y."""
    room = Solid(True, np.zeros(3), (10, 10, 10), GREY, 0)
    light = Light(np.array((0, 0, 9.0)), np.full(3, 0.5), np.full(3, 0.4), 0.0, 0)
    rows, points, flags = np.zeros(0, int), np.zeros((0, 3)), np.zeros(0, bool)
    nobody = People(rows, rows, points, points, points, rows, flags, flags, flags)
    return World(stack([room, *solids]), view or camera(), light, nobody)


def ball(centre: tuple, radius: float = 0.5, owner: int = 1) -> Solid:
    return Solid(False, np.array(centre, float), (radius,) * 3, RED, owner)


def box(centre: tuple, half: tuple, owner: int = 1, axes: np.ndarray | None = None) -> Solid:
    return Solid(
        True, np.array(centre, float), half, RED, owner, np.eye(3) if axes is None else axes
    )


def rays() -> np.ndarray:
    x, y = np.meshgrid(np.arange(SIZE[0]) + 0.5, np.arange(SIZE[1]) + 0.5)
    return np.stack([(x - 80) / 100, np.ones_like(x), -(y - 60) / 100], -1)


def test_a_sphere_covers_the_pixels_whose_rays_pass_within_its_radius() -> None:
    centre, radius = np.array((0.4, 4.0, 0.3)), 0.7
    shown = cast([world(ball(tuple(centre), radius))])[0].solid.numpy() == 1
    distance = np.linalg.norm(np.cross(rays(), centre), axis=-1) / np.linalg.norm(rays(), axis=-1)
    clear = np.abs(distance - radius) > 1e-4
    assert shown.any()
    np.testing.assert_array_equal(shown[clear], (distance < radius)[clear])


def test_depths_of_sphere_and_wall_are_their_distances_along_the_optical_axis() -> None:
    depth = cast([world(ball((0, 4, 0)))])[0].depth
    assert depth[60, 80] == pytest.approx(3.5, abs=1e-3)
    assert depth[0, 0] == pytest.approx(10.0, abs=1e-4)


def test_the_nearer_of_two_solids_is_seen_in_any_order() -> None:
    near, far = ball((0, 3, 0), 0.3), box((0, 5, 0), (0.5, 0.5, 0.5), owner=2)
    for solids in ((near, far), (far, near)):
        scene = world(*solids)
        view = cast([scene])[0]
        owner = scene.solids.owner[view.solid]
        assert owner[60, 80] == 1
        assert owner[60, 90] == 2
        assert view.depth[60, 90] == pytest.approx(4.5, abs=1e-3)


def test_a_small_far_ellipsoid_keeps_its_shape_in_single_precision() -> None:
    thin = Solid(False, np.array((0, 9.0, 0)), (0.3, 0.004, 0.2), RED, 1)
    shown = (cast([world(thin)])[0].solid == 1).sum().item()
    expected = np.pi * (0.3 / 9 * 100) * (0.2 / 9 * 100)
    assert shown == pytest.approx(expected, rel=0.15)


@pytest.mark.parametrize("is_box", [True, False])
def test_bounds_of_turned_solids_are_those_of_many_surface_points(is_box: bool) -> None:
    frame = turned(0.5, 0.3, 0.2)
    half = np.array((0.5, 0.2, 0.8))
    view = camera(turned(0.1, -0.1, 0.05))
    directions = np.random.default_rng(0).normal(size=(200_000, 3))
    if is_box:
        unit = np.sign(directions)
    else:
        unit = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    pixels, _ = view.project(np.array((0.5, 3, 0.1)) + unit * half @ frame)
    solid = Solid(is_box, np.array((0.5, 3, 0.1)), half, RED, 1, frame)
    bounds, _ = extents(stack([solid]), view)
    expected = np.concatenate([pixels.min(0), pixels.max(0)])
    np.testing.assert_allclose(bounds[0].numpy(), expected, atol=0.05)


def test_a_box_that_reaches_behind_the_camera_is_drawn_wherever_rays_hit_it() -> None:
    floor = box((0, 0, -1.01), (3, 8, 0.01))
    shown = cast([world(floor)])[0].solid == 1
    down = -rays()[..., 2]
    with np.errstate(divide="ignore"):
        t = np.where(down > 0, 1 / down, np.inf)
    hit = (t < 8 - 1e-3) & (np.abs(rays()[..., 0] * t) < 3)
    assert (shown.numpy() == hit).mean() > 0.995


def test_pictures_rendered_together_equal_those_rendered_alone() -> None:
    worlds = [world_of(0, 0, i, SIZE) for i in range(3)]
    for together, alone in zip(cast(worlds), (cast([w])[0] for w in worlds), strict=True):
        assert torch.equal(together.solid, alone.solid)
        torch.testing.assert_close(together.image, alone.image)
        torch.testing.assert_close(together.depth, alone.depth)


def test_a_picture_without_any_edge_is_rendered() -> None:
    assert (cast([world(box((0, 4, 0), (9, 0.1, 9)))])[0].solid == 1).all()


def test_an_edge_inside_a_pixel_mixes_both_sides_by_their_share() -> None:
    left = 0.4 / 100 * 4  # the sheet's left edge at x = 80.4, where it is 4 m away
    image = cast([world(box((1 + left, 4, 0), (1, 0.001, 4)))])[0].image
    wall, edge, sheet = image[:, 60, 79:82].unbind(-1)
    torch.testing.assert_close(sheet, torch.tensor([1.0, 0.0, 0.0]))
    # 0.6 of the pixel is sheet: two of its three samples
    torch.testing.assert_close(edge, (wall + 2 * sheet) / 3, atol=2e-3, rtol=0)


def test_something_between_two_points_blocks_unless_its_owner_is_ignored() -> None:
    solids = world(ball((0, 4, 0)), box((0, 2, 0), (0.2, 0.2, 0.2), owner=2)).solids
    starts, ends = torch.zeros(3, 3), torch.tensor([(0.0, 4, 0), (0.0, 4, 0), (0.0, 1.5, 0)])
    ignored = torch.tensor([[1], [2], [1]])
    assert blocked(solids, starts, ends, ignored).tolist() == [True, True, False]
    both = torch.tensor([[1, 2]])
    assert blocked(solids, starts[:1], ends[:1], both).tolist() == [False]


def test_head_boxes_hold_the_visible_head_pixels_tightly() -> None:
    tight = 0
    for index in range(12):
        scene = world_of(1, 0, index)
        view = cast([scene])[0]
        boxes = boxes_of(scene, scene.people.heads)
        for owner, (left, top, right, bottom) in zip(
            scene.people.heads, boxes.tolist(), strict=True
        ):
            rows, columns = (scene.solids.owner[view.solid] == owner).nonzero().T + 0.5
            assert left <= columns.min()
            assert columns.max() <= right
            assert top <= rows.min()
            assert rows.max() <= bottom
            gaps = (columns.min() - left, right - columns.max(), rows.min() - top)
            tight += max(gaps) < 1.5  # not the chin: shoulders may hide it
    assert tight >= 10
