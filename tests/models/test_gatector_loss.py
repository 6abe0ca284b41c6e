"""GaTector's losses against the release's values, naive versions, and with nothing to see."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from gatector_grids import ANCHORS, ANCHORS_OF_THREE, raw_grid
from released import fill
from torch import Tensor
from torchvision.ops import box_convert, complete_box_iou

from sightline.batch import Batch
from sightline.models.gatector.detection_loss import complete_iou, detection_loss
from sightline.models.gatector.loss import (
    energy_loss,
    gatector_detector_loss,
    gatector_loss,
    squared_errors,
)
from sightline.scene import Objects, Truth


@pytest.fixture(scope="module")
def expected(golden: Path):
    return np.load(golden / "gatector/losses.npz")


def objects(rows: np.ndarray) -> Objects:
    rows = torch.from_numpy(rows)
    boxes = box_convert(rows[:, :4], "cxcywh", "xyxy")
    return Objects(boxes, rows[:, 4].long(), torch.ones(len(rows)))


@pytest.mark.golden
@pytest.mark.parametrize("case", ["full", "empty_second"])
def test_gatector_detection_loss_and_gradient_are_those_of_the_release(
    golden: Path, expected, case: str
) -> None:
    second = expected["targets_1"][: 25 if case == "full" else 0]
    truths = [objects(expected["targets_0"]), objects(second)]
    grid = raw_grid(golden, "gatector/loss/raw", 2, 56).requires_grad_()
    loss = detection_loss([grid], ANCHORS, 224, truths)
    loss.backward()
    torch.testing.assert_close(loss.item(), float(expected[f"{case}_total"]), rtol=1e-5, atol=0)
    gradient = grid.grad.flatten(1, 2)
    torch.testing.assert_close(
        gradient[:, :, ::8, ::8],
        torch.from_numpy(expected[f"{case}_grad_sub"]),
        rtol=1e-3,
        atol=1e-6,
    )
    total = float(expected[f"{case}_grad_absum"])
    assert gradient.abs().sum().item() == pytest.approx(total, rel=1e-4)


@pytest.mark.golden
def test_gatector_detection_loss_on_three_scales_is_that_of_the_release(
    golden: Path, expected
) -> None:
    truths = [objects(expected[f"targets_{image}"]) for image in (0, 1)]
    sides = enumerate((7, 14, 28))
    grids = [raw_grid(golden, f"gatector/loss3/raw{i}", 2, side) for i, side in sides]
    loss = detection_loss(grids, ANCHORS_OF_THREE, 224, truths)
    assert loss.item() == pytest.approx(float(expected["three_head_total"]), rel=1e-5)


@pytest.mark.golden
def test_gatector_complete_iou_is_that_of_the_release_and_of_torchvision(expected) -> None:
    one, other = (torch.from_numpy(expected[f"ciou_{which}"]) for which in "ab")
    found = complete_iou(one, other)
    torch.testing.assert_close(found, torch.from_numpy(expected["ciou"]), rtol=1e-5, atol=1e-6)
    corners = [box_convert(boxes, "cxcywh", "xyxy") for boxes in (one, other)]
    torch.testing.assert_close(found, complete_box_iou(*corners).diag(), rtol=1e-4, atol=1e-5)


def golden_heatmaps(golden: Path) -> tuple[Tensor, Tensor]:
    make, shape = fill(golden), (3, 64, 64)
    predicted = 0.2 * make.normal("gatector/loss/heatmap_pred", shape)
    predicted = predicted + make.uniform("gatector/loss/heatmap_bias", shape)
    label = make.uniform("gatector/loss/heatmap_gt", shape) ** 8
    return torch.from_numpy(predicted), torch.from_numpy(label)


@pytest.mark.golden
def test_gatector_heatmap_and_energy_losses_are_those_of_the_release(
    golden: Path, expected
) -> None:
    predicted, label = golden_heatmaps(golden)
    error = 10_000 * squared_errors(predicted, label).mean()
    assert error.item() == pytest.approx(float(expected["heatmap_mse"]), rel=1e-5)
    boxes = torch.from_numpy(expected["gaze_boxes"]) / 224
    loss = 10 * energy_loss(predicted.requires_grad_(), boxes, as_released=True).mean()
    loss.backward()
    assert loss.item() == pytest.approx(float(expected["energy_loss_code"]), rel=1e-5)
    gradient = torch.from_numpy(expected["energy_grad_sub"])
    torch.testing.assert_close(predicted.grad[:, ::8, ::8], gradient, rtol=1e-3, atol=1e-7)


@pytest.mark.golden
def test_gatector_energy_of_the_release_differs_from_the_true_one_by_its_axes(
    golden: Path, expected
) -> None:
    predicted, _ = golden_heatmaps(golden)
    boxes = torch.from_numpy(expected["gaze_boxes"]) / 224
    swapped = 10 * energy_loss(predicted, boxes[:, [1, 0, 3, 2]], as_released=True).mean()
    true = float(expected["energy_loss_axes_corrected"])
    assert swapped.item() == pytest.approx(true, rel=1e-5)
    assert true != pytest.approx(float(expected["energy_loss_code"]), rel=1e-4)


def test_energy_of_a_box_is_counted_where_the_box_is_and_by_the_release_across_the_diagonal() -> (
    None
):
    heatmaps = torch.zeros(2, 8, 8)
    heatmaps[0, 1:3, 4:8] = 1.0  # rows are y
    heatmaps[1, 4:8, 1:3] = 1.0
    boxes = torch.tensor([4.0, 1.0, 8.0, 3.0]).expand(2, 4) / 8
    assert energy_loss(heatmaps, boxes, as_released=False).tolist() == [0.0, 1.0]
    assert energy_loss(heatmaps, boxes, as_released=True).tolist() == [1.0, 0.0]


def test_energy_counts_parts_of_cells_and_nothing_below_zero() -> None:
    heatmaps = torch.rand(1, 8, 8)
    heatmaps[0, 0, 0] = -100.0
    box = torch.tensor([[1.5, 2.0, 3.0, 4.25]])
    cells = heatmaps[0].clamp(min=0)
    within = 0.5 * cells[2:4, 1].sum() + cells[2:4, 2].sum()
    within += 0.25 * (0.5 * cells[4, 1] + cells[4, 2])
    found = energy_loss(heatmaps, box / 8, as_released=False)
    torch.testing.assert_close(found[0], 1 - within / cells.sum())


def test_energy_of_a_blank_heatmap_is_finite() -> None:
    heatmaps = torch.zeros(1, 8, 8, requires_grad=True)
    for as_released in (False, True):
        loss = energy_loss(heatmaps, torch.tensor([[0.0, 0.0, 0.5, 0.5]]), as_released=as_released)
        (gradient,) = torch.autograd.grad(loss.sum(), heatmaps)
        assert loss.item() == 1.0
        assert gradient.isfinite().all()


class Stub:
    """Stands for the network: a configuration and a given output."""

    def __init__(self, people: int, images: int, *, as_released: bool = False) -> None:
        self.config = SimpleNamespace(
            anchors=ANCHORS, image_size=32, heatmap_size=16, as_released=as_released
        )
        self.heatmaps = torch.rand(people, 16, 16, requires_grad=True)
        self.grids = [torch.randn(images, 3, 9, 8, 8, requires_grad=True)]

    def __call__(self, batch: Batch) -> SimpleNamespace:
        return SimpleNamespace(heatmaps=self.heatmaps, grids=self.grids)


def shelf(*boxes: list[float]) -> Objects:
    rows = torch.tensor(boxes).view(-1, 4)
    return Objects(rows, torch.arange(len(rows)), torch.ones(len(rows)))


LEFT, RIGHT, HEAD = [0.1, 0.2, 0.3, 0.5], [0.6, 0.2, 0.9, 0.7], [0.4, 0.0, 0.6, 0.2]


def batch(objects: list[Objects], image_of: list[int], gaze_object: list[int]) -> Batch:
    people = len(image_of)
    truth = Truth(torch.rand(people, 1, 2), torch.ones(people), torch.tensor(gaze_object).long())
    return Batch(
        images=torch.zeros(len(objects), 3, 32, 32),
        heads=torch.rand(people, 4),
        image_of=torch.tensor(image_of).long(),
        truth=truth,
        objects=objects,
    )


@pytest.mark.parametrize("as_released", [False, True])
def test_energy_of_several_people_is_that_of_the_object_each_looks_at(as_released: bool) -> None:
    seen = batch([shelf(LEFT, RIGHT, HEAD), shelf(RIGHT, HEAD)], [0, 0, 1], [1, 0, 0])
    model = Stub(3, 2, as_released=as_released)
    boxes = torch.tensor([RIGHT, LEFT, RIGHT])
    expected = 10 * energy_loss(model.heatmaps, boxes, as_released=as_released).mean()
    torch.testing.assert_close(gatector_loss(model, seen)["energy"], expected)


def test_the_release_wants_who_looks_at_nothing_visible_to_look_at_the_head_and_we_do_not() -> None:
    seen = batch([shelf(LEFT, HEAD)], [0, 0], [0, -1])
    for as_released, people, boxes in ((False, 1, [LEFT]), (True, 2, [LEFT, HEAD])):
        model = Stub(2, 1, as_released=as_released)
        heatmaps = model.heatmaps[:people]
        expected = energy_loss(heatmaps, torch.tensor(boxes), as_released=as_released).mean()
        torch.testing.assert_close(gatector_loss(model, seen)["energy"], 10 * expected)


def test_people_who_do_not_count_are_in_no_gaze_term() -> None:
    seen = batch([shelf(LEFT, RIGHT)], [0, 0, 0], [0, 1, 1])
    seen.truth.counted = torch.tensor([True, False, True])
    model = Stub(3, 1)
    terms = gatector_loss(model, seen)
    (terms["heatmap"] + terms["energy"]).backward()
    assert model.heatmaps.grad[1].abs().sum() == 0
    assert (model.heatmaps.grad[[0, 2]].flatten(1).abs().sum(1) > 0).all()


def test_who_looks_outside_has_a_blank_heatmap_as_target() -> None:
    seen = batch([shelf(LEFT)], [0], [-1])
    seen.truth = replace(seen.truth, inside=torch.zeros(1), points=torch.full((1, 1, 2), torch.nan))
    model = Stub(1, 1)
    terms = gatector_loss(model, seen)
    torch.testing.assert_close(terms["heatmap"], 10_000 * model.heatmaps.square().mean())
    assert terms["energy"].item() == 0


def test_each_term_takes_its_weight() -> None:
    seen, model = batch([shelf(LEFT)], [0], [0]), Stub(1, 1)
    published = gatector_loss(model, seen)
    plain = gatector_loss(model, seen, heatmap_weight=1, energy_weight=1, detection_weight=0.5)
    for name, weight in {"heatmap": 10_000, "energy": 10, "detection": 2}.items():
        torch.testing.assert_close(published[name], weight * plain[name])


@pytest.mark.parametrize("as_released", [False, True])
@pytest.mark.parametrize(
    ("objects", "image_of", "gaze_object"),
    [
        ([shelf(LEFT)], [], []),
        ([shelf()], [0, 0], [-1, -1]),
        ([shelf(), shelf()], [], []),
    ],
    ids=["nobody", "nothing", "neither"],
)
def test_terms_are_finite_numbers_where_nobody_or_nothing_is_seen(
    objects: list[Objects], image_of: list[int], gaze_object: list[int], as_released: bool
) -> None:
    model = Stub(len(image_of), len(objects), as_released=as_released)
    seen = batch(objects, image_of, gaze_object)
    terms = gatector_loss(model, seen)
    assert set(terms) == {"detection", "heatmap", "energy"}
    assert all(term.ndim == 0 and term.isfinite() for term in terms.values())
    sum(terms.values()).backward()
    assert model.grids[0].grad.isfinite().all()
    detection = gatector_detector_loss(model, seen)["detection"]
    assert torch.equal(detection, terms["detection"])


def test_an_image_counts_for_the_detector_also_without_people() -> None:
    seen = batch([shelf(LEFT), shelf(RIGHT)], [0], [0])
    model = Stub(1, 2)
    gatector_loss(model, seen)["detection"].backward()
    assert (model.grids[0].grad.flatten(1).abs().sum(1) > 0).all()


def test_ignored_objects_are_neither_to_be_found_nor_background() -> None:
    there, nowhere = shelf(LEFT, RIGHT), shelf(LEFT)
    ignored = replace(there, ignored=torch.tensor([False, True]))
    shapes = ((9.6, 16.0), (1.0, 1.0), (2.0, 2.0))  # the first is that of the right object
    slopes = []
    for objects in (there, ignored, nowhere):
        (grid,) = Stub(0, 1).grids
        place = grid.detach()[0, 0, :, 3, 6]  # in its middle
        place[:4] = 0.0
        detection_loss([grid], shapes, 32, [objects]).backward()
        slopes.append(grid.grad[0, 0, :, 3, 6])
    found, passed, background = slopes
    assert found[4] < 0 < background[4]
    assert found[5:].any()
    assert not passed.any()


def test_boxes_across_the_border_are_to_be_found_where_they_are_seen() -> None:
    across, seen = shelf([0.9, 0.9, 1.4, 1.3]), shelf([0.9, 0.9, 1.0, 1.0])
    (grid,) = Stub(0, 1).grids
    one, other = (detection_loss([grid], ANCHORS, 32, [objects]) for objects in (across, seen))
    torch.testing.assert_close(one, other)


def test_labels_that_the_model_does_not_have_are_an_error() -> None:
    unknown = replace(shelf(LEFT), labels=torch.tensor([4]))
    with pytest.raises(ValueError, match=r"labels 4 to 4.*4 classes"):
        detection_loss(Stub(0, 1).grids, ANCHORS, 32, [unknown])


def test_training_without_labelled_objects_is_an_error() -> None:
    seen = replace(batch([shelf()], [0], [-1]), objects=None)
    with pytest.raises(ValueError, match="labelled objects"):
        gatector_loss(Stub(1, 1), seen)
