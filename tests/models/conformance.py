"""What every model of the house must do; a dozen lines per model in `test_conformance.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor

from sightline.batch import Batch
from sightline.gaze import Gaze
from sightline.models import create
from sightline.models.base import GazeModel
from sightline.models.weights import read_state, save_weights
from sightline.scene import Clip, Objects, Scene, Truth


@dataclass(frozen=True)
class Case:
    """A model at reduced size and the losses of its stages."""

    name: str
    reduced: dict[str, object]
    losses: tuple[Callable[[GazeModel, Batch], dict[str, Tensor]], ...]

    def model(self) -> GazeModel:
        torch.manual_seed(1)
        return create(self.name, **self.reduced).eval()


def scene(people: int, seed: int, size: tuple[int, int] = (96, 64)) -> Scene:
    generator = torch.Generator().manual_seed(seed)
    width, height = size
    corners = torch.rand(people, 2, generator=generator) * 0.6
    heads = torch.cat([corners, corners + 0.3], 1) * torch.tensor([width, height] * 2)
    points = torch.rand(people, 1, 2, generator=generator) * torch.tensor([width, height])
    inside = (torch.arange(people) % 3 != 2).float()
    points[inside == 0] = torch.nan
    corners = torch.rand(4, 2, generator=generator) * 0.7
    boxes = torch.cat([corners, corners + 0.2], 1) * torch.tensor([width, height] * 2)
    gaze_object = torch.where(inside == 1, torch.arange(people) % 4, -1)
    return Scene(
        torch.randint(0, 256, (3, height, width), generator=generator, dtype=torch.uint8),
        heads,
        depth=torch.rand(1, height, width, generator=generator),
        objects=Objects(boxes, torch.tensor([1, 2, 3, 1]), torch.ones(4)),
        truth=Truth(points, inside, gaze_object),
        key=f"scene {seed}",
    )


def clip(model: GazeModel, people: int, seed: int) -> Clip:
    """As many scenes of the same people as the model sees together, or a few if it takes any."""
    frames = model.clip_length or 3
    scenes = [scene(people, 100 * seed + frame) for frame in range(frames)]
    return [replace(one, projection=model.projections[0]) for one in scenes]


def people_of(scene: Scene, rows: Tensor) -> Scene:
    """The scene with some of its people, without labels."""
    return replace(scene, heads=scene.heads[rows], objects=None, truth=None)


def predict(model: GazeModel, *clips: Clip) -> list[list[Gaze]]:
    """The gaze of each clip; where a clip has any length, each is predicted by itself."""
    if model.clip_length is None:
        return [model.predict(frames) for frames in clips]
    gazes = iter(model.predict([scene for frames in clips for scene in frames]))
    return [list(islice(gazes, len(frames))) for frames in clips]


def assert_same(one: Tensor, other: Tensor) -> None:
    """Up to rounding, which goes with the largest value."""
    assert (one - other).abs().max() <= 1e-4 * other.abs().max()


def check_shapes_and_ranges(case: Case, _: Path) -> None:
    model = case.model()
    two, one = predict(model, clip(model, 2, 0), clip(model, 1, 1))
    for gaze, people in [*((gaze, 2) for gaze in two), *((gaze, 1) for gaze in one)]:
        assert gaze.heads.shape == (people, 4)
        assert gaze.points.shape == (people, 2)
        assert gaze.heatmaps.ndim == 3
        assert ((gaze.points >= 0) & (gaze.points <= 1)).all()
        if gaze.inside is not None:
            assert ((gaze.inside >= 0) & (gaze.inside <= 1)).all()


def check_no_people(case: Case, _: Path) -> None:
    model = case.model()
    alone, empty = predict(model, clip(model, 1, 0), clip(model, 0, 1))
    assert {len(gaze) for gaze in alone} == {1}
    assert {len(gaze) for gaze in empty} == {0}
    assert len(model.predict(clip(model, 0, 1))[0]) == 0
    assert model.predict([]) == []


def check_people_in_another_order(case: Case, _: Path) -> None:
    model = case.model()
    one = clip(model, 3, 0)
    order = torch.tensor([2, 0, 1])
    other = [people_of(s, order) for s in one]
    for a, b in zip(model.predict(one), model.predict(other), strict=True):
        assert_same(a.heatmaps[order], b.heatmaps)


def check_a_batch_equals_its_parts(case: Case, _: Path) -> None:
    model = case.model()
    clips = [clip(model, 2, 0), clip(model, 1, 1), clip(model, 3, 2)]
    for gazes, frames in zip(predict(model, *clips), clips, strict=True):
        for person in range(len(frames[0])):
            lone = [people_of(s, torch.tensor([person])) for s in frames]
            for gaze, alone in zip(gazes, model.predict(lone), strict=True):
                assert_same(gaze.heatmaps[person], alone.heatmaps[0])


def check_losses_reach_all_trainable_parameters(case: Case, _: Path) -> None:
    for loss in case.losses:
        model = case.model().train()
        sum(loss(model, model.preprocess(clip(model, 5, 0))).values()).backward()
        unreached = [name for name, p in model.named_parameters() if p.grad is None]
        assert unreached == []


def check_people_who_do_not_count_are_in_no_loss(case: Case, _: Path) -> None:
    for loss in case.losses:
        model = case.model()
        batch = model.preprocess(clip(model, 4, 0))
        truth = batch.truth
        assert truth is not None
        truth.counted = counted = torch.arange(len(batch)) % 2 == 0
        before = sum(loss(model, batch).values())
        for people, same in ((~counted, True), (counted, False)):
            truth.inside[people] = 1 - truth.inside[people]
            truth.points[people] = 0.5
            assert torch.equal(sum(loss(model, batch).values()), before) == same


def check_save_and_load(case: Case, folder: Path) -> None:
    model = case.model()
    save_weights(model, folder / "w.safetensors", name=case.name)
    state, metadata = read_state(folder / "w.safetensors")
    assert metadata["model"] == case.name
    other = create(case.name, **case.reduced)
    other.load_state_dict(state)
    frames = clip(model, 1, 0)
    (a, *_), (b, *_) = model.predict(frames), other.predict(frames)
    assert torch.equal(a.heatmaps, b.heatmaps)


def check_config_round_trip(case: Case, _: Path) -> None:
    model = case.model()
    again = type(model)(type(model.config)(**asdict(model.config)))
    assert again.config == model.config
    again.load_state_dict(model.state_dict())


CHECKS = tuple(value for name, value in list(globals().items()) if name.startswith("check_"))
