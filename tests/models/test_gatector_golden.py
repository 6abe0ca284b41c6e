"""GaTector against the outputs of its release, through the official checkpoint layouts."""

from pathlib import Path

import numpy as np
import pytest
import torch
from released import fill, official
from torch import Tensor

from sightline.batch import Batch
from sightline.models.base import GazeModel
from sightline.models.gatector.convert import convert

pytestmark = pytest.mark.golden


def golden_batch(golden: Path, rectangles: np.ndarray) -> Batch:
    make = fill(golden)
    images, faces = (
        make.normal(f"gatector/{part}", (2, 3, 224, 224)) for part in ("image", "face")
    )
    return Batch(
        images=torch.from_numpy(images),
        heads=(torch.from_numpy(rectangles).trunc() + 0.5) / 224,  # clear of the truncation
        image_of=torch.arange(2),
        crops=torch.from_numpy(faces),
    )


def converted(golden: Path, mode: int) -> tuple[GazeModel, list[str]]:
    return convert(official(golden, f"gatector/layout_mode{mode}.json"))


def rectangles_as_regions(model: GazeModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """The golden head rectangles are final: no window is to be made of them."""
    module = "sightline.models.gatector.model.head_regions"
    monkeypatch.setattr(module, lambda heads, *_, **__: heads)


def close(value: Tensor, reference: np.ndarray, tolerance: float = 1e-4) -> bool:
    expected = torch.from_numpy(reference)
    return bool((value - expected).abs().max() < tolerance * expected.abs().max())


def moments(outputs: Tensor) -> Tensor:
    """Mean, standard deviation, minimum and maximum of each sample."""
    flat = outputs.flatten(1)
    return torch.stack([flat.mean(1), flat.std(1, correction=0), flat.amin(1), flat.amax(1)], 1)


def some(features: Tensor) -> Tensor:
    """As the golden file thins intermediate maps out."""
    channels, height, width = features.shape[1:]
    steps = max(1, channels // 8), max(1, height // 7), max(1, width // 7)
    return features[:, :: steps[0], :: steps[1], :: steps[2]]


def test_gatector_reproduces_the_released_outputs(
    golden: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = np.load(golden / "gatector" / "model.npz")
    model, notes = converted(golden, 0)
    assert {note.split(": ")[1] for note in notes} == {
        "an in/out branch that nothing is made of",
        "a part of the three-scale detector",
    }
    rectangles_as_regions(model, monkeypatch)
    seen = {}

    def watch(name: str, module: torch.nn.Module) -> None:
        def keep(*call) -> None:
            seen.setdefault(name, []).append(call[2].clone())  # a ReLU may follow in place

        module.register_forward_hook(keep)

    backbone, neck, gaze = model.backbone, model.detection, model.gaze
    for i, layer in enumerate(backbone.layers, 1):
        watch(f"layer{i}", layer)
    names = {
        "scene5": backbone.scene_layer,
        "face5": backbone.head_layer,
        "P5a": neck.deep.before,
        "P5": neck.deep.after,
        "ps1": neck.up_4,
        "P4": neck.merge_4,
        "ps2": neck.up_3,
        "P3": neck.merge_3,
        "head_conv": gaze.place,
        "fusion": gaze.fusion,
        "enc": gaze.encoder[4],
        "dec3": gaze.decoder[6],
    }
    for name, module in (names | {"attention": gaze.attention}).items():
        watch(name, module)
    neck.deep.after.register_forward_pre_hook(lambda _, inputs: seen.update(SPP=[inputs[0]]))
    with torch.inference_mode():
        output = model.eval()(golden_batch(golden, expected["head_boxes"]))
    raw = output.grids[0].flatten(1, 2)
    assert close(output.heatmaps[:, None], expected["heatmap"])
    assert close(raw[:, :, ::4, ::4], expected["det_sub"])
    assert close(moments(raw), expected["det_stats"])
    assert close(seen["attention"][0], expected["attention"])
    for i in range(1, 5):
        for part, value in zip(("image", "face"), seen[f"layer{i}"], strict=True):
            assert close(some(value), expected[f"layer{i}_{part}"], 1e-3), (i, part)
    for name in (*names, "SPP"):
        (value,) = seen[name]
        value = value[:, :, ::9, ::9] if name == "dec3" else some(value)
        assert close(value, expected[name], 1e-3), name


def test_the_detector_of_gatector_reproduces_the_released_outputs(golden: Path) -> None:
    expected = np.load(golden / "gatector" / "model.npz")
    model, notes = converted(golden, 1)
    assert any("gaze head" in note for note in notes)
    batch = golden_batch(golden, expected["head_boxes"])
    with torch.inference_mode():
        scales = [grid.flatten(1, 2) for grid in model.eval()(batch).grids]
    for i, (scale, step) in enumerate(zip(scales, (1, 2, 4), strict=True)):
        name = f"m1_out{i}" + ("_sub" if i else "")
        assert close(scale[:, :, ::step, ::step], expected[name]), name
        whole = moments(scale.reshape(1, -1))[0]
        assert close(whole, expected["m1_stats"][i])


def test_gatector_in_training_updates_shared_statistics_twice_as_released(
    golden: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rectangles = np.load(golden / "gatector" / "model.npz")["head_boxes"]
    expected = np.load(golden / "gatector" / "train_forward.npz")
    model, _ = converted(golden, 0)
    rectangles_as_regions(model, monkeypatch)
    with torch.no_grad():
        output = model.train()(golden_batch(golden, rectangles))
    assert close(output.heatmaps[:, None], expected["heatmap"], 1e-3)
    assert close(output.grids[0].flatten(1, 2)[:, :, ::8, ::8], expected["det_sub"], 1e-3)
    backbone = model.backbone
    norms = {
        "bn1": backbone.scene_stem[1],
        "bn2": backbone.head_stem[1],
        "layer1.0.bn1": backbone.layers[0][0].bn1,
        "layer4.2.bn3": backbone.layers[3][2].bn3,
        "layer5_face.1.bn3": backbone.head_layer[1].bn3,
    }
    for name, norm in norms.items():
        known = {kind: expected[f"backbone.model.{name}.{kind}"] for kind in NORM}
        assert close(norm.running_mean[:64], known["running_mean"], 1e-3), name
        assert close(norm.running_var[:64], known["running_var"], 1e-3), name
        assert int(norm.num_batches_tracked) == known["num_batches_tracked"], name


NORM = ("running_mean", "running_var", "num_batches_tracked")
