"""Any head detector in an ONNX file, run by onnxruntime."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import pad
from torchvision.ops import box_convert, nms
from torchvision.transforms.functional import resize

from sightline.media.heads import Heads, require

GREY = 114 / 255  # what the YOLO family pads with


class OnnxDetector:
    """A network with one input (1, 3, H, W) or (3, H, W): RGB, float in [0, 1].

    Its outputs are understood in two forms, with pixels of the input as the unit:

    - `boxes` (P, 4) XYXY and `scores` (P,), maybe `labels` (P,), as torchvision exports; or
    - one output (1, 4 + C, N) or (1, N, 4 + C), N > 4 + C, as YOLO from version 8 on exports:
      centre, width, height and the scores of C classes, before non-maximum suppression.

    A picture is scaled into a fixed input, keeping its proportions, and padded with grey on the
    right and at the bottom; for a free input it keeps its size, padded to multiples of 32.

    label: the class that is a head; None when there is only one.
    """

    def __init__(
        self, path: str | Path, *, label: int | None = None, threshold: float = 0.5
    ) -> None:
        runtime = require("onnxruntime", "pip install 'sightline[onnx]'")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self.session = runtime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's own errors have no common base
            raise ValueError(f"{path}: onnxruntime cannot load this as a network.") from error
        self.path, self.label, self.threshold = path, label, threshold
        self._check()

    def _check(self) -> None:
        inputs = [(source.type, *source.shape[-3:]) for source in self.session.get_inputs()]
        outputs = {output.name for output in self.session.get_outputs()}
        if len(inputs) != 1 or inputs[0][:2] != ("tensor(float)", 3) or len(inputs[0]) != 4:
            raise ValueError(
                f"{self.path}: there must be one input (1, 3, H, W) or (3, H, W) of 32-bit floats."
            )
        if len(outputs) != 1 and not outputs >= {"boxes", "scores"}:
            raise ValueError(
                f"{self.path}: its outputs {', '.join(sorted(outputs))} are not understood; "
                "there must be boxes and scores, or a single one."
            )

    def __call__(self, image: Tensor) -> Heads:
        """The heads in a picture (3, H, W) uint8 RGB, the surest first."""
        source = self.session.get_inputs()[0]
        fitted, scale = _fit(image / 255, *source.shape[-2:])
        fitted = fitted[None] if len(source.shape) == 4 else fitted
        names = [output.name for output in self.session.get_outputs()]
        arrays = self.session.run(names, {source.name: fitted.numpy(force=True)})
        found = {name: torch.from_numpy(a) for name, a in zip(names, arrays, strict=True)}
        boxes, scores = self._dense(found[names[0]]) if len(names) == 1 else self._listed(found)
        keep = scores >= self.threshold
        boxes, scores = boxes[keep] / scale, scores[keep]
        order = nms(boxes, scores, 0.5)  # harmless after the network's own
        return Heads(boxes[order], scores[order])

    def _listed(self, found: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        boxes, scores = found["boxes"].reshape(-1, 4), found["scores"].flatten()
        if self.label is None:
            return boxes, scores
        if "labels" not in found:
            raise ValueError(f"{self.path}: there is no class {self.label}, it gives no labels.")
        wanted = found["labels"].flatten() == self.label
        return boxes[wanted], scores[wanted]

    def _dense(self, output: Tensor) -> tuple[Tensor, Tensor]:
        if output.ndim != 3 or min(output.shape[1:]) < 5:
            raise ValueError(f"{self.path}: an output {tuple(output.shape)} is not (1, 4 + C, N).")
        rows = output[0] if output.shape[1] > output.shape[2] else output[0].mT
        classes = rows.shape[1] - 4
        label = 0 if self.label is None and classes == 1 else self.label
        if label is None or label >= classes:
            raise ValueError(
                f"{self.path}: it has the classes 0 to {classes - 1}; name the one that is a head, "
                f"for instance {self.path}#0."
            )
        return box_convert(rows[:, :4], "cxcywh", "xyxy"), rows[:, 4 + label]


def _fit(image: Tensor, height: int | str | None, width: int | str | None) -> tuple[Tensor, float]:
    """A picture (3, H, W) scaled and padded to an input, and the scale; free sides are words."""
    h, w = image.shape[1:]
    if isinstance(height, int) and isinstance(width, int):
        scale = min(height / h, width / w)
        size = [max(1, round(h * scale)), max(1, round(w * scale))]
        image = resize(image, size, antialias=True)
    else:
        scale, height, width = 1.0, -(-h // 32) * 32, -(-w // 32) * 32
    margins = (0, width - image.shape[2], 0, height - image.shape[1])
    return pad(image, margins, value=GREY), scale
