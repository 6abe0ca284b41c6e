"""PDP on video: what the frames of a window tell one another, and what training touches."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from conformance import clip, scene
from torch import nn

from sightline.models import create
from sightline.models.base import GazeModel
from sightline.models.pdp.recipe import pdp_vat, pdp_vat_nodepth
from sightline.models.weights import save_weights
from sightline.stage_module import StageModule
from sightline.train import start_from

TINY = {"width": 4, "blocks": (1, 1, 1, 1, 1), "image_size": 64}
UNUSED = 513 + 51 + 2 * (50 * 50 + 50)
"""Parameters that the release stores and never uses: a convolution, its in/out layer, and the value
and output projections of the attention between frames."""


def video(**overrides: object) -> GazeModel:
    return create("pdp-video-nodepth", **TINY, **overrides).eval()


def changes(model: GazeModel, frame: int) -> list[bool]:
    """In which frames the heatmap changes when the picture of `frame` does."""
    before = [scene(1, seed) for seed in range(5)]
    after = [*before]
    after[frame] = replace(before[frame], image=255 - before[frame].image)
    pairs = zip(model.predict(before), model.predict(after), strict=True)
    return [not torch.allclose(a.heatmaps, b.heatmaps, atol=1e-6) for a, b in pairs]


@pytest.mark.parametrize(
    ("name", "published"), [("pdp-video", 61_976_286), ("pdp-video-nodepth", 61_934_734)]
)
def test_the_parameter_counts_are_those_of_the_release(name: str, published: int) -> None:
    with torch.device("meta"):
        model = create(name)
    assert sum(p.numel() for p in model.parameters()) == published - UNUSED


def test_every_frame_of_a_window_sees_all_five() -> None:
    model = video(calm_start=True)
    assert changes(model, 4) == changes(model, 0) == [True] * 5


def test_without_temporal_attention_frames_know_nothing_of_each_other() -> None:
    model = video(calm_start=True, temporal=False)
    assert changes(model, 4) == [False, False, False, False, True]
    assert not any(name.startswith("temporal.") for name, _ in model.named_parameters())


def test_without_temporal_attention_any_number_of_frames_is_taken() -> None:
    assert len(video(temporal=False).predict([scene(1, seed) for seed in range(3)])) == 3


def test_scenes_that_are_no_whole_windows_are_refused() -> None:
    with pytest.raises(ValueError, match="7 scenes are no whole clips: this model sees 5"):
        video().predict([scene(1, seed) for seed in range(7)])


@pytest.mark.parametrize("name", ["pdp-video", "pdp-video-nodepth"])
def test_training_leaves_trunks_attention_and_all_norms_as_they_are(name: str) -> None:
    recipe = {"pdp-video": pdp_vat, "pdp-video-nodepth": pdp_vat_nodepth}[name]()
    assert recipe.model == name
    (stage,) = recipe.stages
    model = create(name, **TINY)
    StageModule(model, stage, None, Path(), seed=1, workers=0).on_train_epoch_start()
    norms = {
        id(p) for m in model.modules() if isinstance(m, nn.BatchNorm2d) for p in m.parameters()
    }
    untouched = ("scene_trunk.", "face_trunk.", "scene_attention.")
    for parameter_name, parameter in model.named_parameters():
        frozen = parameter_name.startswith(untouched) or id(parameter) in norms
        assert parameter.requires_grad != frozen, parameter_name
    assert not any(m.training for m in model.modules() if isinstance(m, nn.BatchNorm2d))
    optimizer = stage.optimizer(model)
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    assert held == {id(p) for p in model.parameters() if p.requires_grad}
    assert [group["lr"] for group in optimizer.param_groups] == [5e-5]


def test_the_recipe_for_video_is_the_published_one() -> None:
    (stage,) = pdp_vat().stages
    assert (stage.epochs, stage.batch_size) == (5, 16)
    assert stage.schedule.keywords == {"milestones": [3], "gamma": 0.5}
    assert stage.loss.keywords == {"heatmap_weight": 5_000.0, "patch_weight": 40.0}


def test_video_starts_from_the_weights_of_pictures(tmp_path: Path) -> None:
    picture = create("pdp-nodepth", **TINY)
    save_weights(picture, tmp_path / "w.safetensors", name="pdp-nodepth")
    model = video()
    fresh = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    notes = start_from(model, "my_recipe.py:own_size", tmp_path / "w.safetensors")
    temporal = {name for name in fresh if name.startswith("temporal.")}
    assert notes == [
        "weights from w.safetensors",
        f"not in the file, initial values kept: {', '.join(sorted(temporal))}",
    ]
    given = picture.state_dict()
    assert given.keys() == fresh.keys() - temporal
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, fresh[name] if name in temporal else given[name]), name


def test_several_people_of_a_clip_are_predicted_as_each_alone() -> None:
    model = video(calm_start=True)
    frames = clip(model, 3, 0)
    together = model.predict(frames)
    for person in range(3):
        alone = model.predict([replace(s, heads=s.heads[[person]], truth=None) for s in frames])
        for gaze, lone in zip(together, alone, strict=True):
            difference = (gaze.heatmaps[person] - lone.heatmaps[0]).abs().max()
            assert difference < 1e-4 * lone.heatmaps.abs().max()
