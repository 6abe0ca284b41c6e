"""A few pictures of each person's head, for a sheet that shows who is who."""

from __future__ import annotations

from collections import Counter

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as tvf

from sightline.colours import DARK
from sightline.geometry.boxes import enlarge
from sightline.strokes import write

SIDE = 96  # pixels of a cell
WHEN = (0, 10, 50, 150, 350)  # how often a person was seen before the pictures that are taken
MOST = 600  # heads of a part: a JPEG is at most 65535 pixels wide
COLUMNS = 8
ROWS = 100
MARGIN = 0.25


class Album:
    """Collects some heads of each track, with their times, from the frames of a part."""

    def __init__(self) -> None:
        self.heads: list[Tensor] = []
        self.tracks: list[int] = []
        self.times: list[float] = []
        self.seen: Counter[int] = Counter()

    def add(
        self, image: Tensor, boxes: Tensor, tracks: list[int], time: float, *, wraps: bool = False
    ) -> None:
        """Look at the people of a frame: image (3, H, W) uint8, boxes (P, 4) in its pixels.

        wraps: the film is of panoramas, whose boxes go over the seam.
        """
        for box, track in zip(enlarge(boxes, MARGIN), tracks, strict=True):
            if self.seen[track] in WHEN and len(self.heads) < MOST:
                self.heads.append(_cell(image, box, wraps=wraps))
                self.tracks.append(track)
                self.times.append(time)
            self.seen[track] += 1

    def strip(self) -> Tensor:
        """All heads side by side: (3, SIDE, SIDE * number)."""
        return torch.cat(self.heads, -1)


def _cell(image: Tensor, box: Tensor, *, wraps: bool) -> Tensor:
    """What of a box is in the picture, as (3, SIDE, SIDE)."""
    height, width = image.shape[1:]
    left, top, right, bottom = box.round().int().tolist()
    if not wraps:
        left, right = min(max(left, 0), width - 1), min(right, width)
    top, bottom = min(max(top, 0), height - 1), min(bottom, height)
    columns = torch.arange(left, max(right, left + 1)) % width
    head = image[:, top : max(bottom, top + 1), columns]
    return tvf.resize(head, [SIDE, SIDE], antialias=True)


def sheet(people: dict[int, list[Tensor]], names: dict[int, str]) -> Tensor:
    """One row per person: the track, the name and the heads (3, SIDE, SIDE) in time."""
    page = torch.full((3, SIDE * len(people), SIDE * (COLUMNS + 1)), 255, dtype=torch.uint8)
    for row, (track, heads) in enumerate(sorted(people.items())):
        top, middle = row * SIDE, SIDE / 2
        for line, text in enumerate((str(track), names.get(track, "")[:12])):
            write(page, text, (middle, top + middle + 20 * line), SIDE // 6, DARK)
        for column, head in enumerate(heads, 1):
            page[:, top : top + SIDE, column * SIDE : (column + 1) * SIDE] = head
    return page
