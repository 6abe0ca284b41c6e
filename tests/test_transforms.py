from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from sightline.geometry.boxes import enlarge
from sightline.scene import Clip, Objects, Scene, Truth
from sightline.scene_maps import crop, flip
from sightline.transforms import (
    Chain,
    ColourJitter,
    CutHeads,
    EdgeJitter,
    GazeSafeCrop,
    HeadJitter,
    HorizontalFlip,
)

NAN = float("nan")
seeds = st.integers(0, 2**31)
ALL = [HeadJitter, EdgeJitter, GazeSafeCrop, HorizontalFlip, ColourJitter]


def make_scene(seed: int, people: int = 2, annotators: int = 2) -> Scene:
    """Noise with heads partly beyond the border, targets (one NaN), depth and objects."""
    random = torch.Generator().manual_seed(seed)
    width, height = torch.randint(16, 48, (2,), generator=random).tolist()
    size = torch.tensor([width, height])
    low = torch.rand(people, 2, generator=random) * size - 4
    high = low + 1 + torch.rand(people, 2, generator=random) * size / 2
    points = torch.rand(people, annotators, 2, generator=random) * size
    points[:1, :1] = NAN
    boxes = torch.tensor([[1.0, 2.0, 5.0, 9.0]])
    return Scene(
        image=torch.randint(0, 256, (3, height, width), generator=random, dtype=torch.uint8),
        heads=torch.cat([low, high], 1),
        depth=torch.rand(1, height, width, generator=random),
        objects=Objects(boxes, torch.zeros(1, dtype=torch.int64), torch.ones(1)),
        truth=Truth(points, torch.ones(people)),
        key="scene",
    )


def coordinates(scene: Scene) -> list[Tensor]:
    assert scene.truth is not None
    assert scene.objects is not None
    return [scene.heads, scene.truth.points, scene.objects.boxes]


def same(first: list[Tensor], second: list[Tensor]) -> bool:
    pairs = zip(first, second, strict=True)
    return all(torch.allclose(a, b, atol=1e-4, equal_nan=True) for a, b in pairs)


def marker(scene: Scene) -> tuple[int, int]:
    """Column and row of the only white pixel."""
    row, column = scene.image[0].nonzero()[0].tolist()
    return column, row


def marked_scene(x: int, y: int) -> Scene:
    image = torch.zeros(3, 30, 40, dtype=torch.uint8)
    image[:, y, x] = 255
    point = torch.tensor([[[x + 0.5, y + 0.5]]])
    heads = torch.tensor([[10.0, 10.0, 14.0, 15.0]])
    return Scene(image, heads, image[:1] / 255, truth=Truth(point, torch.ones(1)))


@given(seeds)
def test_flipping_twice_is_the_identity(seed: int) -> None:
    scene = make_scene(seed)
    twice = flip(flip(scene))
    assert same(coordinates(twice), coordinates(scene))
    assert twice.image.equal(scene.image)
    assert twice.depth is not None
    assert twice.depth.equal(scene.depth)


def test_flip_swaps_the_sides_of_boxes_about_the_edge_of_the_picture() -> None:
    scene = Scene(torch.zeros(3, 8, 10, dtype=torch.uint8), torch.tensor([[1.0, 2.0, 4.0, 6.0]]))
    assert flip(scene).heads.tolist() == [[6.0, 2.0, 9.0, 6.0]]


@given(seeds, st.integers(-9, 9), st.integers(-9, 9), st.integers(1, 50), st.integers(1, 50))
def test_crop_then_uncrop_is_the_identity_on_coordinates(
    seed: int, left: int, top: int, width: int, height: int
) -> None:
    scene = make_scene(seed)
    back = crop(crop(scene, left, top, width, height), -left, -top, *scene.size)
    assert same(coordinates(back), coordinates(scene))
    assert back.size == scene.size


@given(seeds)
def test_a_crop_around_the_picture_and_back_restores_the_pixels(seed: int) -> None:
    scene = make_scene(seed)
    wide = crop(scene, -3, -2, scene.size[0] + 8, scene.size[1] + 4)
    assert crop(wide, 3, 2, *scene.size).image.equal(scene.image)
    assert wide.image[:, :2].sum() == 0


