"""The metrics of GazeFollow360 by name, as published and as they are right on the sphere."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from sightline.gaze import Gaze
from sightline.geometry.boxes import centres, to_unit
from sightline.geometry.heatmap import peaks
from sightline.metrics.scores import Metric, unit_annotations
from sightline.metrics.sphere import (
    auc_cap,
    auc_one_hot,
    auc_square,
    planar_distance,
    sight_line_points,
    sphere_distance,
)
from sightline.scene import Scene


def _targets(scene: Scene) -> Tensor:
    """The one annotation (P, 2) of each person: means of several may lie across the seam."""
    annotations = unit_annotations(scene)
    if annotations.shape[1] != 1:
        raise ValueError(
            f"Scene {scene.key!r} has {annotations.shape[1]} annotations per person; gaze in "
            "panoramas is scored against one."
        )
    return annotations[:, 0]


def _sphere_distance(gaze: Gaze, scene: Scene) -> Tensor:
    return sphere_distance(gaze.points.double(), _targets(scene))


def _sphere_distance_corner(gaze: Gaze, scene: Scene) -> Tensor:
    return sphere_distance(peaks(gaze.heatmaps).double(), _targets(scene))


def _sphere_distance_direction(gaze: Gaze, scene: Scene) -> Tensor:
    if gaze.directions is None:
        return torch.full((len(scene),), torch.nan)
    heads = to_unit(centres(scene.heads.double()), scene.size)
    return sphere_distance(sight_line_points(heads, gaze.directions.double()), _targets(scene))


def _planar_distance(pixels: bool, wrap: bool, gaze: Gaze, scene: Scene) -> Tensor:
    size = scene.size if pixels else (1, 1)
    return planar_distance(gaze.points.double(), _targets(scene), size, wrap=wrap)


def _auc_square(gaze: Gaze, scene: Scene) -> Tensor:
    return auc_square(gaze.heatmaps, _targets(scene))


def _auc_one_hot(gaze: Gaze, scene: Scene) -> Tensor:
    return auc_one_hot(gaze.heatmaps, _targets(scene), scene.size)


def _auc_cap(gaze: Gaze, scene: Scene) -> Tensor:
    return auc_cap(gaze.heatmaps.float(), _targets(scene))


gazefollow360_metrics = (
    Metric(
        "gazefollow360.sphere-distance",
        "Great-circle angle in radians from the point to the annotation.",
        "lower",
        (_sphere_distance,),
    ),
    Metric(
        "gazefollow360.sphere-distance.direction",
        "The same from where the estimated sight line meets the sphere; no heatmap enters.",
        "lower",
        (_sphere_distance_direction,),
    ),
    Metric(
        "gazefollow360.sphere-distance.cell-corner",
        "The same from the corner of the highest cell of the heatmap, as published.",
        "lower",
        (_sphere_distance_corner,),
    ),
    Metric(
        "gazefollow360.auc.square",
        "ROC AUC on 64 x 64 cells against a square of 19 x 19, not wrapped (published).",
        "higher",
        (_auc_square,),
    ),
    Metric(
        "gazefollow360.auc.cap",
        "ROC AUC by solid angle against the cells within 15 degrees of the annotation (ours).",
        "higher",
        (_auc_cap,),
    ),
    *(
        Metric(
            f"gazefollow360.distance.{unit}{'.wrapped' if wrap else ''}",
            f"Distance from the point to the annotation in {name}, {way}.",
            "lower",
            (partial(_planar_distance, pixels, wrap),),
        )
        for unit, name, pixels in (("unit", "the unit square", False), ("pixel", "pixels", True))
        for wrap, way in ((False, "not over the seam (published)"), (True, "the shorter way round"))
    ),
)
"""The GazeFollow360 protocol, and the same on the sphere."""

one_hot_metrics = (
    Metric(
        "gazefollow360.auc.one-hot",
        "ROC AUC at image size, one positive pixel, Pillow's bicubic filter (first release).",
        "higher",
        (_auc_one_hot,),
    ),
)
"""Too slow to be computed after every epoch: a tenth of a second per person at 4K."""
