"""Average precision of found objects over a whole data set, for any similarity of boxes.

The procedure of GaTector's release (Wang et al. 2022), which is that of the VOC scripts with all
points of the curve: objects of a class are taken by descending score; each belongs to the true
object of its picture and class that is most like it, taken before or not, and is right if the
similarity reaches the threshold and no better one was right before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from sightline.scene import Objects

THRESHOLDS = tuple(percent / 100 for percent in range(50, 100, 5))
PAIRS_AT_ONCE = 1_000_000  # of found and true objects: bounds the memory

Similarity = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Detections:
    """The found and the true objects of many pictures, in pixels, and the picture (K,) of each."""

    found: Objects
    found_in: Tensor
    true: Objects
    true_in: Tensor

    @property
    def classes(self) -> int:
        """One more than the highest label."""
        labels = torch.cat([self.found.labels, self.true.labels])
        return int(labels.max()) + 1 if len(labels) else 0

    @property
    def ignored(self) -> Tensor:
        """Mask of the true objects that are neither right nor wrong to find."""
        return _ignored(self.true)

    @property
    def wanted(self) -> Tensor:
        """How many true objects of each class there are to find."""
        return torch.bincount(self.true.labels[~self.ignored], minlength=self.classes)


def pool_detections(pictures: Iterable[tuple[Objects, Objects]]) -> Detections:
    """The (found, true) objects of pictures as one; a label below 0 (no class) is left out."""
    found, true = zip(*pictures, strict=True)
    return Detections(*_pool(found), *_pool(true))


def _pool(parts: Sequence[Objects]) -> tuple[Objects, Tensor]:
    counts = torch.tensor([len(part) for part in parts])
    everything = Objects(
        torch.cat([part.boxes for part in parts]).double(),
        torch.cat([part.labels for part in parts]).long(),
        torch.cat([part.scores for part in parts]),
        ignored=torch.cat([_ignored(part) for part in parts]),
    )
    known = everything.labels >= 0
    return everything[known], torch.arange(len(parts)).repeat_interleave(counts)[known]


def _ignored(objects: Objects) -> Tensor:
    given = objects.ignored
    return torch.zeros(len(objects), dtype=torch.bool) if given is None else given.bool()


def as_printed(objects: Objects) -> Objects:
    """The objects as the release writes them to its text files, from which it computes its scores.

    Coordinates are cut to integers, scores to six characters, which leaves four decimals.
    """
    cut = (objects.scores.double() * 1e4).round() / 1e4
    same = cut.to(objects.scores.dtype) == objects.scores  # 0.5793 * 1e4 is below 5793
    floor = (objects.scores.double() * 1e4).floor() / 1e4
    return replace(objects, boxes=objects.boxes.trunc(), scores=torch.where(same, cut, floor))


def average_precisions(
    detections: Detections, similarity: Similarity, thresholds: Sequence[float] = THRESHOLDS
) -> Tensor:
    """Average precision (T, C) at each threshold of each class, 0 to 1; NaN without true objects.

    Found objects of one score are taken in their order.
    """
    best, match = best_matches(detections, similarity)
    order = detections.found.scores.argsort(descending=True, stable=True)
    order = order[detections.found.labels[order].argsort(stable=True)]
    best, match = best[order], match[order]
    of_class = torch.bincount(detections.found.labels, minlength=detections.classes).tolist()
    wanted, ignored = detections.wanted.tolist(), detections.ignored
    result = torch.full((len(thresholds), detections.classes), torch.nan, dtype=torch.float64)
    for row, threshold in enumerate(thresholds):
        hits, counted = (v.split(of_class) for v in _hits(best >= threshold, match, ignored))
        for label, count in enumerate(wanted):
            if count:
                found, taken = hits[label].cumsum(0), counted[label].cumsum(0)
                result[row, label] = precision_area(found, taken, count)
    return result


def best_matches(detections: Detections, similarity: Similarity) -> tuple[Tensor, Tensor]:
    """Of each found object the true one of its picture and class most like it: similarity and row.

    The first of several equally alike; where there is none, similarity -1 and row 0.
    """
    classes, found, true = detections.classes, detections.found, detections.true
    keys, order = (detections.true_in * classes + true.labels).sort(stable=True)
    key = detections.found_in * classes + found.labels
    low, counts = torch.searchsorted(keys, key), torch.searchsorted(keys, key, right=True)
    counts -= low
    best = torch.full((len(found),), -1.0, dtype=torch.float64)
    match = torch.zeros(len(found), dtype=torch.long)
    held = counts.nonzero()[:, 0]
    chunk = counts[held].cumsum(0) // PAIRS_AT_ONCE
    for rows in held.split(chunk.unique_consecutive(return_counts=True)[1].tolist()):
        many = counts[rows]
        owner = torch.arange(len(rows)).repeat_interleave(many)
        place = torch.arange(len(owner)) + (low[rows] - many.cumsum(0) + many)[owner]
        alike = similarity(found.boxes[rows[owner]], true.boxes[order[place]])
        best[rows] = torch.segment_reduce(alike, "max", lengths=many)
        top = (alike == best[rows[owner]]).nonzero()[:, 0]
        top = top[owner[top].diff(prepend=owner.new_tensor([-1])) > 0]
        match[rows[owner[top]]] = order[place[top]]
    return best, match


def _hits(enough: Tensor, match: Tensor, ignored: Tensor) -> tuple[Tensor, Tensor]:
    """Masks (D,) of found objects, best first, that are right, and that are right or wrong."""
    place = torch.arange(len(enough))
    chosen = enough.nonzero()[:, 0]
    first = torch.full((max(1, len(ignored)),), len(enough))
    first = first.scatter_reduce(0, match[chosen], chosen, "amin")
    excused = torch.zeros_like(enough)
    excused[chosen] = ignored[match[chosen]]
    return enough & ~excused & (first[match] == place), ~excused


def precision_area(found: Tensor, taken: Tensor, wanted: Tensor | int) -> Tensor:
    """Area (...) under the falling envelope of the precision-recall curve, all points of it.

    found, taken: (..., D) how many were right and how many were taken up to each, best first;
    wanted: how many there are to find.
    """
    if found.shape[-1] == 0:
        return torch.zeros(found.shape[:-1], dtype=torch.float64)
    precision = found.double() / taken.clamp(min=1)  # nobody taken yet: none is right either
    envelope = precision.flip(-1).cummax(-1).values.flip(-1)
    recall = found.double() / wanted
    steps = recall.diff(prepend=torch.zeros_like(recall[..., :1]), dim=-1)
    return (steps * envelope).cumsum(-1)[..., -1]  # in order, to the last bit as the release adds
