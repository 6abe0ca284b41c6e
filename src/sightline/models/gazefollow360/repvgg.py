"""RepVGG: trained with three branches per block, used as plain 3 x 3 convolutions.

Ding, Zhang, Ma, Han, Ding and Sun, "RepVGG: Making VGG-style ConvNets Great Again", CVPR 2021. An
alternative backbone of the direction network. Names of parameters are the published ones.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from itertools import count
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class Variant:
    """Blocks and width multipliers of the four stages.

    groups: of the convolutions of every other block. squeeze: weigh channels in each block.
    """

    blocks: tuple[int, int, int, int]
    widths: tuple[float, float, float, float]
    groups: int = 1
    squeeze: bool = False


A, B, D = (2, 4, 14, 1), (4, 6, 16, 1), (8, 14, 24, 1)
VARIANTS = {
    "repvgg-a0": Variant(A, (0.75, 0.75, 0.75, 2.5)),
    "repvgg-a1": Variant(A, (1, 1, 1, 2.5)),
    "repvgg-a2": Variant(A, (1.5, 1.5, 1.5, 2.75)),
    "repvgg-b0": Variant(B, (1, 1, 1, 2.5)),
    "repvgg-b1": Variant(B, (2, 2, 2, 4)),
    "repvgg-b1g2": Variant(B, (2, 2, 2, 4), groups=2),
    "repvgg-b1g4": Variant(B, (2, 2, 2, 4), groups=4),
    "repvgg-b2": Variant(B, (2.5, 2.5, 2.5, 5)),
    "repvgg-b2g2": Variant(B, (2.5, 2.5, 2.5, 5), groups=2),
    "repvgg-b2g4": Variant(B, (2.5, 2.5, 2.5, 5), groups=4),
    "repvgg-b3": Variant(B, (3, 3, 3, 5)),
    "repvgg-b3g2": Variant(B, (3, 3, 3, 5), groups=2),
    "repvgg-b3g4": Variant(B, (3, 3, 3, 5), groups=4),
    "repvgg-d2se": Variant(D, (2.5, 2.5, 2.5, 5), squeeze=True),
}


def repvgg(name: str) -> RepVGG:
    """A network with random weights, to be trained; `deployed` makes it fast afterwards."""
    return RepVGG(VARIANTS[name])


class RepVGG(nn.Module):
    """Pictures (N, 3, H, W) to logits (N, 1000) of ImageNet's classes."""

    def __init__(self, variant: Variant) -> None:
        super().__init__()
        stem = min(64, int(64 * variant.widths[0]))
        self.stage0 = RepVGGBlock(3, stem, stride=2, squeeze=variant.squeeze)
        widths = [int(w * c) for w, c in zip(variant.widths, (64, 128, 256, 512), strict=True)]
        index = count(1)
        for stage, (inputs, width) in enumerate(zip([stem, *widths], widths, strict=False), 1):
            blocks = [
                RepVGGBlock(
                    width if row else inputs,
                    width,
                    stride=1 if row else 2,
                    groups=1 if next(index) % 2 else variant.groups,
                    squeeze=variant.squeeze,
                )
                for row in range(variant.blocks[stage - 1])
            ]
            self.add_module(f"stage{stage}", nn.Sequential(*blocks))
        self.linear = nn.Linear(widths[-1], 1000)

    def forward(self, images: Tensor) -> Tensor:
        """Logits of each picture."""
        maps = self.stage0(images)
        for stage in range(1, 5):
            maps = self.get_submodule(f"stage{stage}")(maps)
        return self.linear(maps.mean((-2, -1)))


