"""From pictures to scores: what a metric is, a row per person, means with confidence intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from sightline.gaze import Gaze
from sightline.geometry.boxes import to_unit
from sightline.scene import Scene, Truth


def mean(values: Tensor, weights: Tensor) -> Tensor:
    """Means (R,) of one value per person (N,) under weights (R, N)."""
    return weights @ values / weights.sum(-1)


@dataclass(frozen=True)
class Metric:
    """One published definition of a score.

    id: protocol, quantity and variant; saved with every result.
    columns: K functions (gaze, scene) -> (P,), what each person contributes; NaN for nothing.
    pool: the K columns (N,) and weights (R, N) of the people -> R scores (R,).
    """

    id: str
    description: str
    better: Literal["higher", "lower"]
    columns: tuple[Callable[[Gaze, Scene], Tensor], ...]
    pool: Callable[..., Tensor] = mean


@dataclass(frozen=True)
class Score:
    """A score over `n` people with its 95 % bootstrap interval; NaN when n is 0.

    A score of a whole set is over `n` pictures and has no interval (NaN).
    """

    value: float
    n: int
    low: float
    high: float


@dataclass(frozen=True)
class SetMetric:
    """Scores of all pictures together, such as the average precision of boxes.

    descriptions: id -> definition; a high value is good.
    keep: (gaze, scene) -> what is needed of a picture.
    compute: what was kept of all pictures -> id -> value, NaN where it is undefined.
    """

    descriptions: Mapping[str, str]
    keep: Callable[[Gaze, Scene], Any]
    compute: Callable[[list[Any]], dict[str, float]]


@dataclass
class Measured:
    """What pictures contribute to scores.

    people: metric id -> (N, K), what every counted person contributes, people in order.
    pictures: of each set metric what was kept of every picture.
    """

    people: dict[str, Tensor]
    pictures: list[list[Any]]


def measure(
    metrics: Sequence[Metric],
    pairs: Iterable[tuple[Gaze, Scene]],
    set_metrics: Sequence[SetMetric] = (),
) -> Measured:
    """What each picture contributes to every metric."""
    parts: dict[str, list[Tensor]] = {m.id: [torch.empty(0, len(m.columns))] for m in metrics}
    pictures: list[list[Any]] = [[] for _ in set_metrics]
    for gaze, scene in pairs:
        counted = _counted(gaze, scene) if metrics else None
        for metric in metrics:
            values = torch.stack([column(gaze, scene) for column in metric.columns], -1)
            parts[metric.id].append(values[counted])
        for kept, metric in zip(pictures, set_metrics, strict=True):
            kept.append(metric.keep(gaze, scene))
    people = {name: torch.cat(values).double() for name, values in parts.items()}
    return Measured(people, pictures)


def join(parts: Sequence[Measured]) -> Measured:
    """The parts of several batches or processes as one."""
    people = {name: torch.cat([part.people[name] for part in parts]) for name in parts[0].people}
    pictures = zip(*(part.pictures for part in parts), strict=True)
    return Measured(people, [[one for kept in of for one in kept] for of in pictures])


def _counted(gaze: Gaze, scene: Scene) -> Tensor:
    """Mask (P,) of the people to score, after checking that prediction and scene fit."""
    counted = truth_of(scene).counted
    if len(gaze) != len(scene):
        raise ValueError(
            f"Scene {scene.key!r} has {len(scene)} people but the prediction has {len(gaze)}; "
            "predict again with the heads of this dataset."
        )
    if gaze.points.isnan().any() or gaze.heatmaps.isnan().any():  # would quietly not be scored
        raise ValueError(
            f"Scene {scene.key!r}: a predicted point or heatmap is NaN; check the model's output."
        )
    return torch.ones(len(scene), dtype=torch.bool) if counted is None else counted.bool()


def score(
    metrics: Sequence[Metric], measured: Measured, set_metrics: Sequence[SetMetric] = ()
) -> dict[str, Score]:
    """The score of each metric from what all pictures contribute.

    Scores of whole sets have no interval: each resample would be a run of its own.
    """
    scores = {m.id: summarise(measured.people[m.id], m.pool) for m in metrics}
    for metric, kept in zip(set_metrics, measured.pictures, strict=True):
        values = metric.compute(kept)
        scores |= {i: Score(values[i], len(kept), torch.nan, torch.nan) for i in values}
    return scores


def summarise(
    people: Tensor, pool: Callable[..., Tensor] = mean, *, resamples: int = 1000, seed: int = 0
) -> Score:
    """Pool people (N, K), those with NaN left out, with a percentile bootstrap over people.

    People are drawn one by one although those of one picture or video resemble each other: where a
    picture holds several, the interval is too narrow.
    """
    people = people[~people.isnan().any(-1)].double()
    n = len(people)
    if n == 0:
        return Score(torch.nan, 0, torch.nan, torch.nan)
    values = people.unbind(-1)
    generator = torch.Generator().manual_seed(seed)
    at_once = max(1, 1_000_000 // n)  # bounds the memory for any n
    drawn = [
        pool(*values, _resample(min(at_once, resamples - start), n, generator))
        for start in range(0, resamples, at_once)
    ]
    low, high = torch.cat(drawn).nanquantile(people.new_tensor([0.025, 0.975])).tolist()
    return Score(pool(*values, people.new_ones(1, n)).item(), n, low, high)


def _resample(count: int, n: int, generator: torch.Generator) -> Tensor:
    """How often each of n people is drawn in each of `count` resamples: (count, n)."""
    drawn = torch.randint(n, (count, n), generator=generator)
    drawn += n * torch.arange(count)[:, None]
    return torch.bincount(drawn.flatten(), minlength=count * n).view(count, n).double()


def truth_of(scene: Scene) -> Truth:
    """What annotators said; raises ValueError for a scene without."""
    if scene.truth is None:
        raise ValueError(f"Scene {scene.key!r} has no annotations; score a labelled dataset.")
    return scene.truth


def unit_annotations(scene: Scene) -> Tensor:
    """Annotations (P, A, 2) as fractions of the image, in double as in the published codes."""
    return to_unit(truth_of(scene).points.double(), scene.size)
