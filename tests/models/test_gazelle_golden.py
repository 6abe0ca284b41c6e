"""Gaze-LLE against the outputs of its release, through the official checkpoint layouts."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from released import fill

from sightline.batch import Batch
from sightline.models.gazelle.backbone import resample_position
from sightline.models.gazelle.convert import convert, initialise
from sightline.models.gazelle.decoder import sinusoid
from sightline.models.gazelle.loss import gazelle_loss
from sightline.models.gazelle.model import GazeLLE, GazeLLEConfig, GazeLLEOutput
from sightline.models.gazelle.preprocess import WholePicture
from sightline.scene import Scene, Truth

pytestmark = pytest.mark.golden


def cases(golden: Path) -> dict[str, Any]:
    return json.loads((golden / "gazelle/cases.json").read_text())


def arrays(golden: Path) -> dict[str, torch.Tensor]:
    found = np.load(golden / "gazelle/arrays.npz")
    return {name: torch.from_numpy(found[name]) for name in found}


def decoder_state(golden: Path, layout: str) -> dict[str, torch.Tensor]:
    """The official decoder's state: parameters by name, and its sinusoid."""
    shapes = json.loads((golden / "gazelle/layout.json").read_text())[layout]
    make = fill(golden).parameter
    state = {name: torch.from_numpy(make(name, shape)) for name, shape in shapes.items()}
    return state | {"pos_embed": sinusoid(*shapes["pos_embed"][:2])}


def backbone_state(golden: Path) -> dict[str, torch.Tensor]:
    """The official encoder's state under its names in a merged file."""
    full = cases(golden)["full"]
    shapes = json.loads((golden / "gazelle" / full["backbone_layout"]).read_text())
    names = {full["backbone_parameter_prefix"] + name: shape for name, shape in shapes.items()}
    make = fill(golden).parameter
    return {name: torch.from_numpy(make(name, tuple(shape))) for name, shape in names.items()}


def batch_of(boxes: list[list[list[float] | None]], **inputs: torch.Tensor) -> Batch:
    people = [box or [torch.nan] * 4 for image in boxes for box in image]
    counts = torch.tensor([len(image) for image in boxes])
    return Batch(
        images=inputs.get("images", torch.empty(len(boxes), 3, 0, 0)),
        heads=torch.tensor(people),
        image_of=torch.arange(len(boxes)).repeat_interleave(counts),
        features=inputs.get("features"),
    )


@pytest.mark.parametrize("layout", ["heatmap", "inout"])
@pytest.mark.parametrize("case", ["people", "batch"])
def test_the_decoder_reproduces_the_released_outputs(golden: Path, case: str, layout: str) -> None:
    expected = arrays(golden)
    about = next(c for c in cases(golden)["cases"] if c["name"] == case)
    model = GazeLLE(GazeLLEConfig(depth=1, inside="none" if layout == "heatmap" else "score"))
    notes = initialise(model, decoder_state(golden, layout))
    assert "initial values kept: backbone.vit." in notes[-1]
    assert "decoder" not in notes[-1]
    features = fill(golden).normal(about["features"], tuple(about["features_shape"]))
    batch = batch_of(about["boxes"], features=torch.from_numpy(features))
    with torch.inference_mode():
        output = model.eval()(batch)
        model.people_at_once = 3
        in_parts = model(batch)
    assert_same(output, expected, f"{case}.{layout}")
    assert_same(in_parts, expected, f"{case}.{layout}")


def assert_same(output: GazeLLEOutput, expected: dict[str, torch.Tensor], name: str) -> None:
    reference = expected[f"{name}.heatmap"]
    assert (output.heatmaps.sigmoid() - reference).abs().max() < 2e-6
    assert (output.inside is None) == (f"{name}.inout" not in expected)
    if output.inside is not None:
        assert (output.inside.sigmoid() - expected[f"{name}.inout"]).abs().max() < 2e-6


