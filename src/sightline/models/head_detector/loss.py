"""Faster R-CNN's losses (Ren et al. 2015), as torchvision computes them."""

from __future__ import annotations

from torch import Tensor

from sightline.batch import Batch
from sightline.models.head_detector.model import HeadDetectorModel


def head_detector_loss(model: HeadDetectorModel, batch: Batch) -> dict[str, Tensor]:
    """`loss_objectness` and `loss_rpn_box_reg` of proposals, `loss_classifier` and `loss_box_reg`.

    The model must be in training mode. Every part of a picture without a labelled head is
    background.
    """
    assert model.training, "torchvision computes losses in training mode only"
    return model(batch)[1]
