"""Official GazeFollow360 checkpoints of all three stages, and other weights to start from."""

from pathlib import Path

import numpy as np
import pytest
import torch
from released import fill, layout, official
from torch import Tensor
from torchvision.models import resnet50

from sightline.models import create
from sightline.models.gazefollow360.convert import convert, initialise
from sightline.models.gazefollow360.model import gazefollow360, gazefollow360_small
from sightline.models.weights import WeightsError

State = dict[str, Tensor]
DIRECTION = {"resnet": "backbone", "fc_headpostion": "position", "fc_to_gaze": "head"}


@pytest.fixture(scope="module")
def stages(golden: Path) -> dict[int, State]:
    files = {1: "layout_gde", 2: "layout_gde_dp", 3: "layout_full"}
    return {n: layout(golden, f"gazefollow360/{file}.json") for n, file in files.items()}


def test_a_whole_checkpoint_is_converted_tensor_by_tensor(stages: dict[int, State]) -> None:
    official = stages[3]
    model, notes = convert(official)
    assert notes == []
    assert model.config.as_released
    ours = model.state_dict()
    assert len(ours) == len(official)
    places = {f"gde_dp.gde.{theirs}": f"direction.{our}" for theirs, our in DIRECTION.items()}
    places |= {"gde_dp.dp.distant_conv": "distant", "gde_dp.dp.local_conv": "local"}
    for name, tensor in official.items():
        place = next((p for p in places if name.startswith(f"{p}.")), "df")
        where = places.get(place, "fusion") + name.removeprefix(place)
        assert torch.equal(ours[where], tensor.to(ours[where].dtype)), name


@pytest.mark.golden
@torch.inference_mode()
def test_converted_networks_reproduce_the_released_outputs(golden: Path) -> None:
    first, _ = convert(official(golden, "gazefollow360/layout_gde.json"))
    known = np.load(golden / "gazefollow360" / "models.npz")
    blocks = fill(golden).normal("gf360.main.gde.face_blocks", (2, 3, 8, 8))
    crops = torch.from_numpy(blocks).repeat_interleave(28, 2).repeat_interleave(28, 3)
    positions = torch.from_numpy(known["gde_head_position"])
    assert close(first.eval().direction(crops, positions), known["gde_direction"])

    third, _ = convert(official(golden, "gazefollow360/layout_full.json"))
    known, networks = np.load(golden / "gazefollow360" / "pipeline.npz"), third.eval()
    inputs = {name: torch.from_numpy(known[name]).float() for name in known}
    distant = torch.cat([inputs["pipe_distant_region"], inputs["pipe_distant_gauss"]], 1)
    local = torch.cat([inputs["pipe_local_region"], inputs["pipe_attention_map"]], 1)
    assert close(networks.distant(distant), known["pipe_dp_distant"])
    assert close(networks.local(local), known["pipe_dp_local"])
    assert close(networks.fusion(inputs["pipe_df_input"]), known["pipe_output"])


def close(value: Tensor, reference: np.ndarray) -> bool:
    expected = torch.from_numpy(reference)
    return bool((value - expected).abs().max() < 1e-4 * expected.abs().max())


@pytest.mark.parametrize(("stage", "missing"), [(1, "distant, fusion, local"), (2, "fusion")])
def test_of_an_earlier_stage_it_is_said_what_is_still_random(
    stages: dict[int, State], stage: int, missing: str
) -> None:
    model, notes = convert(stages[stage])
    assert notes == [f"not in a file of stage {stage}, random values kept: {missing}"]
    start = {1: "", 2: "gde."}[stage]
    given = stages[stage][f"{start}fc_to_gaze.2.weight"]
    assert torch.equal(model.direction.head[2].weight, given)


def test_a_name_missing_unknown_or_of_another_shape_is_told(stages: dict[int, State]) -> None:
    for stage, start in ((1, ""), (2, "gde."), (3, "gde_dp.gde.")):
        name = f"{start}fc_to_gaze.2.weight"
        rest = {k: v for k, v in stages[stage].items() if k != name}
        with pytest.raises(WeightsError, match=r"1 missing: direction\.head\.2\.weight$"):
            convert(rest)
        with pytest.raises(WeightsError, match=r"1 unknown: extra\.bias$"):
            convert(stages[stage] | {"extra.bias": torch.zeros(1)})
        with pytest.raises(WeightsError, match=r"head\.2\.weight \(2, 128\) instead of \(3, 128\)"):
            convert(stages[stage] | {name: torch.zeros(2, 128)})


def test_a_tower_that_is_not_whole_is_refused(stages: dict[int, State]) -> None:
    for stage, name in ((2, "dp.local_conv.8.bias"), (3, "df.8.bias")):
        rest = {k: v for k, v in stages[stage].items() if k != name}
        with pytest.raises(WeightsError, match=r"1 missing: (local|fusion)\.8\.bias"):
            convert(rest)
    without = {k: v for k, v in stages[3].items() if not k.startswith("df.")}
    with pytest.raises(WeightsError, match=r"missing: fusion\."):
        convert(without)


def test_another_checkpoint_is_refused() -> None:
    with pytest.raises(WeightsError, match="not a GazeFollow360 checkpoint"):
        convert({"conv1_scene.weight": torch.zeros(1)})


def test_a_first_stage_starts_a_model_as_released(stages: dict[int, State]) -> None:
    model = gazefollow360(as_released=True)
    (note,) = initialise(model, stages[1])
    assert note.startswith("not in the file, initial values kept: distant.0.bias")
    assert torch.equal(model.direction.backbone.fc.weight, stages[1]["resnet.fc.weight"])


def test_a_corrected_model_takes_the_direction_network_without_x_and_y(
    stages: dict[int, State],
) -> None:
    model = gazefollow360()
    before = {name: tensor.clone() for name, tensor in model.distant.state_dict().items()}
    notes = initialise(model, stages[2])
    assert any("x and y" in note for note in notes)
    assert any("no non-linearities: distant.0.bias" in note for note in notes)
    position = stages[2]["gde.fc_headpostion.0.weight"]
    assert torch.equal(model.direction.position[0].weight, position[:, 2:])
    assert torch.equal(model.direction.head[2].weight, stages[2]["gde.fc_to_gaze.2.weight"])
    assert all(torch.equal(model.distant.state_dict()[name], before[name]) for name in before)


def test_classifiers_of_imagenet_become_the_backbone_with_their_last_layer() -> None:
    state = resnet50().state_dict()
    model = gazefollow360()
    initialise(model, state)
    ours = model.direction.backbone.state_dict()
    assert ours.keys() == state.keys()
    assert all(torch.equal(ours[name], state[name]) for name in state)
    with pytest.raises(WeightsError, match=r"1 unknown: direction\.backbone\.layer9"):
        initialise(model, state | {"layer9.0.weight": torch.zeros(1)})


def test_a_small_model_starts_from_the_face_trunk_of_another() -> None:
    donor = create("pdp-small").state_dict()
    model = gazefollow360_small()
    initialise(model, donor)
    for name, tensor in model.direction.backbone.trunk.state_dict().items():
        assert torch.equal(tensor, donor[f"face_trunk.{name}"])


def test_a_model_starts_from_one_of_its_own_kind() -> None:
    model, other = gazefollow360_small(), gazefollow360_small()
    assert initialise(model, other.state_dict()) == []
    assert torch.equal(model.fusion[0].weight, other.fusion[0].weight)
