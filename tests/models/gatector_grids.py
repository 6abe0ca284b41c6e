"""Raw grids of GaTector's golden cases, and the anchors of its two models."""

from pathlib import Path

import torch
from released import fill

ANCHORS = ((12, 16), (19, 36), (40, 28))
ANCHORS_OF_THREE = (*ANCHORS, (36, 75), (76, 55), (72, 146), (142, 110), (192, 243), (459, 401))


def raw_grid(golden: Path, name: str, images: int, side: int) -> torch.Tensor:
    """The "raw rule": noise (images, 3, 31, side, side) in which boxes are sane, objects rare."""
    noise = fill(golden).normal(name, (images, 93, side, side))
    grid = torch.from_numpy(noise).view(images, 3, 31, side, side).clone()
    grid[:, :, 2:4] *= 0.3
    grid[:, :, 4] = 2 * grid[:, :, 4] - 5
    grid[:, :, 5:] = 2 * grid[:, :, 5:] - 1
    return grid
