"""Which object each person looks at: a heatmap and boxes, of any model and any detector.

Nothing official exists: the choice is our own definition, compared by `bench/bench_selection.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, TypeAlias, get_args

import torch
from torch import Tensor
from torchvision.ops import box_iou

from sightline.gaze import Gaze
from sightline.geometry.boxes import areas, centres
from sightline.geometry.heatmap import box_energies, gaussian_heatmaps
from sightline.registry import unknown_name
from sightline.scene import Objects

Method = Literal["mean", "mean-score", "cosine", "energy", "distance", "smallest"]
"""The ways to score a box for a person; docs/objects.md says which is best at what."""
METHODS: tuple[Method, ...] = get_args(Method)
DEFAULT: Method = "mean-score"
REACH = 0.1
"""Share of the picture by which a box may miss the gaze point; more finds hardly any object."""
OWN_HEAD = 0.5  # intersection over union with a person's head from which a box is that head

Fit: TypeAlias = Callable[[Tensor, Tensor, Objects], Tensor]
"""(heatmaps (P, h, w) >= 0, points (P, 2), K objects) -> (P, K): the larger the better."""


def with_gaze_objects(
    gaze: Gaze, objects: Objects, method: Method = DEFAULT, *, reach: float = REACH
) -> Gaze:
    """The same gaze with `objects` (unit square) and of each person the row looked at, -1 for none.

    Of the boxes in which the gaze point is, or which it misses by at most `reach` (in fractions of
    width and height), the one that fits best by `method`; of equal ones the detector's surest, then
    the nearest. Never looked at are heads, whose gaze objects are people, what covers the person's
    own head, and boxes without area in the picture. Who looks outside looks at no object. Without
    heatmaps one is drawn around each gaze point. Raises UnknownNameError for another method.
    """
    if method not in FITS:
        raise unknown_name(method, dict.fromkeys(map(str, FITS)), "method")
    if not len(objects) or not len(gaze):
        none = torch.full((len(gaze),), -1)
        return replace(gaze, objects=objects, gaze_object=none)
    usable = objects.boxes.isfinite().all(1, keepdim=True)
    seen = replace(objects, boxes=objects.boxes.clamp(0, 1).where(usable, 0.0))
    heatmaps = gaze.heatmaps if gaze.heatmaps.numel() else gaussian_heatmaps(gaze.points)
    fits = FITS[method](heatmaps.float().nan_to_num(0.0).clamp(min=0), gaze.points, seen)
    misses = _misses(gaze.points, seen.boxes)
    possible = (misses <= reach) & _can_be_looked_at(gaze, seen)
    surest = seen.scores.nan_to_num(0.0).expand_as(fits)
    best = possible
    for key in (fits, surest, -misses):
        highest = key.masked_fill(~best, -torch.inf).amax(1, keepdim=True)
        best = best & (key >= highest - 1e-6 * highest.abs().nan_to_num(posinf=0.0))
    chosen = best.int().argmax(1).masked_fill(~possible.any(1), -1)
    return replace(gaze, objects=objects, gaze_object=chosen)


def settle_objects(gaze: Gaze, given: Objects | None, method: Method | None) -> Gaze:
    """The gaze with the objects `given` (unit square) or else its model's own, which stay.

    What a model says of its own objects is chosen anew only by a `method` that was asked for.
    """
    if given is None and method is None:
        return gaze
    objects = gaze.objects if given is None else given
    return gaze if objects is None else with_gaze_objects(gaze, objects, method or DEFAULT)


def with_detections(gaze: Gaze, objects: Objects, least_score: float) -> Gaze:
    """`with_gaze_objects` where only objects that score so much can be looked at; all are kept.

    So average precision sees what a detector is unsure of, and the choice does not.
    """
    sure = (objects.scores >= least_score).nonzero()[:, 0]
    chosen = with_gaze_objects(gaze, objects[sure]).gaze_object
    assert chosen is not None
    rows = torch.cat([sure, sure.new_tensor([-1])])[chosen]  # -1 is the last row
    return replace(gaze, objects=objects, gaze_object=rows)


def only_sure(gaze: Gaze, least_score: float) -> Gaze:
    """The gaze with no other objects, numbered anew, than those that score so much."""
    if gaze.objects is None:
        return gaze
    sure = gaze.objects.scores >= least_score
    number = torch.cat([(sure.cumsum(0) - 1).where(sure, -1), torch.tensor([-1])])
    rows = None if gaze.gaze_object is None else number[gaze.gaze_object]
    return replace(gaze, objects=gaze.objects[sure], gaze_object=rows)


def only_looked_at(gaze: Gaze) -> Gaze:
    """The gaze with no other objects, numbered anew, than those that somebody looks at."""
    if gaze.objects is None or gaze.gaze_object is None:
        return gaze
    looked_at = gaze.gaze_object >= 0
    rows = gaze.gaze_object[looked_at].unique()
    names = tuple(gaze.objects.name(row) for row in rows.tolist())
    objects = replace(gaze.objects[rows], labels=torch.arange(len(rows)), classes=names)
    number = torch.searchsorted(rows, gaze.gaze_object).where(looked_at, -1)
    return replace(gaze, objects=objects, gaze_object=number)


def energy(heatmaps: Tensor, points: Tensor, objects: Objects) -> Tensor:  # noqa: ARG001
    """The heatmap's sum inside the box; large boxes win."""
    return box_energies(heatmaps, objects.boxes)