@settings(max_examples=50)
@given(st.integers(0, 39), st.integers(0, 29), seeds)
def test_a_drawn_marker_follows_its_point(x: int, y: int, seed: int) -> None:
    torch.manual_seed(seed)
    (scene,) = Chain(GazeSafeCrop(p=1), HorizontalFlip())([marked_scene(x, y)])
    assert scene.truth is not None
    assert scene.depth is not None
    column, row = marker(scene)
    assert scene.truth.points.tolist() == [[[column + 0.5, row + 0.5]]]
    assert scene.depth[0, row, column] == 1


@given(seeds)
def test_heads_enlarged_by_the_margin_stay_inside_the_crop(seed: int) -> None:
    torch.manual_seed(seed)
    clip = GazeSafeCrop(p=1)([make_scene(seed), replace(make_scene(seed), heads=torch.ones(1, 4))])
    for scene in clip:
        heads = enlarge(scene.heads, 0.1)
        assert (heads[:, :2] >= 0).all()
        assert (heads[:, 2:] <= torch.tensor(scene.size)).all()


@given(seeds)
def test_the_crop_holds_every_target_and_leaves_all_inside(seed: int) -> None:
    torch.manual_seed(seed)
    (scene,) = GazeSafeCrop(p=1)([make_scene(seed)])
    assert scene.truth is not None
    known = scene.truth.points[~scene.truth.points.isnan().any(-1)]
    assert (known >= 0).all()
    assert (known <= torch.tensor(scene.size)).all()
    assert scene.truth.inside.tolist() == [1, 1]


def test_the_crop_stays_in_the_picture_unless_a_head_reaches_out() -> None:
    scene = marked_scene(20, 20)
    for seed in range(50):
        torch.manual_seed(seed)
        (part,) = GazeSafeCrop(p=1)([scene])
        left, top = (scene.heads - part.heads)[0, :2].tolist()
        assert left >= 0
        assert top >= 0
        assert left + part.size[0] <= 40
        assert top + part.size[1] <= 30


def test_the_crop_begins_at_a_head_that_reaches_out_of_the_picture() -> None:
    scene = replace(marked_scene(20, 20), heads=torch.tensor([[-5.0, -3.0, 5.0, 7.0]]))
    (part,) = GazeSafeCrop(p=1, margin=0.0)([scene])
    assert part.heads[0, :2].tolist() == [0.0, 0.0]
    assert part.image[:, :3].sum() == 0


def test_targets_of_people_who_look_outside_or_unknown_ones_do_not_constrain_the_crop() -> None:
    scene = marked_scene(12, 12)
    outside = replace(scene, truth=Truth(torch.tensor([[[39.0, 29.0]]]), torch.zeros(1)))
    points = torch.tensor([[[NAN, NAN], [12.5, 12.5]]])
    inside = replace(scene, truth=Truth(points, torch.ones(1)))
    torch.manual_seed(3)
    (one_part,) = GazeSafeCrop(p=1)([scene])
    torch.manual_seed(3)
    part, other = GazeSafeCrop(p=1)([inside, outside])
    assert part.image.equal(one_part.image)
    assert other.image.equal(one_part.image)


def test_a_target_annotated_beyond_the_border_keeps_that_border_in_the_crop() -> None:
    scene = replace(
        marked_scene(12, 12), truth=Truth(torch.tensor([[[43.0, 12.5]]]), torch.ones(1))
    )
    for seed in range(20):
        torch.manual_seed(seed)
        (part,) = GazeSafeCrop(p=1)([scene])
        assert part.truth is not None
        assert part.truth.points[0, 0, 0] - part.size[0] == 3
        assert part.truth.inside.tolist() == [1]


def test_every_edge_of_the_crop_varies_over_its_whole_range() -> None:
    scene = replace(marked_scene(12, 12), heads=torch.tensor([[10.0, 10.0, 14.0, 15.0]]))
    parts = [GazeSafeCrop(p=1, margin=0.0)([scene])[0] for _ in range(300)]
    lefts = torch.stack([10 - part.heads[0, 0] for part in parts])
    rights = torch.tensor([part.size[0] for part in parts]) + lefts
    assert set(lefts.int().tolist()) == set(range(10))
    assert set(rights.int().tolist()) == set(range(15, 41))


