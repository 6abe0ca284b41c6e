"""The detector that `sightline train head-detector` trains: a small Faster R-CNN."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torchvision.models import mobilenet_v3_small
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead

from sightline.media.heads import Heads

NAME = "head-detector"
"""The value of `model` in the metadata of a weight file."""


LEVELS = {"3": 24, "8": 48, "11": 96}
"""Blocks of MobileNetV3-Small that the pyramid takes, at 1/8, 1/16 and 1/32, and their channels."""


def head_detector() -> FasterRCNN:
    """The untrained network: a feature pyramid; classes 0 background and 1 head.

    Smaller than torchvision's own, finer by two octaves (heads from 16 pixels on, where the shorter
    side of the picture has 320), and with group normalisation, to be trained from scratch on few
    pictures, few at a time (He et al. 2019, Rethinking ImageNet Pre-training).
    """
    norm = partial(nn.GroupNorm, 8)
    trunk = mobilenet_v3_small(weights=None, norm_layer=norm).features
    returned = {block: str(level) for level, block in enumerate(LEVELS)}
    pyramid = BackboneWithFPN(trunk, returned, list(LEVELS.values()), 64, norm_layer=norm)
    return FasterRCNN(
        pyramid,
        min_size=320,
        max_size=640,
        rpn_anchor_generator=AnchorGenerator(
            sizes=((16, 24), (32, 48), (64, 96), (128, 192)), aspect_ratios=((1.0,),) * 4
        ),
        box_head=TwoMLPHead(64 * 7 * 7, 256),
        box_predictor=FastRCNNPredictor(256, 2),
        rpn_pre_nms_top_n_train=500,
        rpn_post_nms_top_n_train=500,
        rpn_pre_nms_top_n_test=150,
        rpn_post_nms_top_n_test=150,
        box_batch_size_per_image=32,  # COCO's many objects take 512
        box_nms_thresh=0.3,  # heads overlap less than COCO's objects; 0.5 leaves some boxes twice
    )


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
