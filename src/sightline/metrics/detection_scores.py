"""The metrics of detection by name: of all objects of all pictures together."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from sightline.gaze import Gaze
from sightline.goo_classes import HEAD
from sightline.metrics.coco import coco_average_precisions
from sightline.metrics.detection import as_printed, average_precisions, pool_detections
from sightline.metrics.objects import found_objects
from sightline.metrics.scores import SetMetric
from sightline.metrics.similarity import iou, soc, wuoc
from sightline.scene import Objects, Scene

_COCO = {
    "objects.coco.ap": "Mean average precision over classes and IoU 0.50 to 0.95 (COCO).",
    "objects.coco.ap50": "The same at IoU 0.50.",
    "objects.coco.ap75": "The same at IoU 0.75.",
}
_RELEASED = {
    "goo.coco.ap.released": "objects.coco.ap with the release's shifted categories: without heads.",
    "goo.coco.ap50.released": "The same at IoU 0.50.",
    "goo.coco.ap75.released": "The same at IoU 0.75.",
    "goo.voc.ap50.released": "Mean average precision over classes at IoU 0.50 (VOC, all points).",
    "goo.wuoc.released": "That procedure with wUoC, mean over 0.50 to 0.95: all objects, no "
    "gaze; flaw: a detection beside an object of its size counts as found.",
    "goo.msoc.released": "That procedure with SoC, mean over 0.50 to 0.95: all objects, no gaze.",
}


def _keep(gaze: Gaze, scene: Scene) -> tuple[Objects, Objects] | None:
    found = found_objects(gaze, scene)
    return None if found is None or scene.objects is None else (found, scene.objects)


def _coco(kept: list[Any]) -> dict[str, float]:
    if not kept or any(part is None for part in kept):
        return dict.fromkeys(_COCO, math.nan)
    values = coco_average_precisions(pool_detections(kept)).nanmean(0)
    return dict(zip(_COCO, values.tolist(), strict=True))


def _released(kept: list[Any]) -> dict[str, float]:
    if not kept or any(part is None for part in kept):
        return dict.fromkeys(_RELEASED, math.nan)
    detections = pool_detections((as_printed(found), as_printed(true)) for found, true in kept)
    coco = coco_average_precisions(detections)[:HEAD].nanmean(0)
    voc = (
        average_precisions(detections, partial(iou, pixel=1.0), (0.5,)),
        average_precisions(detections, partial(wuoc, pixel=1.0)),
        average_precisions(detections, partial(soc, pixel=1.0)),
    )
    values = [*coco.tolist(), *(part.nanmean().item() for part in voc)]
    return dict(zip(_RELEASED, values, strict=True))


coco_objects = SetMetric(_COCO, _keep, _coco)
"""Detection as COCO scores it."""
released_objects = SetMetric(_RELEASED, _keep, _released)
"""Detection as GaTector's release scores it, from boxes and scores cut as it prints them."""
