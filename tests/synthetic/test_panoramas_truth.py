"""What rendered panoramas show, and what they say about who looks where."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from sightline.geometry.panorama import cell_points
from sightline.geometry.sphere import great_circle, to_degrees, to_rays, wrapped
from sightline.synthetic.all_around import (
    render_panorama,
    render_panoramas,
    surroundings_of,
)
from sightline.synthetic.attention import hidden
from sightline.synthetic.caster import struck
from sightline.synthetic.figure import upright
from sightline.synthetic.panorama import Surround, boxes_around, cast_panorama
from sightline.synthetic.render import MEMORY_AROUND, truth
from sightline.synthetic.world import Paint, Solid, Texture, World, stack, tensor

SIZE = (256, 128)
WORLDS = [surroundings_of(0, MEMORY_AROUND, i, SIZE) for i in range(60)]


def marked(markers: np.ndarray, *, yaw: float = 0.0, size: tuple[int, int] = SIZE) -> World:
    """A room with small balls at `markers` (N, 3) from a camera turned left by `yaw`."""
    position = np.array((0.3, -0.2, 1.5))
    room = Solid(True, position, (3.0, 3.5, 2.5), Paint((0.5, 0.6, 0.7)), 0)
    balls = [
        Solid(False, position + place, (0.15,) * 3, Paint((1.0, 0.2, 0.1), glow=1.0), owner)
        for owner, place in enumerate(markers, 1)
    ]
    camera = Surround(position, upright(yaw), size[1] / np.pi, size)
    return replace(WORLDS[0], solids=stack([room, *balls]), camera=camera)


def shown(world: World, owner: int) -> Tensor:
    """Mask (H, W) of the pixels that show an owner."""
    return world.solids.owner[cast_panorama(world).solid] == owner


def middle(weight: Tensor) -> Tensor:
    """The unit vector in the middle of weights (H, W) per solid angle."""
    points = cell_points(*weight.shape)
    area = (torch.pi * points[..., 1]).sin()
    ray = (to_rays(points) * (weight * area)[..., None]).sum((0, 1))
    return torch.nn.functional.normalize(ray, dim=0)


@pytest.mark.parametrize(
    ("place", "column", "row"),
    [
        ((-2, 0, 0), 128, 64),
        ((0, 2, 0), 192, 64),
        ((0, -2, 0), 64, 64),
        ((0, 2, 2), 192, 32),
        ((-2, 0, -2), 128, 96),
    ],
)
def test_a_marker_appears_where_the_frame_of_the_sphere_says(
    place: tuple, column: int, row: int
) -> None:
    y, x = shown(marked(np.array([place], float)), 1).nonzero().double().T + 0.5
    assert abs(x.mean() - column) < 0.2
    assert abs(y.mean() - row) < 0.2


def test_a_marker_at_the_seam_appears_on_both_sides_and_one_above_in_the_top_rows() -> None:
    mask = shown(marked(np.array([(2.0, 0, 0)])), 1)
    assert mask[64, :2].all()
    assert mask[64, -2:].all()
    assert not mask[:, 8:-8].any()
    top = shown(marked(np.array([(0, 0, 2.0)])), 1)
    assert top[0].all()
    assert not top[8:].any()


def test_markers_all_around_appear_where_the_camera_projects_them() -> None:
    generator = np.random.default_rng(0)
    markers = generator.normal(size=(24, 3))
    markers = np.vstack([markers, [(0.02, 0.01, -1), (0.01, -0.05, 1), (1, 0.01, 0.2)]])
    markers *= 1.9 / np.linalg.norm(markers, axis=1, keepdims=True)
    for index, place in enumerate(markers):
        world = marked(place[None], yaw=index)
        pixel = world.camera.project(world.camera.position + place)[0] / SIZE
        red, _, blue = cast_panorama(world).image
        away = great_circle(middle((red - blue).clamp(min=0)), to_rays(tensor(pixel)))
        assert away.rad2deg() < 0.2  # a pixel is 1.4 degrees wide


def test_projecting_and_unprojecting_are_inverse() -> None:
    camera = WORLDS[1].camera
    points = np.random.default_rng(1).normal(size=(50, 3)) * 3
    pixels, distance = camera.project(points)
    np.testing.assert_allclose(camera.unproject(pixels, distance), points, atol=1e-9)
    np.testing.assert_allclose(distance, np.linalg.norm(points - camera.position, axis=1))


def test_every_pixel_shows_what_its_own_ray_meets() -> None:
    world = WORLDS[2]
    view, camera = cast_panorama(world), world.camera
    rays = tensor(
        to_rays(cell_points(*SIZE[::-1]).double()).flatten(0, 1).numpy() @ camera.rotation
    )
    start = tensor(camera.position).expand_as(rays)
    nobody = torch.full((len(rays), 1), -5)
    distance, owner = struck(world.solids, start, rays, nobody)
    same = world.solids.owner[view.solid].flatten() == owner
    near = (view.depth.flatten() - distance).abs() < 0.05 * distance
    assert same.float().mean() > 0.97  # outlines pass between a pixel's ray and the face's pixel
    assert near[same].float().mean() > 0.97


def test_the_faces_of_the_cube_leave_no_seams() -> None:
    world = marked(np.array([(0, 0, 2.0)]))
    fine = replace(world.camera, size=(1024, 512))
    view = cast_panorama(world).image
    exact = torch.nn.functional.avg_pool2d(cast_panorama(replace(world, camera=fine)).image, 4)
    error = (view - exact).abs().amax(0)
    face = to_rays(cell_points(*SIZE[::-1])).abs().argmax(-1)
    edge = (face != face.roll(1, 1)) | (face != face.roll(-1, 1))
    plain = error < 0.1  # not an outline
    assert edge.sum() > 300
    assert error[edge & plain].mean() < 1.5 * error[~edge & plain].mean() + 1e-3
    assert (edge & plain).sum() > 0.9 * edge.sum()


def test_textures_are_as_sharp_across_the_edges_of_the_cube() -> None:
    world = marked(np.array([(0, 0, 2.0)]), size=(512, 256))
    checker = Solid(
        True,
        world.camera.position,
        (3.0, 3.5, 2.5),
        Paint((0, 0, 0), (1, 1, 1), Texture.CHECKER, 0.9, glow=1.0),
        0,
    )
    image = cast_panorama(replace(world, solids=stack([checker]))).image[0]
    rays = to_rays(cell_points(256, 512).double()).numpy()
    reach = (np.array((3.0, 3.5, 2.5)) / np.abs(rays)).min(-1, keepdims=True)
    cells = np.floor(rays * reach * 0.9 + 0.37).sum(-1) % 2
    assert (np.abs(image.numpy() - cells) < 0.5).mean() > 0.98


def test_points_are_the_targets_and_the_picture_shows_them() -> None:
    agree = []
    for world in WORLDS[:25]:
        points = truth(world).points[:, 0]
        assert (points >= 0).all()
        assert (points[:, 0] < SIZE[0]).all()
        owner = world.solids.owner[cast_panorama(world).solid]
        x, y = points.long().T
        agree += (owner[y, x] == torch.from_numpy(world.people.target_owners)).tolist()
    assert np.mean(agree) > 0.9  # small things can miss their pixel's centre


def test_every_target_is_in_plain_view_of_the_person_and_of_the_camera() -> None:
    for world in WORLDS:
        people = world.people
        ignored = np.stack([people.heads, people.target_owners], 1)
        assert not hidden(world.solids, people.eyes, people.targets, ignored).any()
        assert not people.occluded.any()
        assert people.inside.all()


def test_heads_face_within_reach_of_the_eyes() -> None:
    for world in WORLDS:
        line = world.people.targets - world.people.eyes
        line /= np.linalg.norm(line, axis=1, keepdims=True)
        assert ((line * world.people.facing).sum(1) > np.cos(np.radians(35))).all()


def test_head_boxes_are_the_bounds_of_what_the_heads_alone_would_show() -> None:
    over = 0
    for world in WORLDS[:12]:
        world = replace(world, camera=replace(world.camera, size=(512, 256)))
        boxes = boxes_around(world, world.people.heads)
        for owner, box in zip(world.people.heads, boxes, strict=True):
            alone = torch.isin(world.solids.owner, torch.tensor([0, owner]))
            mask = shown(replace(world, solids=world.solids[alone]), int(owner))
            start = int(box[0]) - 5
            y, x = mask.roll(-start, 1).nonzero().T
            found = [x.min() + start, y.min(), x.max() + 1 + start, y.max() + 1]
            torch.testing.assert_close(box, torch.tensor(found).float(), atol=2, rtol=0)
            assert 0 <= box[0] < 512
            over += int(box[2] > 512)
    assert over


def test_a_good_share_is_near_the_poles_and_at_the_seam() -> None:
    rows = []
    for world in WORLDS:
        boxes = boxes_around(world, world.people.heads) / tensor(SIZE).repeat(2)
        head, target = (boxes[:, :2] + boxes[:, 2:]) / 2, truth(world).points[:, 0] / tensor(SIZE)
        end = head[:, 0] % 1 + wrapped(target[:, 0] - head[:, 0])
        steep = to_degrees(target)[:, 1].abs() > 50
        rows.append(torch.stack([steep, (end < 0) | (end >= 1), boxes[:, 2] > 1], 1))
    poles, crossing, over = torch.cat(rows).double().mean(0).tolist()
    assert 0.08 < poles < 0.4
    assert 0.12 < crossing < 0.45
    assert 0.02 < over < 0.2


def test_heads_are_large_enough_to_be_seen() -> None:
    boxes = torch.cat([boxes_around(world, world.people.heads) for world in WORLDS])
    height = (boxes[:, 3] - boxes[:, 1]) * 512 / SIZE[1]
    assert height.min() > 12  # a small child across the room
    assert height.median() > 25


def test_scenes_are_panoramas_and_equal_the_worlds_they_are_rendered_from() -> None:
    scene, again = render_panoramas(2, seed=0, size=SIZE)[1], render_panorama(WORLDS[1])
    assert torch.equal(scene.image, again.image)
    assert scene.projection == "equirectangular"
    assert scene.size == SIZE
    assert scene.truth is not None
    assert scene.truth.points.shape == (len(scene), 1, 2)
    assert (scene.truth.inside == 1).all()


def test_a_picture_that_is_not_twice_as_wide_as_high_is_refused() -> None:
    with pytest.raises(ValueError, match="200 x 100"):
        render_panoramas(1, size=(320, 100))
