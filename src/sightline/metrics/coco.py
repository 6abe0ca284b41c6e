"""Average precision of boxes as COCO defines it (Lin et al. 2014), by faster-coco-eval."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torchvision.ops import box_convert

from sightline.metrics.detection import Detections


def coco_average_precisions(detections: Detections) -> Tensor:
    """AP over IoU 0.50 to 0.95, AP50 and AP75 of each class (C, 3); NaN without true objects.

    Of each picture and class the 100 best count; ignored objects are crowds. COCO's number is the
    mean over classes. Raises ImportError without the extra `objects`.
    """
    try:
        from faster_coco_eval import COCO, COCOeval_faster
    except ImportError as error:
        raise ImportError(
            "COCO's average precision needs faster-coco-eval: pip install 'sightline[objects]'."
        ) from error
    result = torch.full((detections.classes, 3), torch.nan, dtype=torch.float64)
    for label in detections.wanted.nonzero()[:, 0].tolist():  # class by class bounds the memory
        found = _found(detections, label)
        if not len(found):  # faster-coco-eval before 1.8 wants one at least
            result[label] = 0.0
            continue
        truth = COCO(_truth(detections, label))
        evaluation = COCOeval_faster(truth, truth.loadRes(found), "bbox")
        evaluation.params.areaRng = evaluation.params.areaRng[:1]  # of all sizes only
        evaluation.params.areaRngLbl = evaluation.params.areaRngLbl[:1]
        evaluation.params.maxDets = [100]
        evaluation.evaluate()
        evaluation.accumulate()
        precision = evaluation.eval["precision"][:, :, 0, 0, 0]  # (thresholds, recalls)
        result[label] = torch.tensor(
            [part.mean() for part in (precision, precision[0], precision[5])]
        )
    return result


def _truth(detections: Detections, label: int) -> dict:
    rows = (detections.true.labels == label).nonzero()[:, 0]
    boxes = box_convert(detections.true.boxes[rows], "xyxy", "xywh")
    columns = zip(
        detections.true_in[rows].tolist(),
        boxes.tolist(),
        detections.ignored[rows].tolist(),
        strict=True,
    )
    return {
        "images": [{"id": picture} for picture in _pictures(detections, label)],
        "categories": [{"id": 1}],
        "annotations": [
            {
                "id": row + 1,
                "image_id": picture,
                "category_id": 1,
                "bbox": box,
                "area": box[2] * box[3],
                "iscrowd": int(crowd),
            }
            for row, (picture, box, crowd) in enumerate(columns)
        ],
    }


def _found(detections: Detections, label: int) -> np.ndarray:
    """Rows picture, x, y, width, height, score, category."""
    rows = (detections.found.labels == label).nonzero()[:, 0]
    picture = detections.found_in[rows, None].double()
    boxes = box_convert(detections.found.boxes[rows], "xyxy", "xywh")
    score = detections.found.scores[rows, None].double()
    return torch.cat([picture, boxes, score, torch.ones_like(score)], 1).numpy()


def _pictures(detections: Detections, label: int) -> list[int]:
    found = detections.found_in[detections.found.labels == label]
    true = detections.true_in[detections.true.labels == label]
    return torch.cat([found, true]).unique().tolist()