def test_picture_to_heatmap_reproduces_the_released_outputs(golden: Path) -> None:
    expected, full = arrays(golden), cases(golden)["full"]
    state = decoder_state(golden, "inout") | backbone_state(golden)
    model, notes = convert(state)
    assert [note.partition(":")[0] for note in notes] == [
        "left out pos_embed",
        "left out mask_token",
    ]
    image = torch.from_numpy(fill(golden).normal(full["image"], tuple(full["image_shape"])))
    batch = batch_of(full["boxes"], images=image)
    with torch.inference_mode():
        batch.features = model.eval().backbone(image)
        output = model(batch)
    features = batch.features[:, ::4, ::8, ::8]
    assert (features - expected["full.features"]).abs().max() < 1e-4 * features.abs().max()
    position = model.backbone.vit.pos_embed[0, 1:].view(32, 32, -1)[:, :, ::96]
    reference = expected["full.pos_embed_448"]
    assert (position - reference).abs().max() < 1e-4 * reference.abs().max()
    assert (output.heatmaps.sigmoid() - expected["full.heatmap"]).abs().max() < 1e-5
    assert (output.inside.sigmoid() - expected["full.inout"]).abs().max() < 1e-5


@pytest.mark.parametrize(("case", "size"), [("square_448", (32, 32)), ("rect_224x560", (16, 40))])
def test_positions_are_resampled_as_dinov2_does(
    golden: Path, case: str, size: tuple[int, int]
) -> None:
    about = json.loads((golden / "gazelle/pos_embed.json").read_text())
    position = torch.from_numpy(fill(golden).normal(about["input"], tuple(about["input_shape"])))
    found = resample_position(position[:, 1:], size).view(*size, -1)[:, :, ::128]
    expected = torch.from_numpy(np.load(golden / "gazelle/pos_embed.npz")[case])
    assert (found - expected).abs().max() < 2e-5  # of a deviation of 1


def test_the_sinusoid_is_the_released_one(golden: Path) -> None:
    about, expected = cases(golden)["pos_embed"], arrays(golden)["pos_embed.slice"]
    whole = sinusoid(256, 32)
    stride = about["stride"]
    assert (whole[about["channels"]][:, ::stride, ::stride] - expected).abs().max() < 1e-5
    assert whole.double().sum().item() == pytest.approx(about["sum"], rel=1e-6)


@pytest.mark.parametrize("case", [0, 1])
def test_pictures_are_prepared_as_in_the_release(golden: Path, case: int) -> None:
    about = cases(golden)["preprocess"][case]
    values = fill(golden).uniform(about["image"], tuple(about["shape"]))
    image = torch.from_numpy(np.uint8(np.floor(256 * values))).permute(2, 0, 1)
    found = WholePicture(448)([Scene(image, torch.zeros(0, 4))]).images[0]
    expected = arrays(golden)[about["expected"]]
    assert (found[:, ::28, ::28] - expected).abs().max() < 2e-5
    assert found.mean().item() == pytest.approx(about["mean"], abs=1e-5)
    assert found.std().item() == pytest.approx(about["std"], abs=1e-5)


class Replayed(torch.nn.Module):
    """Stands in for the model: gives recorded predictions."""

    heatmap_size = 64

    def __init__(self, output: GazeLLEOutput) -> None:
        super().__init__()
        self.output = output

    def forward(self, _: Batch) -> GazeLLEOutput:
        return self.output


def replayed_losses(golden: Path, inside: list[float], *, score: bool) -> dict[str, float]:
    """Our loss of the recorded predictions, whose points are negative where out of frame."""
    about, make = cases(golden)["losses"], fill(golden)
    heatmaps, scores = (
        torch.from_numpy(make.uniform(about[name], tuple(about[f"{name}_shape"])))
        for name in ("pred", "inout_pred")
    )
    output = GazeLLEOutput(heatmaps.logit(), scores.logit() if score else None)
    points = torch.tensor(about["points"])[:, None]
    truth = Truth(points, torch.tensor(inside))
    batch = Batch(torch.zeros(1, 3, 0, 0), torch.zeros(6, 4), torch.zeros(6).long(), truth=truth)
    return {k: v.item() for k, v in gazelle_loss(Replayed(output), batch).items()}


def test_the_losses_are_the_released_ones(golden: Path) -> None:
    about = cases(golden)["losses"]
    terms = replayed_losses(golden, [float(i) for i in about["inout"]], score=True)
    assert terms["heatmap"] == pytest.approx(about["vat_heatmap_bce_in_frame_only"], abs=1e-5)
    assert terms["inside"] == pytest.approx(about["vat_inout_bce"], abs=1e-5)
    assert sum(terms.values()) == pytest.approx(about["vat_total"], abs=1e-5)
    terms = replayed_losses(golden, [1.0] * 6, score=False)
    assert terms == {"heatmap": pytest.approx(about["gazefollow_bce_all"], abs=1e-5)}