def test_a_target_that_a_crop_pushes_out_is_out_of_frame_and_keeps_its_place() -> None:
    scene = make_scene(0)
    points = torch.tensor([[[2.0, 2.0], [4.0, 2.0]], [[12.0, 9.0], [NAN, NAN]]])
    part = crop(replace(scene, truth=Truth(points, torch.ones(2))), 5, 0, 10, 12)
    assert part.truth is not None
    assert part.truth.inside.tolist() == [0, 1]
    assert part.truth.points[0].tolist() == [[-3.0, 2.0], [-1.0, 2.0]]


def test_a_crop_leaves_people_who_look_outside_or_nobody_knows_where() -> None:
    points = torch.full((2, 1, 2), NAN)
    scene = replace(make_scene(0), truth=Truth(points, torch.tensor([0.0, NAN])))
    part = crop(scene, 5, 5, 8, 8)
    assert part.truth is not None
    torch.testing.assert_close(part.truth.inside, torch.tensor([0.0, NAN]), equal_nan=True)


@given(seeds, st.floats(0.01, 0.3))
def test_head_jitter_enlarges_all_heads_by_one_share_below_the_largest(
    seed: int, k_max: float
) -> None:
    torch.manual_seed(seed)
    scene = make_scene(seed, people=3)
    (jittered,) = HeadJitter(k_max, p=1)([scene])
    before, after = (s.heads[:, 2:] - s.heads[:, :2] for s in (scene, jittered))
    share = (after / before).sqrt() - 1  # enlarge grows both ends in turn
    assert share.min() >= -1e-3
    assert share.max() <= k_max + 1e-3
    assert share.max() - share.min() < 1e-3


def test_head_jitter_cuts_heads_to_the_picture_if_asked() -> None:
    heads = torch.tensor([[-3.0, 2, 8, 12], [30, 20, 40, 30], [10, 10, 14, 15]])
    scene = replace(marked_scene(12, 12), heads=heads)
    torch.manual_seed(0)
    (whole,) = HeadJitter(0.05, p=1)([scene])
    torch.manual_seed(0)
    (cut,) = HeadJitter(0.05, p=1, clip=True)([scene])
    assert cut.heads.tolist() == [
        [max(x0, 0), max(y0, 0), min(x1, 40), min(y1, 30)]
        for x0, y0, x1, y1 in whole.heads.tolist()
    ]
    assert not torch.equal(cut.heads, whole.heads)


def test_heads_are_cut_to_the_picture() -> None:
    heads = torch.tensor([[-3.0, 2, 8, 12], [30, 20, 45, 38], [NAN] * 4])
    (cut,) = CutHeads()([replace(marked_scene(12, 12), heads=heads)])
    expected = torch.tensor([[0.0, 2, 8, 12], [30, 20, 40, 30], [NAN] * 4])
    torch.testing.assert_close(cut.heads, expected, equal_nan=True)


def test_edge_jitter_moves_every_edge_by_itself_by_up_to_a_share_of_its_side() -> None:
    heads = torch.tensor([[10.0, 10.0, 14.0, 20.0], [20.0, 5.0, 30.0, 25.0]])
    scene = replace(marked_scene(12, 12), heads=heads, truth=None)
    torch.manual_seed(0)
    moved = torch.stack([EdgeJitter(p=1)([scene])[0].heads - heads for _ in range(2000)])
    shares = (moved / (heads[:, 2:] - heads[:, :2]).repeat(1, 2)).flatten(1)  # of all eight edges
    torch.testing.assert_close(shares.amin(0), torch.full((8,), -0.2), atol=2e-3, rtol=0)
    torch.testing.assert_close(shares.amax(0), torch.full((8,), 0.2), atol=2e-3, rtol=0)
    uniform = torch.full((8,), 0.2 / 3**0.5)
    torch.testing.assert_close(shares.std(0), uniform, atol=5e-3, rtol=0)
    together = torch.corrcoef(shares.T) - torch.eye(8)
    assert together.abs().max() < 0.1, "edges move independently"


def test_edge_jitter_leaves_heads_within_the_picture() -> None:
    scene = replace(marked_scene(12, 12), heads=torch.tensor([[0.0, 0.0, 20.0, 30.0]]))
    torch.manual_seed(0)
    heads = torch.cat([EdgeJitter(p=1)([scene])[0].heads for _ in range(50)])
    assert heads.min() == 0
    assert (heads <= torch.tensor([40.0, 30.0] * 2)).all()


