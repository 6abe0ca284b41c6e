"""Antialiased lines, discs, rectangles and text, blended into a picture (3, H, W) uint8.

A shape is its distance field, so it is sharp at any size and costs only the pixels near it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from sightline.colours import Colour
from sightline.fonts import font_for

Shape: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""How far the places (x, y) are from a shape, in pixels, negative inside it."""
Point: TypeAlias = tuple[float, float]
Rectangle: TypeAlias = tuple[float, float, float, float]
"""x_min, y_min, x_max, y_max."""
Layers: TypeAlias = list[tuple[float, Colour]]
"""Margin around a shape and colour, the widest first."""


def disc(centre: Point, radius: float) -> Shape:
    """All that is nearer to the centre than `radius`."""
    return lambda x, y: torch.hypot(x - centre[0], y - centre[1]) - radius


def rectangle(box: Rectangle, corner: float) -> Shape:
    """A rectangle whose corners are rounded with radius `corner`."""
    middle_x, middle_y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    half_x, half_y = (box[2] - box[0]) / 2 - corner, (box[3] - box[1]) / 2 - corner

    def distance(x: Tensor, y: Tensor) -> Tensor:
        dx, dy = (x - middle_x).abs() - half_x, (y - middle_y).abs() - half_y
        outer = torch.hypot(dx.clamp(min=0), dy.clamp(min=0))
        return outer + torch.maximum(dx, dy).clamp(max=0) - corner

    return distance


def line(start: Point, end: Point, radius: float, dash: float = 0.0) -> Shape:
    """From half of `radius` at the start to all of it at the end; `dash` cuts it into pieces."""
    length = math.dist(start, end)
    right, down = (end[0] - start[0]) / length, (end[1] - start[1]) / length
    piece = dash or length
    period = piece + 2.25 * dash  # the round ends and the casing take from the gap

    def distance(x: Tensor, y: Tensor) -> Tensor:
        x, y = x - start[0], y - start[1]
        along = x * right + y * down
        begin = ((along - piece / 2) / period).round().clamp(min=0) * period
        nearest = torch.minimum(torch.maximum(along, begin), begin + piece).clamp(max=length)
        away = torch.hypot(x - nearest * right, y - nearest * down)
        return away - radius * (0.5 + 0.5 * nearest / length)

    return distance


def outline(shape: Shape, radius: float) -> Shape:
    """What is nearer than `radius` to the border of a shape."""
    return lambda x, y: shape(x, y).abs() - radius


def paint(
    picture: Tensor,
    shape: Shape,
    layers: Layers,
    opacity: float = 1.0,
    fade: Shape | None = None,
) -> None:
    """Blend a shape in place; `fade` as in `blend`."""
    column, row = _pixels_near(picture, shape, layers[0][0] + 0.5)
    blend(picture, column, row, shape(column + 0.5, row + 0.5), layers, opacity, fade)


def blend(
    picture: Tensor,
    column: Tensor,
    row: Tensor,
    distance: Tensor,
    layers: Layers,
    opacity: float = 1.0,
    fade: Shape | None = None,
) -> None:
    """Blend pixels (N,) at a `distance` from some shape in place.

    `fade` scales the opacity by place, from 0 where it is 0 to 1 where it is 1 or more.
    """
    before = picture[:, row, column].float()
    after = before
    for margin, colour in layers:
        cover = (margin + 0.5 - distance).clamp(0, 1)
        after = after.lerp(after.new_tensor(colour)[:, None], cover)
    share = torch.ones_like(distance) if fade is None else fade(column + 0.5, row + 0.5)
    strength = opacity * share.clamp(0, 1)
    picture[:, row, column] = before.lerp(after, strength).round().to(picture.dtype)


def _pixels_near(picture: Tensor, shape: Shape, reach: float) -> tuple[Tensor, Tensor]:
    """Columns and rows of the pixels nearer than `reach`, found by way of tiles."""
    height, width = picture.shape[1:]
    tile = 16
    top, left = torch.arange(0, height, tile)[:, None], torch.arange(0, width, tile)
    hit = (shape(left + tile / 2, top + tile / 2) < reach + tile).nonzero()
    inner = torch.arange(tile)
    y = (hit[:, 0, None, None] * tile + inner[:, None]).expand(-1, -1, tile)
    x = (hit[:, 1, None, None] * tile + inner).expand(-1, tile, -1)
    near = (shape(x + 0.5, y + 0.5) < reach) & (x < width) & (y < height)
    return x[near], y[near]


def write(picture: Tensor, text: str, centre: Point, size: int, colour: Colour) -> None:
    """Blend a line of text in place, its middle at `centre`; what does not fit is cut off."""
    font = font_for(text, size)
    width, height = math.ceil(font.getlength(text)) + 2, 2 * size
    mask = Image.new("L", (width, height))
    ImageDraw.Draw(mask).text((width / 2, height / 2), text, 255, font, anchor="mm")
    cover = torch.from_numpy(np.array(mask)).float() / 255
    left, top = round(centre[0] - width / 2), round(centre[1] - height / 2)
    region = picture[:, max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)]
    cover = cover[max(0, -top) :, max(0, -left) :][: region.shape[1], : region.shape[2]]
    ink = cover.new_tensor(colour)[:, None, None]
    region.copy_(region.float().lerp(ink, cover).round())
