"""A few pictures of each person's head, for a sheet that shows who is who."""

from __future__ import annotations

from collections import defaultdict

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as tvf

from sightline.geometry.boxes import enlarge
from sightline.strokes import write

SIDE = 96  # pixels of a cell
EVERY = 50  # frames of a person between two pictures of the head
COLUMNS = 8
MARGIN = 0.25


class Album:
    """Collects of each track the first head and the newest of every `EVERY` frames."""

    def __init__(self) -> None:
        self.heads: dict[int, list[tuple[float, Tensor]]] = {}
        self.seen: dict[int, int] = defaultdict(int)

    def add(self, image: Tensor, boxes: Tensor, tracks: list[int], time: float) -> None:
        """Look at the people of a frame: image (3, H, W) uint8, boxes (P, 4) in its pixels."""
        for box, track in zip(enlarge(boxes, MARGIN), tracks, strict=True):
            if self.seen[track] % EVERY == 0:
                self.heads[track] = [*self.heads.get(track, [])[:1], (time, _cell(image, box))]
            self.seen[track] += 1

    @property
    def cells(self) -> list[tuple[int, float]]:
        """Whose head each cell of the strip shows, and when."""
        return [(track, time) for track, heads in self.heads.items() for time, _ in heads]

    def strip(self) -> Tensor:
        """All heads side by side: (3, SIDE, SIDE * len(cells))."""
        return torch.cat([head for heads in self.heads.values() for _, head in heads], -1)


def _cell(image: Tensor, box: Tensor) -> Tensor:
    left, top, right, bottom = box.round().int().tolist()
    crop = tvf.crop(image, top, left, max(bottom - top, 1), max(right - left, 1))
    return tvf.resize(crop, [SIDE, SIDE], antialias=True)


def sheet(people: dict[int, list[Tensor]], names: dict[int, str]) -> Tensor:
    """One row per track: number, name and up to `COLUMNS` of the heads (3, SIDE, SIDE) in time."""
    page = torch.full((3, SIDE * max(len(people), 1), SIDE * (COLUMNS + 1)), 255, dtype=torch.uint8)
    for row, (track, heads) in enumerate(sorted(people.items())):
        top = row * SIDE
        lines = [str(track), *([names[track][:12]] if track in names else [])]
        for line, text in enumerate(lines, 1):
            place = (SIDE / 2, top + SIDE * line / (len(lines) + 1))
            write(page, text, place, SIDE // 6, (18, 18, 22))
        chosen = torch.linspace(0, len(heads) - 1, min(COLUMNS, len(heads))).round().int().tolist()
        for column, index in enumerate(chosen, 1):
            page[:, top : top + SIDE, column * SIDE : (column + 1) * SIDE] = heads[index]
    return page
