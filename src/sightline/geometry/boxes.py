"""Boxes and points: pixels to fractions of the image and back, enlargement, head masks.

One convention everywhere, the edge convention: the picture spans [0, W] x [0, H], the centre of the
first pixel is (0.5, 0.5), and a mirrored x is W - x for boxes and points alike.
"""

from __future__ import annotations

import torch
from torch import Tensor


def to_unit(coordinates: Tensor, size: tuple[int, int]) -> Tensor:
    """Pixels to fractions of an image of `size` (W, H); points (..., 2) or boxes (..., 4)."""
    return coordinates / _scale(coordinates, size)


def to_pixels(coordinates: Tensor, size: tuple[int, int]) -> Tensor:
    """Fractions to pixels of an image of `size` (W, H); points (..., 2) or boxes (..., 4)."""
    return coordinates * _scale(coordinates, size)


def cut(coordinates: Tensor, size: tuple[int, int]) -> Tensor:
    """Pixels moved to the border of an image of `size` (W, H) where they lie outside it.

    Points (..., 2) or boxes (..., 4).
    """
    return coordinates.clamp(min=0).minimum(_scale(coordinates, size))


def _scale(coordinates: Tensor, size: tuple[int, int]) -> Tensor:
    repeats = coordinates.shape[-1] // 2
    return torch.tensor(size * repeats, dtype=coordinates.dtype, device=coordinates.device)


def sides(images: Tensor) -> Tensor:
    """Width and height (2,) int64 of pictures (B, 3, H, W), as a tensor also when traced."""
    lengths = [images.shape[-1], images.shape[-2]]
    return torch.stack([torch.scalar_tensor(n, dtype=torch.int64) for n in lengths])


def centres(boxes: Tensor) -> Tensor:
    """Centre points (..., 2) of XYXY boxes (..., 4)."""
    return (boxes[..., :2] + boxes[..., 2:]) / 2


def areas(boxes: Tensor) -> Tensor:
    """Areas (...) of XYXY boxes (..., 4); 0 of those that end before they start."""
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(-1)


def enlarge(boxes: Tensor, k: float | Tensor) -> Tensor:
    """Grow XYXY boxes (N, 4) by the share `k` (a number or one per box), as Chong et al. 2020 do.

    The left and top edges move by k times the size, then the right and bottom edges by k times the
    size *already enlarged*: k = 0.1 adds 10 % on the left and 11 % on the right.
    """
    k = torch.as_tensor(k, dtype=boxes.dtype, device=boxes.device)[..., None]
    low = boxes[..., :2] - k * (boxes[..., 2:] - boxes[..., :2])
    high = boxes[..., 2:] + k * (boxes[..., 2:] - low)
    return torch.cat([low, high], -1)


def head_from_face(faces: Tensor) -> Tensor:
    """Head boxes (N, 4) around face boxes (N, 4): width x 1.9, height x 1.5, 0.18 heights up.

    A face detector stops at the brow and chin; gaze models want hair and ears. The constants are a
    starting point fitted on few heads (the intersection over union rises from 0.35 to 0.72-0.84),
    not a finding.
    """
    size = faces[..., 2:] - faces[..., :2]
    centre = centres(faces) - size * size.new_tensor([0.0, 0.18])
    half = size * size.new_tensor([1.9, 1.5]) / 2
    return torch.cat([centre - half, centre + half], -1)


def smooth_boxes(boxes: Tensor, window: int = 11) -> Tensor:
    """The boxes (T, 4) of one head in T frames as moving averages over an odd number of frames.

    Chong et al. 2020 smooth so, over 11 frames; before the first and after the last frame these
    count as repeated.
    """
    edges = boxes[:1].expand(window // 2, 4), boxes[-1:].expand(window // 2, 4)
    return torch.cat([edges[0], boxes, edges[1]]).unfold(0, window, 1).mean(-1)


def head_masks(boxes: Tensor, size: int = 224) -> Tensor:
    """Masks (N, 1, size, size), 1 inside each unit-square head box (N, 4); a NaN box is blank.

    Chong et al. 2020: corners are cut to integers and clipped to size - 1, the far edge is
    exclusive, so the last row and column are never set and a very narrow box gives an empty mask.
    """
    corners = (boxes * size).nan_to_num(0.0).trunc().clamp(0, size - 1)
    return _filled(corners, size)[:, None].to(boxes.dtype)


def cell_masks(boxes: Tensor, grid: int = 32) -> Tensor:
    """Masks (N, grid, grid), 1 in the cells inside each unit-square box (N, 4); a NaN box is blank.

    Gaze-LLE (Ryan et al. 2025): edges are rounded to whole cells, halves to the even one, and the
    far edge is exclusive, so a box narrower than a cell may give an empty mask. What lies outside
    the picture is cut off, also left of it, where the published code would count from the right.
    """
    return _filled((boxes * grid).round(), grid).to(boxes.dtype)


def _filled(boxes: Tensor, size: int) -> Tensor:
    """Masks (N, size, size) of bool, true in the cells of boxes (N, 4); the far edge exclusive."""
    x0, y0, x1, y1 = boxes[..., None].unbind(-2)
    cell = torch.arange(size, device=boxes.device)
    columns = (cell >= x0) & (cell < x1)  # NaN compares false: blank
    rows = (cell >= y0) & (cell < y1)
    return rows[:, :, None] & columns[:, None, :]
