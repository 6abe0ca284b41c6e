"""How alike two boxes are, from 0 to 1 for identical ones: pure functions of XYXY boxes (..., 4).

Pairs are broadcast. `pixel` = 1 gives the convention of the VOC scripts, which GaTector's release
(Wang et al. 2022) uses: boxes hold the pixels from corner to corner, both counted, so every side is
1 longer. The default takes boxes as they are. What is undefined (a box without area) is 0.
"""

from __future__ import annotations

import torch
from torch import Tensor

from sightline.geometry.boxes import centres


def iou(p: Tensor, g: Tensor, *, pixel: float = 0.0) -> Tensor:
    """Intersection over union: 0 for boxes that do not overlap, near or far."""
    return _ratio(_overlap(p, g, pixel), _union(p, g, pixel))


def uoc(p: Tensor, g: Tensor, *, pixel: float = 0.0) -> Tensor:
    """Union over closure, the smallest box around both: falls as boxes move apart."""
    return _ratio(_union(p, g, pixel), _closure(p, g, pixel))


def wuoc(p: Tensor, g: Tensor, *, pixel: float = 0.0) -> Tensor:
    """GaTector's weighted union over closure: `uoc` times the smaller area over the larger.

    1 not only for identical boxes but for any two of equal size side by side.
    """
    a, b = _area(p, pixel), _area(g, pixel)
    return torch.minimum(_ratio(a, b), _ratio(b, a)) * uoc(p, g, pixel=pixel)


def soc(p: Tensor, g: Tensor, *, pixel: float = 0.0) -> Tensor:
    """The smaller area over the closure, as GaTector's later README draws it; 0.5 side by side."""
    return _ratio(torch.minimum(_area(p, pixel), _area(g, pixel)), _closure(p, g, pixel))


def nearness(p: Tensor, g: Tensor) -> Tensor:
    """(1 + DIoU) / 2 with DIoU = IoU - d^2 / c^2 (Zheng et al. 2020): ours, for `mdap`.

    d is the distance of the centres, c the diagonal of the closure, in pixels. Identical boxes are
    1, touching ones below 0.5, and boxes far apart near 0.
    """
    low, high = torch.minimum(p[..., :2], g[..., :2]), torch.maximum(p[..., 2:], g[..., 2:])
    distance, diagonal = ((v * v).sum(-1) for v in (centres(p) - centres(g), high - low))
    return (1 + iou(p, g) - _ratio(distance, diagonal)) / 2


def _area(boxes: Tensor, pixel: float) -> Tensor:
    width, height = (boxes[..., 2:] - boxes[..., :2] + pixel).clamp(min=0).unbind(-1)
    return width * height


def _overlap(p: Tensor, g: Tensor, pixel: float) -> Tensor:
    low, high = torch.maximum(p[..., :2], g[..., :2]), torch.minimum(p[..., 2:], g[..., 2:])
    return _area(torch.cat([low, high], -1), pixel)


def _union(p: Tensor, g: Tensor, pixel: float) -> Tensor:
    return _area(p, pixel) + _area(g, pixel) - _overlap(p, g, pixel)


def _closure(p: Tensor, g: Tensor, pixel: float) -> Tensor:
    low, high = torch.minimum(p[..., :2], g[..., :2]), torch.maximum(p[..., 2:], g[..., 2:])
    return _area(torch.cat([low, high], -1), pixel)


def _ratio(part: Tensor, whole: Tensor) -> Tensor:
    return torch.where(whole > 0, part / whole, 0.0)
