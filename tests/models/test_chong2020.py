"""The CVPR 2020 baseline: sizes, its memory against PyTorch's LSTM, losses, weights, quirks."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from conformance import scene
from released import layout
from torch import nn

from sightline import models
from sightline.benchmark import find_benchmark
from sightline.models import catalogued, create, initialise
from sightline.models.base import GazeModel
from sightline.models.chong2020 import video
from sightline.models.chong2020.convert import convert
from sightline.models.chong2020.loss import chong2020_loss
from sightline.models.chong2020.recipe import chong2020_gazefollow, chong2020_vat
from sightline.models.chong2020.video import ConvLSTM
from sightline.models.weights import WeightsError, save_weights
from sightline.stage_module import StageModule
from sightline.train import start_from

TINY = {"width": 4, "blocks": (1, 1, 1, 1, 1), "image_size": 64}
UNUSED = 2 * 2 * (2 * 256 + 3 * 512 + 5 * 1024 + 2 * 2048 + 1 * 1024)
"""Parameters of the BatchNorms of bottlenecks without a shortcut, stored and never applied."""


def tiny_video(**overrides: object) -> GazeModel:
    """With a memory and norms that leave a trace, unlike those of a fresh model."""
    model = create("chong2020-video", **TINY, **overrides).eval()
    for parameter in model.lstm.parameters():
        nn.init.normal_(parameter, std=0.3)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    return model


def heatmaps(model: GazeModel, frames: list) -> torch.Tensor:
    return torch.stack([gaze.heatmaps for gaze in model.predict(frames)])


@pytest.mark.parametrize(
    ("name", "expected"), [("chong2020", 61_451_706), ("chong2020-video", 99_277_242 - UNUSED)]
)
def test_the_parameter_counts_are_those_of_the_release(name: str, expected: int) -> None:
    with torch.device("meta"):
        model = create(name)
    assert sum(p.numel() for p in model.parameters()) == expected


def test_on_maps_of_one_place_the_memory_is_an_ordinary_lstm() -> None:
    ours, oracle = ConvLSTM(6).eval(), nn.LSTM(6, 6, num_layers=2)
    with torch.no_grad():
        for number, layer in enumerate(ours.layers):
            for part, name in ((layer.input, "ih"), (layer.hidden, "hh")):
                weight = getattr(oracle, f"weight_{name}_l{number}")
                part.weight[:, :, 1, 1] = weight  # the rest of the kernel meets padding only
                part.bias.copy_(getattr(oracle, f"bias_{name}_l{number}"))
    codes, hidden, cell = torch.randn(4, 3, 6), torch.randn(2, 3, 6), torch.randn(2, 3, 6)
    expected, after = oracle(codes, (hidden, cell))
    found, state = ours(codes[..., None, None], (hidden[..., None, None], cell[..., None, None]))
    torch.testing.assert_close(found[..., 0, 0], expected)
    for one, other in zip(state, after, strict=True):
        torch.testing.assert_close(one[..., 0, 0], other)


def test_a_state_that_is_carried_on_makes_two_parts_one_whole() -> None:
    lstm = ConvLSTM(4).eval()
    codes = torch.randn(5, 2, 4, 3, 3)
    whole, _ = lstm(codes)
    first, state = lstm(codes[:2])
    second, _ = lstm(codes[2:], state)
    torch.testing.assert_close(torch.cat([first, second]), whole)


def test_in_training_half_of_the_first_layer_is_dropped() -> None:
    seen = []
    lstm = ConvLSTM(8).train()
    lstm.layers[1].register_forward_hook(lambda _, inputs, __: seen.append(inputs[0]))
    lstm(torch.randn(4, 4, 8, 5, 5))
    assert (seen[0] == 0).float().mean().item() == pytest.approx(0.5, abs=0.05)


def test_a_frame_knows_of_those_before_it_only() -> None:
    model = tiny_video()
    frames = [scene(1, seed) for seed in range(4)]
    other = [*frames]
    other[2] = replace(frames[2], image=255 - frames[2].image)
    differs = (heatmaps(model, frames) - heatmaps(model, other)).abs().amax((1, 2, 3)) > 1e-6
    assert differs.tolist() == [False, False, True, True]


def test_long_clips_go_through_the_trunks_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny_video()
    frames = [scene(2, seed) for seed in range(7)]
    whole = heatmaps(model, frames)
    monkeypatch.setattr(video, "PEOPLE_AT_ONCE", 4)
    most = []
    model.face_trunk.register_forward_hook(lambda _, inputs, __: most.append(len(inputs[0])))
    torch.testing.assert_close(heatmaps(model, frames), whole, atol=1e-5, rtol=1e-4)
    assert most == [4, 4, 4, 2]


def test_a_lone_frame_is_as_released_or_as_the_first_of_many() -> None:
    frames = [scene(1, seed) for seed in range(2)]
    model = tiny_video(as_released=False)
    many, lone = heatmaps(model, frames)[0], heatmaps(model, frames[:1])[0]
    torch.testing.assert_close(lone, many, atol=1e-5, rtol=1e-4)
    model.config = replace(model.config, as_released=True)
    assert not torch.allclose(heatmaps(model, frames[:1])[0], many, atol=1e-3)
    assert torch.allclose(heatmaps(model, frames)[0], many), "nothing stays skipped"


def test_the_heatmap_loss_is_the_mean_over_people_who_look_inside() -> None:
    model = create("chong2020", **TINY).eval()
    batch = model.preprocess([scene(3, 0), scene(3, 1)])
    assert batch.truth.inside.tolist() == [1, 1, 0] * 2
    together = chong2020_loss(model, batch)["heatmap"]
    rows = batch.truth.inside.nonzero()[:, 0]
    some = replace(
        batch,
        heads=batch.heads[rows],
        image_of=batch.image_of[rows],
        crops=batch.crops[rows],
        truth=replace(
            batch.truth, points=batch.truth.points[rows], inside=batch.truth.inside[rows]
        ),
    )
    torch.testing.assert_close(chong2020_loss(model, some)["heatmap"], together)


def test_the_inside_loss_is_the_cross_entropy_of_all_people() -> None:
    model = create("chong2020", **TINY).eval()
    batch = model.preprocess([scene(3, 0)])
    p = model(batch).inside.sigmoid()
    expected = -(p[0].log() + p[1].log() + (1 - p[2]).log()) / 3
    terms = chong2020_loss(model, batch, inside_weight=2.0)
    assert terms["inside"].item() == pytest.approx(2 * expected.item(), rel=1e-5)


@pytest.mark.parametrize("inside", [0.0, torch.nan])
def test_a_batch_without_heatmap_targets_leaves_finite_gradients(inside: float) -> None:
    model = create("chong2020", **TINY).train()
    batch = model.preprocess([scene(3, 0)])
    batch.truth.inside[:] = inside
    terms = chong2020_loss(model, batch)
    sum(terms.values()).backward()
    assert terms["heatmap"].item() == 0
    assert (terms["inside"].item() == 0) == (inside != 0)
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())


def test_conversion_lists_the_names_that_differ(golden: Path) -> None:
    official = layout(golden, "chong2020/spatial_layout.json")
    del official["fc_inout.bias"]
    official["surprise.weight"] = torch.zeros(1)
    official["conv4.bias"] = torch.zeros(7)
    with pytest.raises(WeightsError) as error:
        convert(official)
    for name in ("inside_head.7.bias", "surprise.weight", "decoder.9.bias (7,)"):
        assert name in str(error.value)


def test_conversion_refuses_another_network(golden: Path) -> None:
    with pytest.raises(WeightsError, match="not a checkpoint of Chong et al"):
        convert(layout(golden, "pdp/spatial_nodepth_layout.json"))


def test_the_scores_on_video_are_of_the_papers_own_protocol() -> None:
    benchmark = catalogued("chong2020-video.vat").benchmark
    assert benchmark is not None
    assert find_benchmark(benchmark).protocol.startswith("Chong et al. 2020")


def test_of_a_checkpoint_of_pictures_it_is_said_that_it_is_no_video_model(golden: Path) -> None:
    with pytest.raises(WeightsError, match="another model than chong2020-video: Chong2020 with"):
        models.convert("chong2020-video", layout(golden, "chong2020/spatial_layout.json"))


def test_video_starts_from_an_official_checkpoint_of_pictures(golden: Path) -> None:
    official = layout(golden, "chong2020/spatial_layout.json")
    model = create("chong2020-video")
    (note,) = initialise(model, official)
    state = model.state_dict()
    assert torch.equal(
        state["face_trunk.layers.2.1.conv2.weight"], official["layer3_face.1.conv2.weight"]
    )
    assert "lstm.layers.0.input.weight" in note
    assert "scene_trunk.layers.0.0.downsample.2.weight" in note
    assert note.count("weight") == 4 + 10, "a ConvLSTM of two layers and ten shortcuts are new"


def test_video_starts_from_weights_of_ours(tmp_path: Path) -> None:
    picture = create("chong2020", **TINY)
    save_weights(picture, tmp_path / "w.safetensors", name="chong2020")
    model = create("chong2020-video", **TINY)
    _, note = start_from(model, "chong2020-video", tmp_path / "w.safetensors")
    assert "lstm.layers.1.hidden.bias" in note
    state = model.state_dict()
    assert all(torch.equal(state[name], t) for name, t in picture.state_dict().items())


def test_pictures_do_not_start_from_video() -> None:
    with pytest.raises(WeightsError, match=r"unknown: .*downsample\.2"):
        initialise(create("chong2020", **TINY), create("chong2020-video", **TINY).state_dict())


def test_training_on_video_touches_memory_decoder_and_the_last_inside_layer() -> None:
    (stage,) = chong2020_vat().stages
    model = create("chong2020-video", **TINY)
    StageModule(model, stage, None, Path(), seed=1, workers=0).on_train_epoch_start()
    norms = {
        id(p) for m in model.modules() if isinstance(m, nn.BatchNorm2d) for p in m.parameters()
    }
    for name, parameter in model.named_parameters():
        trained = name.startswith(("lstm.", "decoder.")) and id(parameter) not in norms
        trained |= name in ("inside_head.7.weight", "inside_head.7.bias")
        assert parameter.requires_grad == trained, name
    assert not any(m.training for m in model.modules() if isinstance(m, nn.BatchNorm2d))
    others, last = stage.optimizer(model).param_groups
    assert (others["lr"], last["lr"], len(last["params"])) == (5e-5, 2.5e-4, 2)
    held = {id(p) for group in (others, last) for p in group["params"]}
    assert held == {id(p) for p in model.parameters() if p.requires_grad}


def test_the_recipes_have_the_published_numbers() -> None:
    (picture,), (clips,) = chong2020_gazefollow().stages, chong2020_vat().stages
    (group,) = picture.optimizer(create("chong2020", **TINY)).param_groups
    assert (group["lr"], picture.epochs, picture.batch_size) == (2.5e-4, 70, 48)
    assert (clips.epochs, clips.batch_size, picture.schedule, clips.schedule) == (3, 16, None, None)
