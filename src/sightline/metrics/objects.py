"""The gaze object: how well the object that a model says is looked at agrees with the true one.

The released code has no such metric, so the definitions are ours; docs/metrics.md has them all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from sightline.gaze import Gaze
from sightline.geometry.boxes import to_pixels
from sightline.metrics.detection import THRESHOLDS, Similarity, precision_area
from sightline.metrics.gaze import tie_ends
from sightline.scene import Objects, Scene

NEARNESS_THRESHOLDS = tuple(percent / 100 for percent in range(5, 100, 5))
"""From 0.05: boxes that do not overlap are less than 0.5 near, and `mdap` is to tell them apart."""
SAME_BOX = 0.01  # pixels: what single precision and back to fractions may move a given box


def true_gaze_objects(scene: Scene) -> Tensor:
    """Row (P,) of the scene's objects that each person looks at, -1 where none is annotated."""
    rows = None if scene.truth is None else scene.truth.gaze_object
    if rows is None or scene.objects is None:
        return torch.full((len(scene),), -1)
    return rows.long()


def found_objects(gaze: Gaze, scene: Scene) -> Objects | None:
    """The objects of the prediction in pixels, with labels of the scene's classes; None if none.

    Where both name their classes and these differ, objects are of the class of the same name, or of
    none (label -1). Raises ValueError when a box is NaN.
    """
    found, true = gaze.objects, scene.objects
    if found is None or true is None:
        return None
    if found.boxes.isnan().any():  # would quietly be a miss
        raise ValueError(
            f"Scene {scene.key!r}: the box of a found object is NaN; check the model's output."
        )
    labels = found.labels
    if found.classes and true.classes and found.classes != true.classes:
        number = {name: label for label, name in enumerate(true.classes)}
        known = (labels >= 0) & (labels < len(found.classes))
        of = torch.tensor([number.get(name, -1) for name in found.classes])
        labels = of[labels.where(known, 0)].where(known, -1)
    return Objects(to_pixels(found.boxes.double(), scene.size), labels, found.scores)


def similarities(similarity: Similarity, gaze: Gaze, scene: Scene) -> Tensor:
    """How alike (P,) the found and the true gaze object's boxes are; 0 where none is found.

    NaN for people without a visible gaze object, and for models that give none.
    """
    return _compare(lambda found, true: similarity(found.boxes, true.boxes.double()), gaze, scene)


def accuracies(similarity: Similarity, threshold: float, gaze: Gaze, scene: Scene) -> Tensor:
    """1 where the similarity (P,) reaches the threshold, else 0; NaN as in `similarities`."""
    values = similarities(similarity, gaze, scene)
    return (values >= threshold).double().where(~values.isnan(), torch.nan)


def class_accuracies(gaze: Gaze, scene: Scene) -> Tensor:
    """1 where the found object (P,) has the true one's class, else 0; NaN as in `similarities`."""
    return _compare(lambda found, true: found.labels == true.labels, gaze, scene)


def row_accuracies(gaze: Gaze, scene: Scene) -> Tensor:
    """1 where the very object (P,) is found; NaN unless the true boxes are the candidates."""
    found = found_objects(gaze, scene)
    if found is None or scene.objects is None or len(found) != len(scene.objects):
        return torch.full((len(scene),), torch.nan)
    if not torch.allclose(found.boxes, scene.objects.boxes.double(), atol=SAME_BOX):
        return torch.full((len(scene),), torch.nan)
    return _compare(_same, gaze, scene)


def _same(found: Objects, true: Objects) -> Tensor:
    return (found.boxes - true.boxes).abs().amax(1) <= SAME_BOX


def scores_of_found(gaze: Gaze, scene: Scene) -> Tensor:
    """The detector's score (P,) of the found gaze object, -inf where none is found; else NaN."""
    values = _compare(lambda found, _: found.scores, gaze, scene)
    if gaze.gaze_object is not None:
        values[(gaze.gaze_object < 0) & ~values.isnan()] = -torch.inf
    return values


def _compare(compare: Callable[[Objects, Objects], Tensor], gaze: Gaze, scene: Scene) -> Tensor:
    """What the found and the true gaze objects give (P,), row by row; 0 where none is found."""
    values = torch.full((len(scene),), torch.nan, dtype=torch.float64)
    true, found = scene.objects, found_objects(gaze, scene)
    if true is None or found is None or gaze.gaze_object is None:
        return values
    rows, true_rows = gaze.gaze_object, true_gaze_objects(scene)
    values[true_rows >= 0] = 0.0
    both = (rows >= 0) & (true_rows >= 0)
    values[both] = compare(found[rows[both]], true[true_rows[both]]).double()
    return values


def gaze_object_precision(
    similarity: Tensor,
    scores: Tensor,
    weights: Tensor,
    *,
    thresholds: Sequence[float] = THRESHOLDS,
) -> Tensor:
    """Average precision (R,) of gaze objects, one scored box per person, the mean over thresholds.

    similarity, scores: (N,) of each person's found object; weights: (R, N). People are taken by
    descending score, those of one score together; right is who reaches the threshold.
    """
    scores, order = scores.sort(descending=True)
    similarity, weights = similarity[order], weights[:, order]
    ends = tie_ends(scores)
    ends = slice(None) if ends.all() else ends
    taken = weights.cumsum(-1)[:, ends]
    areas = [
        precision_area((weights * (similarity >= t)).cumsum(-1)[:, ends], taken, taken[:, -1:])
        for t in thresholds
    ]
    return torch.stack(areas).mean(0)