class RepVGGBlock(nn.Module):
    """A 3 x 3 and a 1 x 1 convolution and, where sizes allow, the identity, each normalised."""

    rbr_reparam: nn.Conv2d | None
    rbr_identity: nn.BatchNorm2d | None

    def __init__(
        self, inputs: int, outputs: int, *, stride: int = 1, groups: int = 1, squeeze: bool = False
    ) -> None:
        super().__init__()
        self.se = SqueezeExcitation(outputs) if squeeze else nn.Identity()
        same = inputs == outputs and stride == 1
        self.rbr_identity = nn.BatchNorm2d(outputs) if same else None
        conv = nn.Conv2d(inputs, outputs, 3, stride, padding=1, groups=groups, bias=False)
        self.rbr_dense = Normalised(conv)
        self.rbr_1x1 = Normalised(nn.Conv2d(inputs, outputs, 1, stride, groups=groups, bias=False))
        self.rbr_reparam = None

    def forward(self, maps: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, outputs, H, W), or half as high and wide with stride 2."""
        if self.rbr_reparam is not None:
            return self.se(self.rbr_reparam(maps)).relu()
        total = self.rbr_dense(maps) + self.rbr_1x1(maps)
        if self.rbr_identity is not None:
            total = total + self.rbr_identity(maps)
        return self.se(total).relu()


class Normalised(nn.Module):
    """A convolution and its BatchNorm, under the published names."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.conv = conv
        self.bn = nn.BatchNorm2d(conv.out_channels)

    def forward(self, maps: Tensor) -> Tensor:
        """Without an activation."""
        return self.bn(self.conv(maps))


class SqueezeExcitation(nn.Module):
    """Weighs the channels of (N, C, H, W) by what they are on the whole."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.down = nn.Conv2d(channels, channels // 16, 1)
        self.up = nn.Conv2d(channels // 16, channels, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """The same size."""
        squeezed = self.down(maps.mean((-2, -1), keepdim=True)).relu()
        return maps * self.up(squeezed).sigmoid()


def fused(block: RepVGGBlock) -> tuple[Tensor, Tensor]:
    """Kernel and bias of the one 3 x 3 convolution that a trained block comes to in evaluation."""
    dense, single = block.rbr_dense, block.rbr_1x1
    branches = [(dense.conv.weight, dense.bn), (pad(single.conv.weight, [1] * 4), single.bn)]
    if block.rbr_identity is not None:
        identity = nn.init.dirac_(torch.empty_like(dense.conv.weight), dense.conv.groups)
        branches.append((identity, block.rbr_identity))
    kernels, biases = zip(*(_absorbed(weight, norm) for weight, norm in branches), strict=True)
    return torch.stack(kernels).sum(0), torch.stack(biases).sum(0)


def deployed(network: Network) -> Network:
    """A copy for evaluation in which every trained block is one convolution."""
    copy = deepcopy(network).eval()
    for block in copy.modules():
        if isinstance(block, RepVGGBlock) and block.rbr_reparam is None:
            kernel, bias = fused(block)
            outputs, inputs = kernel.shape[:2]
            groups, stride = block.rbr_dense.conv.groups, block.rbr_dense.conv.stride[0]
            conv = nn.Conv2d(inputs * groups, outputs, 3, stride, padding=1, groups=groups)
            conv.weight, conv.bias = nn.Parameter(kernel), nn.Parameter(bias)
            block.rbr_reparam = conv
            del block.rbr_dense, block.rbr_1x1, block.rbr_identity
    return copy


def custom_l2(block: RepVGGBlock) -> Tensor:
    """A penalty on what a block comes to instead of on its branches; times half the weight decay.

    The 3 x 3 kernel's rim counts as it is, its centre together with the 1 x 1 kernel.
    """
    dense, single = block.rbr_dense, block.rbr_1x1
    scale, scale_1x1 = (_scale(branch.bn).detach() for branch in (dense, single))
    centre = dense.conv.weight[:, :, 1, 1]
    both = centre * scale[:, None] + single.conv.weight[:, :, 0, 0] * scale_1x1[:, None]
    rim = (dense.conv.weight**2).sum() - (centre**2).sum()
    return (both**2 / (scale**2 + scale_1x1**2)[:, None]).sum() + rim


def _absorbed(weight: Tensor, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution that does what follows it too, in evaluation."""
    assert norm.running_mean is not None
    scale = _scale(norm)
    return weight * scale[:, None, None, None], norm.bias - norm.running_mean * scale


def _scale(norm: nn.BatchNorm2d) -> Tensor:
    """By what a BatchNorm multiplies each channel in evaluation."""
    assert norm.running_var is not None
    return norm.weight / (norm.running_var + norm.eps).sqrt()
