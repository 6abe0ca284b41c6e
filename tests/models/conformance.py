"""What every model of the house must do; a dozen lines per model in `test_conformance.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from sightline.batch import Batch
from sightline.models import create
from sightline.models.base import GazeModel
from sightline.models.weights import read_state, save_weights
from sightline.scene import Scene, Truth


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
    return Scene(
        torch.randint(0, 256, (3, height, width), generator=generator, dtype=torch.uint8),
        heads,
        depth=torch.rand(1, height, width, generator=generator),
        truth=Truth(points, inside),
        key=f"scene {seed}",
    )


def check_shapes_and_ranges(case: Case, _: Path) -> None:
    for gaze, people in zip(case.model().predict([scene(2, 0), scene(1, 1)]), (2, 1), strict=True):
        assert gaze.heads.shape == (people, 4)
        assert gaze.points.shape == (people, 2)
        assert gaze.heatmaps.ndim == 3
        assert ((gaze.points >= 0) & (gaze.points <= 1)).all()
        if gaze.inside is not None:
            assert ((gaze.inside >= 0) & (gaze.inside <= 1)).all()


def check_no_people(case: Case, _: Path) -> None:
    alone, empty = case.model().predict([scene(1, 0), scene(0, 1)])
    assert (len(alone), len(empty)) == (1, 0)
    assert len(case.model().predict([scene(0, 1)])[0]) == 0
    assert case.model().predict([]) == []


def check_people_in_another_order(case: Case, _: Path) -> None:
    one = scene(3, 0)
    order = torch.tensor([2, 0, 1])
    other = Scene(one.image, one.heads[order], depth=one.depth)
    (a,), (b,) = case.model().predict([one]), case.model().predict([other])
    torch.testing.assert_close(a.heatmaps[order], b.heatmaps, atol=1e-5, rtol=1e-4)


def check_a_batch_equals_its_parts(case: Case, _: Path) -> None:
    scenes = [scene(2, 0), scene(1, 1), scene(3, 2)]
    together = case.model().predict(scenes)
    for gaze, single in zip(together, scenes, strict=True):
        (alone,) = case.model().predict([single])
        torch.testing.assert_close(gaze.heatmaps, alone.heatmaps, atol=1e-5, rtol=1e-4)


def check_losses_reach_all_trainable_parameters(case: Case, _: Path) -> None:
    for loss in case.losses:
        model = case.model().train()
        sum(loss(model, model.preprocess([scene(2, 0), scene(3, 1)])).values()).backward()
        unreached = [name for name, p in model.named_parameters() if p.grad is None]
        assert unreached == []


def check_save_and_load(case: Case, folder: Path) -> None:
    model = case.model()
    save_weights(model, folder / "w.safetensors", name=case.name)
    state, metadata = read_state(folder / "w.safetensors")
    assert metadata["model"] == case.name
    other = create(case.name, **case.reduced)
    other.load_state_dict(state)
    (a,), (b,) = model.predict([scene(1, 0)]), other.predict([scene(1, 0)])
    assert torch.equal(a.heatmaps, b.heatmaps)


def check_config_round_trip(case: Case, _: Path) -> None:
    model = case.model()
    again = type(model)(type(model.config)(**asdict(model.config)))
    assert again.config == model.config
    again.load_state_dict(model.state_dict())


CHECKS = tuple(value for name, value in list(globals().items()) if name.startswith("check_"))
