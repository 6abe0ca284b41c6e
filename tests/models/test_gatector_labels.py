"""GaTector's head windows and box labels: the release's, with their defects, and the true ones."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torchvision.ops import box_convert

from sightline.batch import gather_objects
from sightline.geometry.boxes import enlarge, head_masks, to_pixels, to_unit
from sightline.geometry.heatmap import gaussian_heatmaps
from sightline.models.gatector.labels import (
    AliasedCrop,
    HeadsAroundEyes,
    head_windows,
    moved_twice,
    released_objects,
    visible_boxes,
)
from sightline.scene import Objects, Scene, Truth
from sightline.scene_maps import flip

SIZE = (640, 480)
PLAIN = ["plain_0", "plain_1", "plain_4"]
CROPS = {"crop": (0.4, 0.3, 0.5, 0.6), "crop_flip": (0.7, 0.2, 0.3, 0.8)}


def sample(arrays, case: str) -> Scene:
    """The scene a golden item was made from, but for its picture."""
    boxes, labels = true_targets(arrays[f"{case}_targets_float"])
    boxes = to_pixels(boxes, SIZE).round()
    gazed = to_pixels(torch.from_numpy(arrays[f"{case}_gaze_box_float"])[:4].float() / 224, SIZE)
    row = int((boxes - gazed).abs().amax(1).argmin())
    if row == len(boxes) - 1:
        row = -1  # the head stands for an object that is not visible
    point, eye = (to_pixels(torch.from_numpy(arrays[f"{case}_{n}"]), SIZE) for n in ("gaze", "eye"))
    return Scene(
        torch.zeros(3, 480, 640, dtype=torch.uint8),
        heads=boxes[-1:],
        objects=Objects(boxes, labels, torch.ones(len(boxes))),
        truth=Truth(point.float()[None, None], torch.ones(1), torch.tensor([row])),
        eyes=eye.float()[None],
    )


def true_targets(array: np.ndarray) -> tuple[Tensor, Tensor]:
    rows = torch.from_numpy(array)
    return box_convert(rows[:, :4], "cxcywh", "xyxy"), rows[:, 4].long()


def cropped(scene: Scene, fractions: tuple[float, ...]) -> tuple[Scene, tuple[float, float]]:
    """The scene after the release's crop with given draws, and its size, which is no whole one."""
    around = HeadsAroundEyes()([scene])[0]
    window = around.heads.double().view(2, 2)
    kept = torch.cat([window, scene.truth.points[0].double()])
    draw = torch.tensor(fractions, dtype=torch.float64).view(2, 2)
    low = kept.amin(0)
    low = torch.where(low >= 0, draw[0] * low, low)
    least, most = kept.amax(0) - low, torch.tensor(SIZE) - low
    shift = low.repeat(2).float()
    objects = replace(scene.objects, boxes=scene.objects.boxes - shift)
    truth = replace(scene.truth, points=scene.truth.points - low.float())
    width, height = (least + draw[1] * (most - least)).tolist()
    return replace(around, heads=around.heads - shift, objects=objects, truth=truth), (
        width,
        height,
    )


def mirrored(scene: Scene, width: float) -> Scene:
    x0, y0, x1, y1 = scene.objects.boxes.unbind(1)
    boxes = torch.stack([width - x1, y0, width - x0, y1], 1)
    return replace(scene, objects=replace(scene.objects, boxes=boxes))


def assert_released(arrays, case: str, scene: Scene, size: tuple[float, float]) -> None:
    objects = released_objects(scene.objects, scene.truth.gaze_object, size, 224)
    seen, left = visible_boxes(objects.boxes, 224)
    boxes, labels = true_targets(arrays[f"{case}_targets"])
    assert objects.labels[left].tolist() == labels.tolist()
    torch.testing.assert_close(seen[left], boxes, atol=1e-6, rtol=0)
    row = int(scene.truth.gaze_object)
    assert (objects.boxes[row] * 224).round().tolist() == arrays[f"{case}_gaze_box"][:4].tolist()


