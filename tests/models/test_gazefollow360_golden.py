"""GazeFollow360 against the outputs of its release, through the checkpoint layouts."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from released import fill, official
from torch import Tensor

from sightline.batch import Batch
from sightline.geometry.sphere import to_points
from sightline.models.gazefollow360 import released_regions
from sightline.models.gazefollow360.convert import convert
from sightline.models.gazefollow360.loss import direction_loss, fusion_loss, regions_loss
from sightline.models.gazefollow360.model import GazeFollow360
from sightline.models.gazefollow360.released_heads import ReleasedHeads
from sightline.models.gazefollow360.released_regions import ReleasedRegions
from sightline.scene import Truth

pytestmark = pytest.mark.golden
FOLDER, T = "gazefollow360", "gf360.main"


def arrays(golden: Path, name: str) -> dict[str, Tensor]:
    with np.load(golden / FOLDER / f"{name}.npz") as file:
        return {key: torch.from_numpy(file[key]) for key in file.files}


def normal(golden: Path, name: str, *shape: int) -> Tensor:
    return torch.from_numpy(fill(golden).normal(f"{T}.{name}", shape))


def faces(golden: Path, name: str) -> Tensor:
    return normal(golden, name, 2, 3, 8, 8).repeat_interleave(28, 2).repeat_interleave(28, 3)


def close(value: Tensor, reference: Tensor, tolerance: float = 1e-4) -> bool:
    return bool((value - reference).abs().max() < tolerance * reference.abs().max())


@pytest.fixture(scope="module")
def model(golden: Path) -> GazeFollow360:
    return convert(official(golden, f"{FOLDER}/layout_full.json"))[0].eval()


@pytest.fixture
def batch(golden: Path, monkeypatch: pytest.MonkeyPatch) -> Batch:
    """The four samples; where their heads are after all truncation is given."""
    case = json.loads((golden / FOLDER / "cases.json").read_text())["pipeline"]
    make = fill(golden)
    shapes = [(320, 640, 3), (256, 512, 3)]
    pictures = [
        torch.from_numpy(np.floor(255 * make.uniform(f"{T}.image{i}", shape)).astype(np.uint8))
        for i, shape in enumerate(shapes)
    ]
    points = torch.tensor(case["face_center_px"]).double()
    sizes = torch.tensor(case["image_size_wh"]).double()
    monkeypatch.setattr(
        released_regions,
        "heads_of",
        lambda batch: ReleasedHeads(
            boxes=torch.empty(0),
            points=points[: len(batch)],
            unit_points=points[: len(batch)] / sizes[: len(batch)],
            widths=torch.tensor(case["head_width_px"])[: len(batch)].double(),
            corners=torch.empty(0),
        ),
    )
    gaze = torch.tensor(case["gaze_uv"])
    return Batch(
        images=torch.zeros(4, 3, 0, 0),
        heads=torch.zeros(4, 4),
        image_of=torch.arange(4),
        truth=Truth(gaze[:, None], torch.ones(4)),
        panoramas=[pictures[i].permute(2, 0, 1) for i in case["image_of_sample"]],
    )


def given(model: GazeFollow360, directions: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "directions", lambda _: directions)


@torch.inference_mode()
def test_the_direction_network_reproduces_the_release(golden: Path):
    network = convert(official(golden, f"{FOLDER}/layout_gde.json"))[0].eval().direction
    expected = arrays(golden, "models")
    crops, heads = faces(golden, "gde.face_blocks"), expected["gde_head_position"]
    assert close(network.backbone(crops), expected["gde_resnet_feature"])
    assert close(network.position(heads), expected["gde_position_feature"])
    assert close(network(crops, heads), expected["gde_direction"])


@torch.inference_mode()
def test_the_towers_reproduce_the_release(golden: Path):
    expected, inputs = arrays(golden, "models"), {}
    for name, channels in {
        "dp.distant_region": 3,
        "dp.distant_gauss": 1,
        "dp.local_region": 3,
        "dp.attention_map": 1,
        "df.input": 2,
    }.items():
        inputs[name] = normal(golden, name, 2, channels, 56, 56)
    # the layouts of the parts have no prefix, so their weights are others than those of a whole
    state = official(golden, f"{FOLDER}/layout_gde.json")
    pathways = official(golden, f"{FOLDER}/layout_dp.json")
    fused = official(golden, f"{FOLDER}/layout_df.json")
    whole = {f"gde_dp.gde.{k}": v for k, v in state.items()}
    whole |= {f"gde_dp.{_prefixed('dp', k)}": v for k, v in pathways.items()}
    whole |= {_prefixed("df", k): v for k, v in fused.items()}
    model = convert(whole)[0].eval()
    distant = torch.cat([inputs["dp.distant_region"], inputs["dp.distant_gauss"]], 1)
    local = torch.cat([inputs["dp.local_region"], inputs["dp.attention_map"]], 1)
    assert close(model.distant(distant), expected["dp_distant"])
    assert close(model.local(local), expected["dp_local"])
    assert close(model.fusion(inputs["df.input"]), expected["df_output"])
    model.fusion.train()
    assert close(model.fusion(inputs["df.input"]), expected["df_train_output"])
    first, last = model.fusion[1], model.fusion[7]
    assert close(first.running_mean, expected["df_train_running_mean_1"])
    assert close(last.running_var, expected["df_train_running_var_7"])


def _prefixed(part: str, key: str) -> str:
    return key if key.startswith(f"{part}.") else f"{part}.{key}"


@torch.inference_mode()
def test_given_directions_lead_to_the_released_heatmaps(
    golden: Path, model: GazeFollow360, batch: Batch, monkeypatch: pytest.MonkeyPatch
):
    expected = arrays(golden, "pipeline")
    given(model, expected["pipe_direction"], monkeypatch)
    output = model(batch)
    assert isinstance(output.regions, ReleasedRegions)
    assert close(output.distant[:, None], expected["pipe_dp_distant"])
    assert close(output.local[:, None], expected["pipe_dp_local"])
    combined = output.regions.combine(output.distant, output.local)
    assert close(combined, expected["pipe_df_input"])
    assert close(output.heatmaps[:, None], expected["pipe_output"])


@torch.inference_mode()
@pytest.mark.parametrize("prefix", ["full", "fullneg"])
def test_the_whole_network_reproduces_the_release(
    golden: Path, batch: Batch, prefix: str, monkeypatch: pytest.MonkeyPatch
):
    state = official(golden, f"{FOLDER}/layout_full.json")
    if prefix == "fullneg":
        state["gde_dp.gde.fc_to_gaze.2.weight"].neg_()
    model, expected = convert(state)[0].eval(), arrays(golden, "pipeline")
    (half, _) = batch.split(2)
    half.crops = faces(golden, "full.face_blocks")
    output = model(half)
    regions = output.regions
    assert isinstance(regions, ReleasedRegions)
    for name, found in {
        "direction": output.directions,
        "projected_uv": to_points(regions.ends),
        "df_input": regions.combine(output.distant, output.local),
        "output": output.heatmaps[:, None],
    }.items():
        assert close(found, expected[f"{prefix}_{name}"]), name
    assert torch.equal(regions.distant.normalised, expected[f"{prefix}_distant_box_norm"])
    assert torch.equal(regions.local.normalised, expected[f"{prefix}_local_box_norm"])


def test_losses_are_those_of_the_release(
    golden: Path, model: GazeFollow360, batch: Batch, monkeypatch: pytest.MonkeyPatch
):
    losses = json.loads((golden / FOLDER / "cases.json").read_text())["losses"]
    given(model, arrays(golden, "pipeline")["pipe_direction"], monkeypatch)
    with torch.inference_mode():
        regions, fusion = regions_loss(model, batch), fusion_loss(model, batch)
    assert regions["distant"].item() == pytest.approx(losses["stage2_distant"], rel=1e-4)
    assert regions["local"].item() == pytest.approx(losses["stage2_local"], rel=1e-4)
    assert fusion["heatmap"].item() == pytest.approx(losses["stage3"], rel=1e-4)


def test_the_loss_of_directions_and_its_gradient_are_those_of_the_release(
    golden: Path, model: GazeFollow360, monkeypatch: pytest.MonkeyPatch
):
    expected = arrays(golden, "geometry")
    make = fill(golden)
    uv = {
        name: torch.from_numpy(make.uniform(f"{T}.geometry.{name}_uv", (48, 2)).astype(float))[:6]
        for name in ("head", "gaze")
    }
    for points in uv.values():
        points[:, 1] = 0.05 + 0.9 * points[:, 1]
    predicted = normal(golden, "loss.direction", 6, 3).double().requires_grad_()
    given(model, predicted, monkeypatch)
    heads = expected["head_xyz"][:6]
    monkeypatch.setattr(ReleasedRegions, "positions", staticmethod(lambda _: heads))
    truth = Truth(uv["gaze"][:, None], torch.ones(6))
    loss = direction_loss(
        model, Batch(torch.zeros(6, 3, 0, 0), torch.zeros(6, 4), torch.arange(6), truth=truth)
    )["direction"]
    losses = json.loads((golden / FOLDER / "cases.json").read_text())["losses"]
    assert loss.item() == pytest.approx(losses["stage1"], rel=1e-6)
    loss.backward()
    assert predicted.grad is not None
    assert close(predicted.grad, expected["stage1_gradient"])
