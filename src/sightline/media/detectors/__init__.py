"""Head detectors, and the choice of one by the words of `--detector`."""

from __future__ import annotations

import re
from pathlib import Path

from sightline.media.detectors.faces import MtcnnDetector, YunetDetector
from sightline.media.detectors.faster_rcnn import FasterRcnnDetector
from sightline.media.detectors.onnx import OnnxDetector
from sightline.media.detectors.transformers import TransformersDetector
from sightline.media.heads import HeadDetector

CHOICES = (
    "mtcnn, opencv:FILE (a YuNet), FILE.onnx (FILE.onnx#2 for its class 2), FILE.safetensors from "
    "`sightline train head-detector`, or the folder of a transformers detector"
)


def choose_detector(spec: str | None = None) -> HeadDetector:
    """The detector that a word or a path stands for; see `CHOICES`. None and "auto" are MTCNN.

    Raises `ImportError` when its package is missing, `FileNotFoundError` or `ValueError` when its
    file is not there or not a detector.
    """
    if spec is None or spec in ("auto", "mtcnn"):
        return MtcnnDetector()
    opencv = spec.startswith("opencv:")
    name, *label = re.split(r"#(?=\d+$)", spec.removeprefix("opencv:"))
    path = Path(name)
    if not path.exists():
        raise FileNotFoundError(f"Head detector {spec}: no such file or folder. Give {CHOICES}.")
    if opencv or (path.suffix == ".onnx" and "yunet" in path.name.lower()):
        return YunetDetector(path)
    if path.suffix == ".onnx":
        return OnnxDetector(path, label=int(label[0]) if label else None)
    if path.suffix == ".safetensors":
        return FasterRcnnDetector(path)
    if path.is_dir():
        return TransformersDetector(path)
    raise ValueError(f"Head detector {spec}: this kind of file is not known. Give {CHOICES}.")
