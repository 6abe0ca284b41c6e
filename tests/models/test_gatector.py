"""GaTector: where it starts from, what stands for a head, strictness with checkpoints."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from conformance import scene
from released import layout
from torch import Tensor
from torchvision.models import resnet50

from sightline import models
from sightline.geometry.boxes import enlarge
from sightline.models import create, initialise, load
from sightline.models.gatector.convert import convert
from sightline.models.gatector.preprocess import head_regions
from sightline.models.weights import WeightsError, save_weights
from sightline.scene import Scene

TINY = {"width": 4, "blocks": (1, 1, 1, 1, 1), "image_size": 64}
JOINT = {"width": 64, "blocks": (3, 4, 6, 3, 1), "image_size": 64}


@pytest.fixture(scope="module")
def imagenet() -> dict[str, Tensor]:
    torch.manual_seed(0)
    return resnet50(weights=None).state_dict()


def test_pretrained_weights_reach_stems_and_layers(imagenet: dict[str, Tensor]) -> None:
    model = create("gatector", **JOINT, as_released=False)
    notes = initialise(model, imagenet)
    backbone = model.backbone
    for stem in (backbone.scene_stem, backbone.head_stem):
        assert torch.equal(stem[0].weight, imagenet["conv1.weight"])
        assert torch.equal(stem[1].running_var, imagenet["bn1.running_var"])
    assert torch.equal(backbone.layers[2][5].conv2.weight, imagenet["layer3.5.conv2.weight"])
    assert "backbone.head_layer.0.conv1.weight" in notes[0], "what ImageNet cannot give is named"
    assert "backbone.layers" not in notes[0]


def test_the_release_throws_pretrained_weights_away(imagenet: dict[str, Tensor]) -> None:
    model = create("gatector", **JOINT)
    (note,) = initialise(model, imagenet)
    assert "none were kept" in note
    weight = model.backbone.scene_stem[0].weight
    assert not torch.equal(weight, imagenet["conv1.weight"])
    assert weight.std().item() == pytest.approx(0.02, rel=0.1)


def test_the_detector_starts_from_pretrained_weights_too(imagenet: dict[str, Tensor]) -> None:
    sizes = {**JOINT, "as_released": False}
    model = create("gatector-detector", **sizes)
    initialise(model, imagenet)
    assert torch.equal(model.stem[0].weight, imagenet["conv1.weight"])
    assert torch.equal(model.layers[3][2].conv3.weight, imagenet["layer4.2.conv3.weight"])


def test_trunks_of_pdp_become_the_backbone() -> None:
    trunks = create("pdp-small", width=4, blocks=(1, 1, 1, 1, 1), image_size=64).state_dict()
    model = create("gatector-small", **TINY)
    (note,) = initialise(model, trunks)
    backbone = model.backbone.state_dict()
    shared, ends = "layers.2.0.conv2.weight", "layers.4.0.conv1.weight"
    assert torch.equal(backbone[shared], trunks[f"face_trunk.{shared}"])
    assert torch.equal(backbone["head_layer.0.conv1.weight"], trunks[f"face_trunk.{ends}"])
    assert torch.equal(backbone["scene_layer.0.conv1.weight"], trunks[f"scene_trunk.{ends}"])
    filters = trunks["scene_trunk.stem.0.weight"]
    assert torch.equal(backbone["scene_stem.0.weight"], filters[:, :3]), "without the head mask"
    assert "gaze.fusion.weight" in note
    assert "backbone" not in note


def test_trunks_of_another_size_are_refused() -> None:
    trunks = create("pdp-small", width=8, blocks=(1, 1, 1, 1, 1), image_size=64).state_dict()
    with pytest.raises(WeightsError, match="other shape"):
        initialise(create("gatector-small", **TINY), trunks)


def test_a_calm_start_draws_a_nearly_blank_heatmap() -> None:
    torch.manual_seed(3)
    model = create("gatector-small", **TINY).train()
    assert model(model.preprocess([scene(2, 0)])).heatmaps.square().mean() < 0.02


def test_an_unknown_name_in_pretrained_weights_is_told(imagenet: dict[str, Tensor]) -> None:
    model = create("gatector", **JOINT, as_released=False)
    with pytest.raises(WeightsError, match="layer9"):
        initialise(model, imagenet | {"layer9.0.weight": torch.zeros(1)})


@pytest.mark.parametrize("mode", [0, 1])
def test_a_checkpoint_with_a_name_missing_or_unknown_is_refused(golden: Path, mode: int) -> None:
    state = layout(golden, f"gatector/layout_mode{mode}.json")
    missing = {k: v for k, v in state.items() if k != "conv2.1.bn.weight"}
    with pytest.raises(WeightsError, match=r"1 missing: detection\.deep\.after\.1\.1\.weight"):
        convert(missing)
    with pytest.raises(WeightsError, match="1 unknown: conv3"):
        convert(state | {"conv3.weight": torch.zeros(1)})


def test_of_a_checkpoint_of_another_model_it_is_said_what_it_is(golden: Path) -> None:
    state = layout(golden, "gatector/layout_mode0.json")
    message = r"another model than gatector-small: GaTector with \{'width': 64, 'blocks'"
    with pytest.raises(WeightsError, match=message):
        models.convert("gatector-small", state)


def test_another_checkpoint_is_refused() -> None:
    with pytest.raises(WeightsError, match="not a GaTector checkpoint"):
        convert({"conv1_scene.weight": torch.zeros(1)})


def test_the_release_takes_a_window_around_the_eyes_whatever_the_head_box() -> None:
    heads = torch.tensor([[0.4, 0.4, 0.5, 0.6], [0.1, 0.1, 0.2, 0.2]])
    eyes = torch.tensor([[0.5, 0.5], [torch.nan, torch.nan]])
    regions = head_regions(heads, eyes, 0.1, as_released=True)
    assert torch.allclose(regions[0], torch.tensor([0.32, 0.32, 0.683, 0.683]))
    assert torch.equal(regions[1], heads[1]), "eyes used up: the box is the window"
    without = head_regions(heads, None, 0.1, as_released=True)
    assert torch.allclose(without[0], torch.tensor([0.27, 0.32, 0.633, 0.683]))
    ours = head_regions(heads, eyes, 0.1, as_released=False)
    assert torch.equal(ours, enlarge(heads, 0.1))


def test_what_comes_before_a_person_does_not_run_once_per_person() -> None:
    model = create("gatector-small", **TINY).eval()
    counts = []
    model.backbone.scene_stem.register_forward_hook(lambda *call: counts.append(len(call[2])))
    model.predict([scene(3, 0), scene(2, 1)])
    assert counts == [2], "two pictures, five people"


def test_objects_are_found_where_there_is_nobody() -> None:
    model = create("gatector-small", **TINY).eval()
    model.least_score = 0.0
    picture = scene(0, 0).image
    (gaze,) = model.predict([Scene(picture, torch.zeros(0, 4))])
    assert len(gaze) == 0
    assert len(gaze.objects) > 0
    assert gaze.objects.classes[25] == "Head"


def test_the_detector_gives_the_gaze_of_nobody() -> None:
    model = create("gatector-detector", **TINY).eval()
    model.least_score = 0.0
    (gaze,) = model.predict([scene(2, 0)])
    assert len(gaze) == 0
    assert len(gaze.objects) > 0


def test_the_people_do_not_change_the_objects() -> None:
    model = create("gatector-small", **TINY).eval()
    model.least_score = 0.1
    one = scene(3, 0)
    (many,), (lone,) = model.predict([one]), model.predict([replace(one, heads=one.heads[:1])])
    assert torch.allclose(many.objects.boxes, lone.objects.boxes, atol=1e-5)


def test_anchors_and_classes_survive_a_weights_file(tmp_path: Path) -> None:
    model = create("gatector", **TINY, classes=("cup", "hat"), anchors=((3, 4), (5.5, 6)))
    save_weights(model, tmp_path / "w.safetensors", name="gatector")
    again = load("gatector", tmp_path / "w.safetensors", precision="float32")
    assert again.config == model.config
    assert hash(again.config) == hash(model.config), "tuples all the way"
