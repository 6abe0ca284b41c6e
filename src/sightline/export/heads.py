"""The head detector as an ONNX file: one picture in, its heads out, as `--detector FILE` reads.

Its proposals are picked picture by picture, so a graph of several would be a loop. torchvision
supports these parts in the exporter that follows one example, which takes any size of picture.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn
from torchvision.models.detection.generalized_rcnn import GeneralizedRCNN

from sightline.models.head_detector.model import HeadDetectorModel
from sightline.models.head_detector.preprocess import HeadDetectorPreprocess

if TYPE_CHECKING:
    import onnx_ir as ir


class HeadsGraph(nn.Module):
    """Resizing, normalisation, network and non-maximum suppression of the detector."""

    def __init__(self, model: HeadDetectorModel) -> None:
        super().__init__()
        assert isinstance(model.preprocess, HeadDetectorPreprocess)
        transform = model.preprocess.transform
        self.network = GeneralizedRCNN(model.backbone, model.rpn, model.roi_heads, transform)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """boxes, labels and scores of a picture (3, H, W)."""
        found = self.network([image])[0]
        return found["boxes"], found["labels"], found["scores"]


def head_detector_program(model: HeadDetectorModel, *, half: bool = False) -> ir.Model:
    """The detector's graph; raises ValueError for one in float16."""
    import onnx
    import onnx_ir

    if half:
        raise ValueError("head-detector is exported in float32 only; leave --precision float16 out")
    lengths = {name: {0: "heads"} for name in ("boxes", "labels", "scores")}
    content = io.BytesIO()
    torch.onnx.export(
        HeadsGraph(model).eval(),
        (torch.rand(3, 300, 400),),
        cast(Any, content),  # a file in memory is as good as a path
        input_names=["image"],
        output_names=list(lengths),
        dynamic_axes={"image": {1: "height", 2: "width"}, **lengths},
        opset_version=18,
        dynamo=False,
    )
    return onnx_ir.from_proto(onnx.load_from_string(content.getvalue()))