def mean(heatmaps: Tensor, points: Tensor, objects: Objects) -> Tensor:
    """The heatmap's mean inside the box; small boxes near the peak win."""
    return energy(heatmaps, points, objects) / _areas(objects)


def mean_score(heatmaps: Tensor, points: Tensor, objects: Objects) -> Tensor:
    """The same times the root of the detector's score: doubtful boxes lose, equal for given boxes.

    The whole score would outweigh the small difference between neighbours on a shelf.
    """
    return mean(heatmaps, points, objects) * objects.scores.nan_to_num(1.0).clamp(min=0).sqrt()


def cosine(heatmaps: Tensor, points: Tensor, objects: Objects) -> Tensor:
    """The sum by the root of the area, which is the cosine between heatmap and box (times a norm).

    Between the two: highest for the box that is as large as the heatmap's peak is wide.
    """
    return energy(heatmaps, points, objects) / _areas(objects).sqrt()


def distance(heatmaps: Tensor, points: Tensor, objects: Objects) -> Tensor:  # noqa: ARG001
    """How near the box's centre is to the gaze point, as in the demonstration of GOO (2021)."""
    return -torch.cdist(points.float(), centres(objects.boxes).float())


def smallest(heatmaps: Tensor, points: Tensor, objects: Objects) -> Tensor:  # noqa: ARG001
    """The smallest box that the gaze point is in, or else the one whose border is nearest."""
    misses = _misses(points, objects.boxes)
    return torch.where(misses > 0, -misses, 1 / (1 + _areas(objects)))


FITS: dict[Method, Fit] = {
    "mean": mean,
    "mean-score": mean_score,
    "cosine": cosine,
    "energy": energy,
    "distance": distance,
    "smallest": smallest,
}


def _can_be_looked_at(gaze: Gaze, objects: Objects) -> Tensor:
    """Which boxes (P, K) each person may look at, wherever the gaze point is."""
    things = ~objects.heads() & (areas(objects.boxes) > 0)
    possible = things & ~(box_iou(gaze.heads, objects.boxes) > OWN_HEAD)
    return possible if gaze.inside is None else possible & ~(gaze.inside < 0.5)[:, None]


def _misses(points: Tensor, boxes: Tensor) -> Tensor:
    """How far (P, K) each point (P, 2) is from each box, 0 inside it."""
    away = torch.maximum(boxes[:, :2] - points[:, None], points[:, None] - boxes[:, 2:])
    return away.clamp(min=0).norm(dim=-1)


def _areas(objects: Objects) -> Tensor:
    """Areas (K,) to divide by."""
    return areas(objects.boxes).clamp(min=1e-9)
