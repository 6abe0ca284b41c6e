"""Augmentations of panoramas: over the seam, together, and nothing that breaks the angles."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from sightline.geometry.boxes import centres, to_unit
from sightline.geometry.sphere import sight_directions, to_rays
from sightline.scene import Clip, Objects, Scene, Truth
from sightline.scene_maps import crop, flip, yaw
from sightline.transforms import (
    Chain,
    ColourJitter,
    EdgeJitter,
    GazeSafeCrop,
    HeadJitter,
    HorizontalFlip,
    Yaw,
)

WIDTH, HEIGHT = 40, 20
NAN = float("nan")
seeds = st.integers(0, 2**31)
columns = st.integers(-2 * WIDTH, 2 * WIDTH)


def make_scene(seed: int) -> Scene:
    """Noise with a head over the seam, one without a box, eyes, targets (one NaN) and depth."""
    random = torch.Generator().manual_seed(seed)
    size = torch.tensor([WIDTH, HEIGHT])
    low = torch.rand(2, 2, generator=random) * size
    low[0, 0] = WIDTH - 2
    heads = torch.cat([low, low + 1 + torch.rand(2, 2, generator=random) * 8], 1)
    points = (torch.rand(3, 1, 2, generator=random) * size).clamp(max=39.99)
    points[1] = NAN
    image = torch.randint(0, 256, (3, HEIGHT, WIDTH), generator=random, dtype=torch.uint8)
    return Scene(
        image=image,
        heads=torch.cat([heads, torch.full((1, 4), NAN)]),
        depth=torch.rand(1, HEIGHT, WIDTH, generator=random),
        objects=Objects(torch.tensor([[38.0, 2, 44, 9]]), torch.zeros(1).long(), torch.ones(1)),
        truth=Truth(points, torch.ones(3)),
        projection="equirectangular",
        key="round",
        eyes=torch.rand(3, 2, generator=random) * size,
    )


def marked_scene(x: int, y: int) -> Scene:
    image = torch.zeros(3, HEIGHT, WIDTH, dtype=torch.uint8)
    image[:, y, x] = 255
    point = torch.tensor([[x + 0.5, y + 0.5]])
    around = torch.tensor([[x, y, x + 1.0, y + 1.0]])
    return Scene(
        image,
        around,
        image[:1] / 255,
        Objects(around, torch.zeros(1).long(), torch.ones(1)),
        Truth(point[:, None], torch.ones(1)),
        "equirectangular",
        eyes=point,
    )


def coordinates(scene: Scene) -> list[Tensor]:
    assert scene.truth is not None
    assert scene.objects is not None
    assert scene.eyes is not None
    return [scene.heads, scene.truth.points, scene.objects.boxes, scene.eyes]


def same(first: Scene, second: Scene) -> bool:
    assert first.depth is not None
    assert second.depth is not None
    pairs = zip(coordinates(first), coordinates(second), strict=True)
    return (
        first.image.equal(second.image)
        and first.depth.equal(second.depth)
        and all(torch.allclose(a, b, atol=1e-4, equal_nan=True) for a, b in pairs)
    )


def head_frame_directions(scene: Scene) -> Tensor:
    assert scene.truth is not None
    heads = to_rays(to_unit(centres(scene.heads), scene.size))
    return sight_directions(heads, to_rays(to_unit(scene.truth.points[:, 0], scene.size)))


@given(seeds, columns)
def test_yaw_there_and_back_is_the_identity(seed: int, count: int) -> None:
    scene = make_scene(seed)
    assert same(yaw(yaw(scene, count), -count), scene)


@given(seeds)
def test_flipping_a_panorama_twice_is_the_identity(seed: int) -> None:
    scene = make_scene(seed)
    assert same(flip(flip(scene)), scene)


@given(seeds, columns)
def test_boxes_and_points_stay_in_the_panorama(seed: int, count: int) -> None:
    for scene in (yaw(make_scene(seed), count), flip(make_scene(seed))):
        for each in coordinates(scene):
            x = each[..., 0][~each[..., 0].isnan()]
            assert (x >= 0).all()
            assert (x < WIDTH).all()


@settings(max_examples=50)
@given(st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1), seeds)
def test_a_drawn_marker_follows_its_point_around(x: int, y: int, seed: int) -> None:
    torch.manual_seed(seed)
    (scene,) = Chain(Yaw(), HorizontalFlip())([marked_scene(x, y)])
    row, column = scene.image[0].nonzero()[0].tolist()
    assert scene.depth is not None
    assert scene.depth[0, row, column] == 1
    heads, points, objects, eyes = coordinates(scene)
    assert points.flatten().tolist() == [column + 0.5, row + 0.5] == eyes.flatten().tolist()
    assert heads.tolist() == [[column, row, column + 1, row + 1]] == objects.tolist()


@given(seeds, columns)
def test_directions_in_the_head_frame_stay_when_the_panorama_turns(seed: int, count: int) -> None:
    scene = make_scene(seed)
    before, after = head_frame_directions(scene), head_frame_directions(yaw(scene, count))
    torch.testing.assert_close(after, before, atol=1e-5, rtol=0, equal_nan=True)


@given(seeds)
def test_directions_in_the_head_frame_are_mirrored_by_the_flip(seed: int) -> None:
    scene = make_scene(seed)
    before, after = head_frame_directions(scene), head_frame_directions(flip(scene))
    expected = before * torch.tensor([-1.0, 1.0, 1.0])
    torch.testing.assert_close(after, expected, atol=1e-5, rtol=0, equal_nan=True)


def test_a_mirrored_head_over_the_seam_is_over_the_seam() -> None:
    heads = torch.tensor([[37.0, 5.0, 44.0, 9.0]])
    scene = Scene(torch.zeros(3, 20, 40, dtype=torch.uint8), heads, projection="equirectangular")
    assert flip(scene).heads.tolist() == [[36.0, 5.0, 43.0, 9.0]]


def test_yaw_draws_every_column_once_for_all_scenes_of_a_clip() -> None:
    drawn = set()
    for _ in range(400):
        first, second = (scene.image[0, 7] for scene in Yaw()([marked_scene(0, 7)] * 2))
        assert first.equal(second)
        drawn.add(int(first.argmax()))
    assert drawn == set(range(WIDTH))


def test_yaw_of_probability_zero_never_turns() -> None:
    clip = [make_scene(0)]
    assert all(Yaw(p=0)(clip) is clip for _ in range(20))


def test_yaw_refuses_an_ordinary_picture() -> None:
    scene = replace(make_scene(0), projection="perspective")
    with pytest.raises(ValueError, match="Scene 'round' is no panorama"):
        Yaw()([scene])


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_a_crop_refuses_a_panorama_whatever_its_chance(p: float) -> None:
    with pytest.raises(ValueError, match="Scene 'round' is a panorama"):
        GazeSafeCrop(p=p)([make_scene(0)])


def test_cutting_a_part_out_of_a_panorama_is_refused() -> None:
    with pytest.raises(ValueError, match="augment panoramas with Yaw"):
        crop(make_scene(0), 0, 0, 10, 10)


@pytest.mark.parametrize("clip", [False, True])
def test_head_jitter_enlarges_heads_over_the_seam_and_cuts_only_rows(clip: bool) -> None:
    heads = torch.tensor([[36.0, 1.0, 46.0, 11.0], [0.0, 12.0, 8.0, 20.0]])
    scene = replace(make_scene(0), heads=heads)
    (jittered,) = HeadJitter(0.2, p=1, clip=clip)([scene])
    low, high = jittered.heads[:, :2], jittered.heads[:, 2:]
    share = (high - low)[:, 0] / (heads[:, 2:] - heads[:, :2])[:, 0]
    assert share[0] == pytest.approx(share[1].item())
    assert share.min() > 1
    assert ((low[:, 0] >= 0) & (low[:, 0] < WIDTH)).all()
    assert low[1, 0] > WIDTH - 3  # it began at the seam and now begins before it
    assert (high[1, 1] == HEIGHT) == clip
    assert (low[0, 1] >= 0) or not clip


@pytest.mark.parametrize("transform", [HeadJitter, EdgeJitter, HorizontalFlip, Yaw, ColourJitter])
def test_the_projection_stays(transform: Callable[..., Callable[[Clip], Clip]]) -> None:
    (changed,) = transform(p=1)([make_scene(1)])
    assert changed.projection == "equirectangular"


def test_a_panorama_without_people_turns() -> None:
    scene = Scene(
        torch.zeros(3, 4, 8, dtype=torch.uint8), torch.zeros(0, 4), projection="equirectangular"
    )
    assert yaw(scene, 3).heads.shape == (0, 4)
