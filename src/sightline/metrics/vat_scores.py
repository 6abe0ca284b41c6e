"""The metrics of VideoAttentionTarget by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from sightline.gaze import Gaze
from sightline.geometry.heatmap import peaks
from sightline.metrics.gaze import (
    auc_vat_cut,
    auc_vat_float,
    auc_vat_uint8,
    average_distance,
    average_precision,
    average_precision_outside,
)
from sightline.metrics.scores import Metric, truth_of, unit_annotations
from sightline.scene import Scene


def _annotations(scene: Scene) -> Tensor:
    """Annotations (P, A, 2), NaN for people who do not look inside."""
    inside = truth_of(scene).inside == 1
    return unit_annotations(scene).where(inside[:, None, None], torch.nan)


def _auc(auc: Callable[..., Tensor], gaze: Gaze, scene: Scene) -> Tensor:
    return auc(gaze.heatmaps, _annotations(scene).nanmean(1))


def _distance(gaze: Gaze, scene: Scene) -> Tensor:
    return average_distance(gaze.points, _annotations(scene))


def _corner_distance(gaze: Gaze, scene: Scene) -> Tensor:
    return average_distance(peaks(gaze.heatmaps), _annotations(scene))


def _inside_score(gaze: Gaze, scene: Scene) -> Tensor:
    return torch.full((len(scene),), torch.nan) if gaze.inside is None else gaze.inside


def _inside_label(_gaze: Gaze, scene: Scene) -> Tensor:
    return truth_of(scene).inside


inside_metrics = (
    Metric(
        "vat.ap.inside-positive",
        "Average precision of the inside probability, inside people as positives (published).",
        "higher",
        (_inside_score, _inside_label),
        average_precision,
    ),
    Metric(
        "vat.ap.outside-positive",
        "Average precision of finding the people who look outside; not the published number.",
        "higher",
        (_inside_score, _inside_label),
        average_precision_outside,
    ),
)
"""Who looks inside, of all people."""

vat_metrics = (
    Metric(
        "vat.auc.float",
        "ROC AUC on the 64 x 64 map against a square of 19 x 19 cells, inside only (PDP).",
        "higher",
        (partial(_auc, auc_vat_float),),
    ),
    Metric(
        "vat.auc.uint8",
        "The same with the heatmap first stretched to 256 grey levels (Chong et al. 2020).",
        "higher",
        (partial(_auc, auc_vat_uint8),),
    ),
    Metric(
        "vat.auc.float-cut",
        "Like vat.auc.float, but the map's last row and column are never positive (Gaze-LLE).",
        "higher",
        (partial(_auc, auc_vat_cut),),
    ),
    Metric(
        "vat.distance",
        "Distance from the point to the annotation in the unit square, inside only.",
        "lower",
        (_distance,),
    ),
    Metric(
        "vat.distance.cell-corner",
        "Like vat.distance, from the corner of the heatmap's highest cell (Gaze-LLE).",
        "lower",
        (_corner_distance,),
    ),
    *inside_metrics,
)
"""The VideoAttentionTarget test protocol: AUC and distance of people who look inside, AP of all."""
