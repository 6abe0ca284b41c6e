"""Images of one width, and many of them as one: a contact sheet."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import interpolate


def contact_sheet(images: list[Tensor], columns: int, width: int) -> Tensor:
    """Images (3, H, W) uint8 of any sizes, `columns` in a row on white, `width` pixels in all."""
    if not images:
        raise ValueError("contact_sheet: no images; give at least one.")
    gap = max(1, width // 200)
    cell = (width - gap * (columns + 1)) // columns
    small = [resized(image, cell) for image in images]
    rows = [small[i : i + columns] for i in range(0, len(small), columns)]
    heights = [max(image.shape[1] for image in row) for row in rows]
    sheet = torch.full((3, sum(heights) + gap * (len(rows) + 1), width), 255, dtype=torch.uint8)
    top = gap
    for row, height in zip(rows, heights, strict=True):
        for column, image in enumerate(row):
            y, x = top + (height - image.shape[1]) // 2, gap + column * (cell + gap)
            sheet[:, y : y + image.shape[1], x : x + cell] = image
        top += height + gap
    return sheet


def resized(image: Tensor, width: int) -> Tensor:
    """An image (3, H, W) uint8, `width` pixels wide and as high as its aspect ratio wants."""
    height = max(1, round(image.shape[1] * width / image.shape[2]))
    return interpolate(image[None].cpu(), (height, width), mode="bilinear", antialias=True)[0]
