"""PDP against the outputs of its release, through the official checkpoint layout."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from released import fill, official

from sightline.batch import Batch
from sightline.models.pdp.convert import convert
from sightline.models.pdp.loss import patch_divergence, pdp_loss
from sightline.models.pdp.model import PDPConfig, PDPOutput, patch_shares
from sightline.scene import Truth

pytestmark = pytest.mark.golden


def golden_batch(
    golden: Path,
    boxes: np.ndarray,
    depth: bool,
    *,
    name: str = "pdp/",
    lead: tuple[int, ...] = (2,),
) -> Batch:
    make = fill(golden)
    images, faces = (make.normal(name + part, (*lead, 3, 224, 224)) for part in ("image", "face"))
    maps = torch.from_numpy(make.uniform(f"{name}depth", (*lead, 1, 224, 224)))
    return Batch(
        images=torch.from_numpy(images).view(-1, 3, 224, 224),
        heads=(torch.from_numpy(boxes).float() + 0.5) / 224,  # clear of the truncation
        image_of=torch.arange(len(boxes)),
        crops=torch.from_numpy(faces).view(-1, 3, 224, 224),
        depth=maps.view(-1, 1, 224, 224) if depth else None,
    )


@pytest.mark.parametrize("case", ["spatial_depth", "spatial_nodepth"])
def test_pdp_reproduces_the_released_outputs(golden: Path, case: str) -> None:
    expected = np.load(golden / "pdp" / f"{case}.npz")
    model, notes = convert(official(golden, f"pdp/{case}_layout.json"))
    assert "compress_conv1_inout" in " ".join(notes)
    model.config = replace(model.config, head_margin=0.0)  # the golden boxes are enlarged already
    batch = golden_batch(golden, expected["head_boxes"], case == "spatial_depth")
    attention = {}
    model.scene_attention.register_forward_hook(lambda *call: attention.update(scene=call[2]))
    with torch.inference_mode():
        output = model.eval()(batch)
    found = {
        "heatmap": output.heatmaps[:, None],
        "patch_logits": output.patches,
        "patch_distribution": patch_shares(output.patches),
        "scene_attention": attention["scene"][:, 0],
    }
    for name, value in found.items():
        reference = torch.from_numpy(expected[name])
        assert (value - reference).abs().max() < 1e-4 * reference.abs().max(), name


TEMPORAL = ["depth", "nodepth", "depth_no_temporal", "nodepth_no_temporal"]


@pytest.mark.parametrize("case", TEMPORAL)
def test_pdp_on_video_reproduces_the_released_outputs(golden: Path, case: str) -> None:
    expected = np.load(golden / "pdp" / f"temporal_{case}.npz")
    state = official(golden, f"pdp/temporal_{case}_layout.json")
    model, notes = convert(state)
    assert "fc_inout" in " ".join(notes)
    assert ("out_proj" in " ".join(notes)) == (not case.endswith("no_temporal"))
    boxes = expected["head_boxes"].reshape(-1, 4)
    batch = golden_batch(golden, boxes, "nodepth" not in case, name="pdp/seq_", lead=(2, 5))
    batch.clip_length = 5
    seen = {}
    model.patch_head.register_forward_hook(lambda _, inputs, __: seen.update(tokens=inputs[0]))
    if model.config.temporal:
        model.temporal.squeeze.register_forward_hook(
            lambda _, inputs, __: seen.update(before=inputs[0])
        )
    with torch.inference_mode():
        output = model.eval()(batch)
        inside = F.conv1d(seen["tokens"].mT, *leaves(state, "compress_conv1_inout")).relu()
        found = {
            "heatmap": output.heatmaps[:, None],
            "patch_logits": output.patches,
            "patch_distribution": patch_shares(output.patches),
            "inout": F.linear(inside.squeeze(1), *leaves(state, "fc_inout")),
        }
        if model.config.temporal:
            found["temporal_attention"] = model.temporal.weights(seen["before"])
    assert set(found) == set(expected.files) - {"head_boxes"}
    for name, value in found.items():
        reference = torch.from_numpy(expected[name])
        assert (value - reference).abs().max() < 1e-4 * reference.abs().max(), name


def leaves(state: dict[str, torch.Tensor], prefix: str) -> tuple[torch.Tensor, torch.Tensor]:
    return state[f"{prefix}.weight"], state[f"{prefix}.bias"]


def test_pdp_losses_match_the_release(golden: Path) -> None:
    expected = {
        k: torch.from_numpy(np.asarray(v)) for k, v in np.load(golden / "pdp/losses.npz").items()
    }
    logits = expected["logits"].clone().requires_grad_()
    divergence = patch_divergence(expected["target_distribution"], patch_shares(logits))
    divergence.mean().backward()
    torch.testing.assert_close(patch_shares(logits), expected["predicted_distribution"])
    torch.testing.assert_close(divergence, expected["kl_per_sample"], atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(logits.grad, expected["kl_grad_logits"], atol=1e-7, rtol=1e-4)


class Stub:
    """Stands for the network: the released configuration and a given output."""

    config = PDPConfig()

    def __init__(self, output: PDPOutput) -> None:
        self.output = output

    def __call__(self, batch: Batch) -> PDPOutput:
        return self.output


@pytest.mark.parametrize(
    ("total", "heatmap_weight", "patch_weight"),
    [
        ("total_gazefollow_depth", 10_000, 20),
        ("total_gazefollow_nodepth", 10_000, 40),
        ("total_vat", 5_000, 40),
    ],
)
def test_pdp_total_loss_matches_the_release(
    golden: Path, total: str, heatmap_weight: float, patch_weight: float
) -> None:
    """The whole loss function, from gaze points and a stand-in for the network's output."""
    expected = np.load(golden / "pdp" / "losses.npz")
    output = PDPOutput(
        torch.from_numpy(0.2 * fill(golden).normal("pdp_loss/heatmap_pred", (12, 64, 64))),
        torch.from_numpy(expected["logits"]),
    )
    model = Stub(output)
    points = torch.from_numpy(expected["gaze"])[:, None].float()
    truth = Truth(points, torch.from_numpy(expected["inside"]))
    batch = Batch(torch.zeros(12, 3, 1, 1), torch.zeros(12, 4), torch.arange(12), truth=truth)
    terms = pdp_loss(model, batch, heatmap_weight=heatmap_weight, patch_weight=patch_weight)
    assert sum(terms.values()).item() == pytest.approx(float(expected[total]), rel=1e-5)
