"""Which object each person looks at: a heatmap and boxes, of any model and any detector."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from sightline.gaze import Gaze
from sightline.geometry.heatmap import box_energies
from sightline.scene import Objects


def with_gaze_objects(gaze: Gaze, objects: Objects) -> Gaze:
    """The same gaze with `objects` (unit square) and of each person the row looked at, -1 for none.

    Of each box the mean of the heatmap's positive part inside it; the highest is looked at.
    """
    if not len(objects) or not len(gaze):
        none = torch.full((len(gaze),), -1)
        return replace(gaze, objects=objects, gaze_object=none)
    means = box_energies(gaze.heatmaps.clamp(min=0), objects.boxes) / _areas(objects.boxes)
    return replace(gaze, objects=objects, gaze_object=means.argmax(1))


def _areas(boxes: Tensor) -> Tensor:
    return (boxes[:, 2:] - boxes[:, :2]).clamp(min=1e-6).prod(1)
