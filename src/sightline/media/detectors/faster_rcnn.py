"""The detector that `sightline train head-detector` trains: torchvision's small Faster R-CNN."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor
from torchvision.models.detection import FasterRCNN, fasterrcnn_mobilenet_v3_large_320_fpn

from sightline.media.heads import Heads

NAME = "head-detector"
"""The value of `model` in the metadata of a weight file."""


def head_detector() -> FasterRCNN:
    """The untrained network: MobileNetV3, feature pyramid, classes 0 background and 1 head."""
    return fasterrcnn_mobilenet_v3_large_320_fpn(weights=None, weights_backbone=None, num_classes=2)


class FasterRcnnDetector:
    """Finds heads with the weights in a safetensors file whose metadata says head-detector."""

    def __init__(self, path: str | Path, threshold: float = 0.5) -> None:
        self.network = head_detector().eval()
        self.network.load_state_dict(_weights(path))
        self.threshold = threshold

    @torch.no_grad()
    def __call__(self, image: Tensor) -> Heads:
        """The heads in a picture (3, H, W) uint8 RGB, the surest first."""
        found = self.network([image / 255])[0]
        keep = found["scores"] >= self.threshold
        return Heads(found["boxes"][keep], found["scores"][keep])


def _weights(path: str | Path) -> dict[str, Tensor]:
    try:
        with safe_open(path, "pt") as file:
            model = (file.metadata() or {}).get("model", "an unnamed model")
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path}: this is no safetensors file, or it is damaged.") from error
    if model != NAME:
        raise ValueError(
            f"{path}: weights of {model}, not of {NAME}; train some by `sightline train {NAME}`."
        )
    return weights
