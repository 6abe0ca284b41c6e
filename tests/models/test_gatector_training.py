"""GaTector trains on GOO-Real, whose boxes are of a frame of 640 x 480 whatever the picture."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from goo_worlds import SIZES, record, write_tiny_goo
from sightline.batch import Batch
from sightline.models.gatector.recipe import gatector_detector_goo_real, gatector_goo_real
from sightline.recipe import Recipe
from sightline.train import Resources, train

TINY = {"width": 4, "blocks": (1, 1, 1, 1, 1), "image_size": 64}


def test_gaze_is_trained_on_photographs_larger_than_the_frame_of_their_boxes(
    data: Path, tmp_path: Path
) -> None:
    seen, moved = trained(gatector_goo_real(), data, tmp_path)
    assert moved >= {"backbone", "gaze", "detection"}
    frame = torch.tensor([640.0, 480.0])
    for of in seen.objects:
        torch.testing.assert_close(
            of.boxes[1], torch.tensor([130.0, 200, 150, 240]) / frame.repeat(2)
        )
        assert of.labels.tolist() == [4, 7, 12, 25]  # the files have -1 for the head
    points = torch.tensor([140.0, 220.0]) / frame
    torch.testing.assert_close(seen.truth.points, points.expand(2, 1, 2))
    assert seen.truth.gaze_object.tolist() == [1, 1]
    torch.testing.assert_close(seen.heads, torch.stack([of.boxes[3] for of in seen.objects]))
    assert SIZES["goo-real"] != (640, 480), "else scaled and not scaled would be the same"


def test_the_detector_is_trained_on_photographs_without_gaze(data: Path, tmp_path: Path) -> None:
    seen, moved = trained(gatector_detector_goo_real(), data, tmp_path)
    assert moved == {"detection"}
    assert seen.truth is None
    assert len(seen) == 0


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty photographs to train on, of which one is for validation."""
    records = [record(i) for i in range(30)]
    for entry in records:
        entry["ann"]["labels"][-1] = -1
    return write_tiny_goo(tmp_path_factory.mktemp("goo"), "goo-real", train=records)


def trained(recipe: Recipe, data: Path, out: Path) -> tuple[Batch, set[str]]:
    """A batch of one epoch of the first stage at reduced size, and the parts that it changed."""
    batches, before = [], {}

    def loss(model, batch: Batch) -> dict[str, torch.Tensor]:
        if not before:
            before.update({n: p.detach().clone() for n, p in model.named_parameters()})
        batches.append(batch)
        return recipe.stages[0].loss(model, batch)

    stage = replace(recipe.stages[0], loss=loss, epochs=1, batch_size=2, augment=None)
    small = replace(recipe, stages=(stage,), config={**recipe.config, **TINY}, starts_from="")
    one = Resources(accelerator="cpu", workers=0, precision="float32")
    model = train(small, data, out / "run", resources=one)
    after = dict(model.named_parameters())
    assert all(p.isfinite().all() for p in after.values())
    changed = {n for n, p in after.items() if not torch.equal(p, before[n])}
    return batches[0], {name.partition(".")[0] for name in changed}