def assert_true(arrays, case: str, objects: Objects, row: int) -> None:
    seen, left = visible_boxes(objects.boxes, 224)
    boxes, labels = true_targets(arrays[f"{case}_targets_float"])
    assert objects.labels[left].tolist() == labels.tolist()
    torch.testing.assert_close(seen[left], boxes, atol=1e-6, rtol=0)
    gazed = torch.from_numpy(arrays[f"{case}_gaze_box_float"])[:4].float()
    torch.testing.assert_close(objects.boxes[row] * 224, gazed, atol=1e-4, rtol=0)


@pytest.fixture(scope="module")
def arrays(golden: Path):
    return np.load(golden / "gatector/loader.npz")


@pytest.mark.golden
@pytest.mark.parametrize("case", PLAIN)
def test_gatector_labels_are_those_of_the_release_when_asked_for(arrays, case: str) -> None:
    assert_released(arrays, case, sample(arrays, case), SIZE)


@pytest.mark.golden
@pytest.mark.parametrize("case", PLAIN)
def test_gatector_labels_are_the_true_boxes_otherwise(arrays, case: str) -> None:
    scene = sample(arrays, case)
    (objects,) = gather_objects([scene])
    assert_true(arrays, case, objects, int(scene.truth.gaze_object))


@pytest.mark.golden
def test_gatector_labels_follow_a_flip_in_both_settings(arrays) -> None:
    scene = flip(sample(arrays, "plain_0"))
    assert_released(arrays, "flip", scene, SIZE)
    (objects,) = gather_objects([scene])
    assert_true(arrays, "flip", objects, int(scene.truth.gaze_object))


@pytest.mark.golden
@pytest.mark.parametrize("case", CROPS)
def test_gatector_labels_follow_a_crop_in_both_settings(arrays, case: str) -> None:
    before = sample(arrays, "plain_0")
    after, size = cropped(before, CROPS[case])
    released = moved_twice(before, after)
    if case == "crop_flip":
        after, released = mirrored(after, size[0]), mirrored(released, size[0])
    assert_released(arrays, case, released, size)
    boxes = after.objects.boxes / torch.tensor(size).repeat(2)
    assert_true(arrays, case, replace(after.objects, boxes=boxes), int(after.truth.gaze_object))


@pytest.mark.golden
@pytest.mark.parametrize("case", PLAIN)
def test_gatector_heatmap_labels_and_head_masks_are_those_of_the_release(arrays, case: str) -> None:
    point, eye = (torch.from_numpy(arrays[f"{case}_{n}"])[None] for n in ("gaze", "eye"))
    reference = torch.from_numpy(arrays[f"{case}_heatmap"])
    torch.testing.assert_close(gaussian_heatmaps(point)[0].float(), reference)
    assert mask_corners(head_windows(eye)) == arrays[f"{case}_head_rect"].tolist()


@pytest.mark.golden
def test_gatector_crops_move_head_windows_and_targets_as_released(arrays) -> None:
    after, size = cropped(sample(arrays, "plain_0"), CROPS["crop"])
    border = torch.tensor(size)
    heatmaps = gaussian_heatmaps(after.truth.points[0] / border)
    torch.testing.assert_close(heatmaps[0], torch.from_numpy(arrays["crop_heatmap"]))
    heads = after.heads / border.repeat(2)
    assert mask_corners(heads) == arrays["crop_head_rect"].tolist()
    assert after.eyes.isnan().all()


@pytest.mark.golden
def test_gatector_head_windows_grow_by_jitter_as_released(arrays) -> None:
    eyes = torch.from_numpy(arrays["plain_0_eye"])[None]
    heads = enlarge(head_windows(eyes), 0.1)
    assert mask_corners(heads) == arrays["jitter_head_rect"].tolist()


def mask_corners(heads: Tensor) -> list[int]:
    rows, columns = head_masks(heads)[0, 0].nonzero().unbind(1)
    low, high = (columns.min(), rows.min()), (columns.max() + 1, rows.max() + 1)
    return [int(value) for value in (*low, *high)]


