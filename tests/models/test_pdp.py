"""PDP: sizes, initial weights, labels, quirks, and that the code can learn."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from conformance import scene
from released import layout

from sightline.batch import Batch
from sightline.models import create, initialise
from sightline.models.pdp.convert import convert
from sightline.models.pdp.loss import pdp_loss
from sightline.models.pdp.model import PDPOutput, pdp
from sightline.models.pdp.recipe import pdp_gazefollow, pdp_gazefollow_nodepth
from sightline.models.weights import WeightsError
from sightline.scene import Scene

TINY = {"width": 4, "blocks": (1, 1, 1, 1, 1), "image_size": 64}
UNUSED = 513  # parameters of compress_conv1_inout, which the release stores and never uses


@pytest.mark.parametrize(("name", "published"), [("pdp", 61_651_416), ("pdp-nodepth", 61_609_864)])
def test_the_parameter_counts_are_those_of_the_release(name: str, published: int) -> None:
    assert sum(p.numel() for p in create(name).parameters()) == published - UNUSED


def test_initial_weights_without_depth_fill_the_documented_positions(golden: Path) -> None:
    official = layout(golden, "pdp/spatial_nodepth_layout.json")
    model = pdp()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    notes = " ".join(initialise(model, official))
    after = model.state_dict()
    conv, old = after["scene_trunk.stem.0.weight"], official["conv1_scene.weight"]
    assert torch.equal(conv[:, :3], old[:, :3])
    assert torch.equal(conv[:, 4], old[:, 3])
    assert torch.equal(conv[:, 3], before["scene_trunk.stem.0.weight"][:, 3])
    columns, attn = after["scene_attention.linear.weight"], official["attn.weight"]
    assert torch.equal(columns[:, :784], attn[:, :784])
    assert torch.equal(columns[:, 1568:], attn[:, 784:])
    assert torch.equal(columns[:, 784:1568], before["scene_attention.linear.weight"][:, 784:1568])
    assert "channel 3 (depth)" in notes
    assert "columns 784-1567 (depth)" in notes


@pytest.mark.parametrize("depth", [True, False])
def test_the_cvpr_2020_baseline_serves_as_initial_weights(golden: Path, depth: bool) -> None:
    official = layout(golden, "chong2020/spatial_layout.json")
    model = pdp(depth=depth)
    notes = " ".join(initialise(model, official))
    state = model.state_dict()
    assert torch.equal(
        state["face_trunk.layers.2.1.conv2.weight"], official["layer3_face.1.conv2.weight"]
    )
    assert torch.equal(state["heatmap_head.8.weight"], official["deconv3.weight"])
    assert "tokens.qkv.weight" in notes, "what keeps random values is named"
    assert "fc_inout.weight" in notes, "what is left out is named"


def test_conversion_lists_the_names_that_differ(golden: Path) -> None:
    official = layout(golden, "pdp/spatial_nodepth_layout.json")
    del official["qkv_proj.bias"]
    official["surprise.weight"] = torch.zeros(1)
    official["conv4.bias"] = torch.zeros(7)
    with pytest.raises(WeightsError) as error:
        convert(official)
    for name in ("tokens.qkv.bias", "surprise.weight", "heatmap_head.11.bias (7,)"):
        assert name in str(error.value)


def test_conversion_refuses_another_network() -> None:
    with pytest.raises(WeightsError, match="conv1_scene"):
        convert({"layer.weight": torch.zeros(1)})


def test_a_scene_without_depth_is_refused_by_the_model_with_depth() -> None:
    plain = replace(scene(1, 0), depth=None)
    with pytest.raises(ValueError, match="pdp-nodepth"):
        create("pdp", **TINY).predict([plain])


def test_a_person_without_a_box_is_refused() -> None:
    one = scene(1, 0)
    nobody = Scene(one.image, torch.full((1, 4), torch.nan), key="photo.jpg")
    with pytest.raises(ValueError, match=r"photo\.jpg: a person has no head box"):
        create("pdp-nodepth", **TINY).predict([nobody])


def test_a_box_of_another_world_is_refused_before_it_eats_the_memory() -> None:
    far = Scene(scene(1, 0).image, torch.tensor([[0.0, 0, 9e6, 9e6]]), key="photo.jpg")
    with pytest.raises(ValueError, match="far outside the picture of 96 x 64"):
        create("pdp-nodepth", **TINY).predict([far])


def test_odd_head_boxes_are_predicted() -> None:
    one = scene(1, 0)
    heads = torch.tensor([[-30.0, -20, 10, 10], [500, 500, 600, 600], [5, 5, 5, 5]])
    (gaze,) = create("pdp-nodepth", **TINY).predict([Scene(one.image, heads)])
    assert gaze.points.isfinite().all()


def test_the_head_crop_is_black_outside_the_picture() -> None:
    white = Scene(
        torch.full((3, 40, 40), 255, dtype=torch.uint8), torch.tensor([[-40.0, 0, 40, 40]])
    )
    model = create("pdp-nodepth", **TINY, head_margin=0.0)
    crop = model.preprocess([white]).crops[0, 0]
    assert crop[:, :28].max() < 0 < crop[:, 36:].min()


def test_released_points_lie_on_cell_corners_and_ours_in_the_middle_of_the_mass() -> None:
    heatmaps = torch.zeros(1, 16, 16)
    heatmaps[0, 3, 5] = 1
    batch = Batch(torch.zeros(1, 3, 1, 1), torch.zeros(1, 4), torch.zeros(1, dtype=torch.long))
    output = PDPOutput(heatmaps, torch.zeros(1, 5))
    for as_released, shift in ((True, 0.0), (False, 0.5)):
        model = create("pdp-nodepth", **TINY, as_released=as_released)
        (gaze,) = model.decode(output, batch)
        assert gaze.points[0].tolist() == pytest.approx([(5 + shift) / 16, (3 + shift) / 16])


def test_the_loss_of_unlabelled_people_is_zero_and_leaves_finite_gradients() -> None:
    model = create("pdp-nodepth", **TINY).train()
    batch = model.preprocess([scene(2, 0)])
    batch.truth.inside[:] = torch.nan
    loss = sum(pdp_loss(model, batch).values())
    loss.backward()
    assert loss.item() == 0
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())


def test_people_who_look_outside_are_part_of_both_losses() -> None:
    model = create("pdp-nodepth", **TINY).train()
    batch = model.preprocess([scene(2, 0)])
    batch.truth.inside[:] = 0
    assert all(term > 0 for term in pdp_loss(model, batch).values())


def test_the_recipes_are_the_published_ones() -> None:
    (depth,), (plain,) = pdp_gazefollow().stages, pdp_gazefollow_nodepth().stages
    optimizer = depth.optimizer(create("pdp-nodepth", **TINY))
    rates = [group["lr"] for group in optimizer.param_groups]
    assert rates == [2.5e-4, 1.25e-4]
    assert len(optimizer.param_groups[1]["params"]) == 2
    assert (depth.epochs, depth.batch_size, plain.epochs) == (35, 80, 35)
    assert depth.schedule.keywords == {"milestones": [18, 22, 28], "gamma": 0.2}
    assert plain.schedule.keywords == {"milestones": [15, 22, 30], "gamma": 0.2}
    assert plain.loss.keywords == {"patch_weight": 40.0}


def test_the_code_overfits_one_batch() -> None:
    torch.manual_seed(0)
    model = create("pdp-nodepth", width=16, blocks=(1, 1, 1, 1, 1), image_size=96).train()
    batch = model.preprocess([scene(3, seed, (96, 96)) for seed in range(2)])
    optimizer = torch.optim.Adam(model.parameters(), 2e-3)
    for _ in range(100):
        optimizer.zero_grad()
        sum(pdp_loss(model, batch).values()).backward()
        optimizer.step()
    with torch.no_grad():  # statistics of this very batch: six people are few
        gazes = model.decode(model(batch), batch)
    points = torch.cat([gaze.points for gaze in gazes])
    inside = torch.cat([gaze.inside for gaze in gazes])
    looks_inside = batch.truth.inside == 1
    distance = (points - batch.truth.points[:, 0]).norm(dim=-1)[looks_inside]
    assert distance.max() < 0.1
    assert inside[looks_inside].min() > 0.5 > inside[~looks_inside].max()