@given(seeds)
def test_after_cutting_heads_the_crop_lies_within_the_picture_and_holds_them(seed: int) -> None:
    torch.manual_seed(seed)
    scene = make_scene(seed)
    (part,) = Chain(CutHeads(), GazeSafeCrop(p=1, margin=0.0))([scene])
    assert (torch.tensor(part.size) <= torch.tensor(scene.size)).all()
    held = part.heads.clamp(min=0).minimum(torch.tensor(part.size * 2))
    torch.testing.assert_close(held, part.heads)


def test_colour_jitter_changes_brightness_contrast_and_saturation_in_their_order() -> None:
    image = torch.tensor([[[200, 40]], [[100, 40]], [[0, 40]]], dtype=torch.uint8)
    scene = Scene(image, torch.zeros(0, 4))
    jitter = ColourJitter((0.5, 0.5), (1.5, 1.5), (0.0, 0.0), p=1)
    (changed,) = jitter([scene])
    pixels = image.float() * 0.5
    grey = torch.tensor([[[0.299]], [[0.587]], [[0.114]]])
    mean = (pixels * grey).sum(0).mean()
    pixels = (mean + 1.5 * (pixels - mean)).clamp(0, 255)
    expected = (pixels * grey).sum(0).expand(3, 1, 2)
    torch.testing.assert_close(changed.image.float(), expected, atol=2.0, rtol=0)


def test_colour_jitter_leaves_coordinates_and_depth() -> None:
    scene = make_scene(1)
    (changed,) = ColourJitter(p=1)([scene])
    assert same(coordinates(changed), coordinates(scene))
    assert changed.depth is scene.depth
    assert not changed.image.equal(scene.image)


@pytest.mark.parametrize("transform", ALL)
def test_probability_zero_never_changes_and_one_always(
    transform: Callable[..., Callable[[Clip], Clip]],
) -> None:
    clip = [make_scene(2)]
    assert all(transform(p=0)(clip) is clip for _ in range(50))
    assert all(transform(p=1)(clip) is not clip for _ in range(50))


@pytest.mark.parametrize("transform", ALL)
def test_one_draw_serves_the_whole_clip(transform: Callable[..., Callable[[Clip], Clip]]) -> None:
    scene = make_scene(3)
    for _ in range(10):
        first, second, third = transform(p=1)([scene, scene, scene])
        for other in (second, third):
            assert other.image.equal(first.image)
            assert same(coordinates(other), coordinates(first))


@pytest.mark.parametrize("transform", ALL)
def test_the_input_is_not_changed(transform: Callable[..., Callable[[Clip], Clip]]) -> None:
    scene, copy = make_scene(4), make_scene(4)
    transform(p=1)([scene])
    assert scene.image.equal(copy.image)
    assert same(coordinates(scene), coordinates(copy))


@pytest.mark.parametrize("transform", ALL)
@pytest.mark.parametrize("labelled", [True, False])
def test_scenes_without_people_pass(
    transform: Callable[..., Callable[[Clip], Clip]], labelled: bool
) -> None:
    truth = Truth(torch.zeros(0, 0, 2), torch.zeros(0)) if labelled else None
    scene = Scene(torch.zeros(3, 8, 10, dtype=torch.uint8), torch.zeros(0, 4), truth=truth)
    (changed,) = transform(p=1)([scene])
    assert changed.size == (10, 8)
    assert len(changed) == 0


def test_a_person_without_a_box_does_not_constrain_the_crop() -> None:
    nobody = replace(marked_scene(12, 12), heads=torch.full((1, 4), NAN))
    (part,) = GazeSafeCrop(p=1)([nobody])
    assert part.heads.isnan().all()
    assert part.image.max() == 255


def test_a_chain_runs_in_order_and_shows_its_parts() -> None:
    chain = Chain(HeadJitter(p=1), HorizontalFlip(p=1))
    (scene,) = chain([marked_scene(5, 5)])
    assert marker(scene) == (34, 5)
    assert repr(chain) == "Chain(HeadJitter(k_max=0.1, p=1, clip=False), HorizontalFlip(p=1))"


def test_the_same_seed_gives_the_same_clip() -> None:
    chain = Chain(HeadJitter(), GazeSafeCrop(), HorizontalFlip(), ColourJitter())
    results = []
    for _ in range(2):
        torch.manual_seed(11)
        results.append([chain([make_scene(5)])[0] for _ in range(8)])
    for first, second in zip(*results, strict=True):
        assert first.image.equal(second.image)
        assert same(coordinates(first), coordinates(second))