def shelf(boxes: list[list[float]], gaze_object: int) -> Scene:
    return Scene(
        torch.zeros(3, 100, 200, dtype=torch.uint8),
        heads=torch.tensor([[80.0, 10.0, 100.0, 30.0]]),
        objects=Objects(torch.tensor(boxes), torch.arange(len(boxes)), torch.ones(len(boxes))),
        truth=Truth(torch.tensor([[[120.0, 60.0]]]), torch.ones(1), torch.tensor([gaze_object])),
    )


BOXES = [[20.0, 40.0, 60.0, 80.0], [100.0, 50.0, 140.0, 90.0], [80.0, 10.0, 100.0, 30.0]]


def labels(scene: Scene) -> Tensor:
    objects = released_objects(scene.objects, scene.truth.gaze_object, scene.size, 50)
    return (objects.boxes * 50).round(decimals=3)


def test_the_release_scales_the_gazed_object_twice_and_we_do_not() -> None:
    scene = shelf(BOXES, 1)
    true = to_unit(scene.objects.boxes, scene.size) * 50
    released = labels(scene)
    assert true[1].tolist() == [25.0, 25.0, 35.0, 45.0]
    assert released[1].tolist() == [6.0, 12.0, 8.0, 22.0]
    torch.testing.assert_close(released[[0, 2]], true[[0, 2]])


def test_the_release_spoils_the_head_of_who_looks_at_nothing_visible() -> None:
    released = labels(shelf(BOXES, -1))
    assert released[2].tolist() == [5.0, 2.0, 6.0, 7.0]
    assert released[1].tolist() == [25.0, 25.0, 35.0, 45.0]


def test_the_release_truncates_boxes_and_we_keep_fractions() -> None:
    scene = shelf([[21.9, 41.9, 61.9, 81.9], *BOXES[1:]], 1)
    (objects,) = gather_objects([scene])
    torch.testing.assert_close(objects.boxes[0] * 50, torch.tensor([5.475, 20.95, 15.475, 40.95]))
    assert labels(scene)[0].tolist() == [5.0, 20.0, 15.0, 40.0]


def test_the_released_crop_moves_the_gazed_object_twice() -> None:
    scene = shelf(BOXES, 1)
    (after,) = AliasedCrop(p=1.0)([scene])
    boxes = after.objects.boxes
    moved = boxes[0] - scene.objects.boxes[0]
    assert moved.abs().sum() > 0
    assert torch.equal(boxes[1] - scene.objects.boxes[1], 2 * moved)
    assert torch.equal(after.heads[0] - scene.heads[0], moved)


def test_released_labels_of_an_empty_shelf_are_none() -> None:
    none = Objects(torch.zeros(0, 4), torch.zeros(0, dtype=torch.long), torch.zeros(0))
    assert len(released_objects(none, torch.tensor([-1]), SIZE, 224)) == 0


def test_the_release_makes_windows_around_eyes_or_the_middle_of_heads() -> None:
    scene = shelf(BOXES, 1)
    heads, eyes = scene.heads.repeat(2, 1), torch.tensor([[100.0, 20.0], [torch.nan, torch.nan]])
    (around,) = HeadsAroundEyes()([replace(scene, heads=heads, eyes=eyes)])
    torch.testing.assert_close(
        around.heads, torch.tensor([[64.0, 2.0, 136.6, 38.3], [54.0, 2.0, 126.6, 38.3]])
    )
    assert around.eyes.isnan().all()
    (alike,) = HeadsAroundEyes()([scene])
    torch.testing.assert_close(alike.heads, around.heads[1:])


def test_boxes_outside_the_picture_or_thinner_than_a_pixel_are_not_to_be_found() -> None:
    boxes = torch.tensor([[-0.2, 0.1, 0.3, 0.4], [1.1, 0.1, 1.3, 0.4], [0.5, 0.5, 0.503, 0.9]])
    seen, left = visible_boxes(boxes, 224)
    assert left.tolist() == [True, False, False]
    torch.testing.assert_close(seen[0], torch.tensor([0.0, 0.1, 0.3, 0.4]))
