"""The metrics of GOO and GaTector by name: of gaze, and of the gaze object."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from sightline.gaze import Gaze
from sightline.geometry.boxes import centres, to_unit
from sightline.metrics.detection import THRESHOLDS
from sightline.metrics.gaze import auc_vat_float, average_distance
from sightline.metrics.goo import (
    CELLS,
    auc_per_person,
    coarse_maps,
    nearest_boxes,
    pooled_auc,
    release_angle,
    target_cells,
)
from sightline.metrics.objects import (
    NEARNESS_THRESHOLDS,
    accuracies,
    class_accuracies,
    gaze_object_precision,
    row_accuracies,
    scores_of_found,
    similarities,
    true_gaze_objects,
)
from sightline.metrics.scores import Metric, truth_of, unit_annotations
from sightline.metrics.similarity import iou, nearness, soc, wuoc
from sightline.scene import Scene

PROXIMITIES = (0.01, 0.03, 0.05, 0.10, 0.15, 0.20, 0.25, 0.30)


def _annotations(scene: Scene) -> Tensor:
    """Annotations (P, A, 2), NaN for people who look outside: a user's own data may have some."""
    outside = truth_of(scene).inside == 0
    return unit_annotations(scene).masked_fill(outside[:, None, None], torch.nan)


def _targets(scene: Scene) -> Tensor:
    return _annotations(scene).nanmean(1)


def _cell(index: int, gaze: Gaze, _scene: Scene) -> Tensor:
    return coarse_maps(gaze.heatmaps.float())[:, index]


def _target_cell(_gaze: Gaze, scene: Scene) -> Tensor:
    return target_cells(_targets(scene))


def _auc(gaze: Gaze, scene: Scene) -> Tensor:
    return auc_per_person(gaze.heatmaps.float(), _targets(scene))


def _auc_float(gaze: Gaze, scene: Scene) -> Tensor:
    return auc_vat_float(gaze.heatmaps, _targets(scene))


def _distance(gaze: Gaze, scene: Scene) -> Tensor:
    return average_distance(gaze.points.double(), _annotations(scene))


def _angle(gaze: Gaze, scene: Scene) -> Tensor:
    heads = centres(scene.heads.double())
    eyes = heads if scene.eyes is None else scene.eyes.double()
    eyes = torch.where(eyes.isnan(), heads, eyes)
    return release_angle(gaze.points.double(), _targets(scene), to_unit(eyes, scene.size))


def _proximate(limit: float, gaze: Gaze, scene: Scene) -> Tensor:
    distance = _distance(gaze, scene)
    return (distance < limit).double().where(~distance.isnan(), torch.nan)


def _class_proximate(limit: float, gaze: Gaze, scene: Scene) -> Tensor:
    rows, near = true_gaze_objects(scene), _proximate(limit, gaze, scene)
    if scene.objects is None or not len(scene.objects):
        return torch.full_like(near, torch.nan)
    nearest = nearest_boxes(gaze.points, to_unit(scene.objects.boxes.float(), scene.size))
    right = scene.objects.labels[nearest] == scene.objects.labels[rows]
    return (near * right).where(rows >= 0, torch.nan)


goo_metrics = (
    Metric(
        "goo.auc.pooled",
        "One ROC AUC of the 5 x 5 maps of all people together, target cell positive (GaTector).",
        "higher",
        (*(partial(_cell, index) for index in range(CELLS**2)), _target_cell),
        pooled_auc,
    ),
    Metric(
        "goo.auc.mean",
        "Mean over people of the ROC AUC of the 5 x 5 map, target cell positive (GOO's script).",
        "higher",
        (_auc,),
    ),
    Metric(
        "goo.auc.vat-float",
        "ROC AUC on the 64 x 64 map against a square of 19 x 19 cells, as vat.auc.float.",
        "higher",
        (_auc_float,),
    ),
    Metric(
        "goo.distance",
        "Distance from the point to the annotation in the unit square.",
        "lower",
        (_distance,),
    ),
    Metric(
        "goo.angle",
        "Angle in degrees at the annotated eyes, unit square; at the head's centre without eyes.",
        "lower",
        (_angle,),
    ),
    *(
        Metric(
            f"goo.proximate.{limit:.2f}",
            f"Share of people whose point is nearer than {limit:.2f} to the annotation (GOO).",
            "higher",
            (partial(_proximate, limit),),
        )
        for limit in PROXIMITIES
    ),
    *(
        Metric(
            f"goo.class-proximate.{limit:.2f}",
            f"The same below {limit:.2f} if the true box whose centre is nearest to the point has "
            "the gazed class (GOO); people with a visible gaze object.",
            "higher",
            (partial(_class_proximate, limit),),
        )
        for limit in PROXIMITIES
    ),
)
"""Gaze on GOO; people whose gaze point is not annotated (-1, -1 in the files) are left out."""

gaze_object_metrics = (
    *(
        Metric(
            f"gaze-object.mean-{name}",
            f"Ours: mean {text} of found and true gaze object; flaw: {flaw}.",
            "higher",
            (partial(similarities, similarity),),
        )
        for name, similarity, text, flaw in (
            ("iou", iou, "IoU", "0 for any miss, near or far"),
            ("wuoc", wuoc, "wUoC", "1 for equal boxes side by side"),
            ("soc", soc, "SoC", "0.5 for equal boxes side by side"),
        )
    ),
    Metric(
        "gaze-object.accuracy",
        "Ours: share of people whose gaze object is found with an IoU of at least 0.5.",
        "higher",
        (partial(accuracies, iou, 0.5),),
    ),
    Metric(
        "gaze-object.class-accuracy",
        "Ours: share of people whose found gaze object is of the right class, wherever it is.",
        "higher",
        (class_accuracies,),
    ),
    Metric(
        "gaze-object.row-accuracy",
        "Ours: share of people whose very object is chosen, where the true boxes are candidates.",
        "higher",
        (row_accuracies,),
    ),
    *(
        Metric(
            f"gaze-object.{name}",
            f"Ours: average precision of one scored box per person, {text}.",
            "higher",
            (partial(similarities, similarity), scores_of_found),
            partial(gaze_object_precision, thresholds=thresholds),
        )
        for name, similarity, thresholds, text in (
            ("ap", iou, THRESHOLDS, "mean over IoU 0.50 to 0.95; a near miss is a miss"),
            ("wuoc", wuoc, THRESHOLDS, "mean over wUoC 0.50 to 0.95; a neighbour may count"),
            ("msoc", soc, THRESHOLDS, "mean over SoC 0.50 to 0.95; a neighbour may count once"),
            ("mdap", nearness, NEARNESS_THRESHOLDS, "mean over (1 + DIoU) / 2 of 0.05 to 0.95"),
        )
    ),
)
"""The gaze object; people without a visible one are left out, who is given none is a miss."""
