"""The metrics of GazeFollow by name: everyone annotated counts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import Tensor

from sightline.gaze import Gaze
from sightline.geometry.boxes import centres, to_unit
from sightline.geometry.heatmap import peaks
from sightline.metrics.gaze import (
    angular_error,
    auc_gazefollow_bilinear,
    auc_gazefollow_float,
    auc_gazefollow_uint8,
    average_distance,
    minimum_distance,
)
from sightline.metrics.scores import Metric, truth_of, unit_annotations
from sightline.scene import Scene


def _auc(auc: Callable[..., Tensor], gaze: Gaze, scene: Scene) -> Tensor:
    return auc(gaze.heatmaps, truth_of(scene).points, scene.size)


def _distance(distance: Callable[..., Tensor], gaze: Gaze, scene: Scene) -> Tensor:
    return distance(gaze.points, unit_annotations(scene))


def _corner_distance(distance: Callable[..., Tensor], gaze: Gaze, scene: Scene) -> Tensor:
    return distance(peaks(gaze.heatmaps), unit_annotations(scene))


def _angle(gaze: Gaze, scene: Scene) -> Tensor:
    eyes = to_unit(centres(scene.heads), scene.size)
    return angular_error(gaze.points, unit_annotations(scene), eyes)


gazefollow_metrics = (
    Metric(
        "gazefollow.auc.float-mirror",
        "ROC AUC at image size against all annotations; float heatmap, mirrored border (PDP).",
        "higher",
        (partial(_auc, auc_gazefollow_float),),
    ),
    Metric(
        "gazefollow.auc.uint8",
        "ROC AUC at image size; heatmap first stretched to 256 grey levels (Chong et al. 2020).",
        "higher",
        (partial(_auc, auc_gazefollow_uint8),),
    ),
    Metric(
        "gazefollow.auc.float-clamp",
        "ROC AUC at image size; float heatmap, clamped border (torch's bilinear resize).",
        "higher",
        (partial(_auc, auc_gazefollow_bilinear),),
    ),
    Metric(
        "gazefollow.distance.to-mean",
        "Average distance: from the point to the mean annotation, in the unit square.",
        "lower",
        (partial(_distance, average_distance),),
    ),
    Metric(
        "gazefollow.distance.minimum",
        "Minimum distance: from the point to the nearest annotation, in the unit square.",
        "lower",
        (partial(_distance, minimum_distance),),
    ),
    Metric(
        "gazefollow.distance.to-mean.cell-corner",
        "Average distance of the corner of the heatmap's highest cell (Gaze-LLE).",
        "lower",
        (partial(_corner_distance, average_distance),),
    ),
    Metric(
        "gazefollow.distance.minimum.cell-corner",
        "Minimum distance of the corner of the heatmap's highest cell (Gaze-LLE).",
        "lower",
        (partial(_corner_distance, minimum_distance),),
    ),
    Metric(
        "gazefollow.angle.head-centre",
        "Angle in degrees at the head's centre between point and mean annotation, unit square.",
        "lower",
        (_angle,),
    ),
)
"""The GazeFollow test protocol: everyone annotated counts."""
