"""Badges in drawings: who a person is and what is looked at, where they cover least."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from torch import Tensor

from sightline.colours import DARK, WHITE, Colour, contrast_of
from sightline.fonts import font_for
from sightline.strokes import Point, Rectangle, outline, paint, rectangle, write


@dataclass(frozen=True)
class Badge:
    """What is written about a person.

    beside: the head or, if nobody knows where it is, the target; in pixels.
    hollow: for somebody who looks outside; else it is filled with the person's colour.
    """

    text: str
    beside: Rectangle
    colour: Colour
    hollow: bool = False


def draw_badges(picture: Tensor, badges: list[Badge], shunned: Iterable[Rectangle]) -> None:
    """Draw badges on a picture (3, H, W) uint8 in place, off what they should not cover."""
    height, width = picture.shape[1:]
    text_size = max(9, min(height, width) // 45)
    taken = list(shunned)
    for badge in badges:
        length = font_for(badge.text, text_size).getlength(badge.text)
        extent = length + text_size, 1.5 * text_size
        box = _free_place(badge.beside, extent, taken, (width, height))
        taken.append(box)
        _draw_badge(picture, badge, box, text_size)


def _draw_badge(picture: Tensor, badge: Badge, box: Rectangle, text_size: int) -> None:
    pill = rectangle(box, 0.4 * text_size)
    contrast = contrast_of(badge.colour)
    fill, ink = (DARK, WHITE) if badge.hollow else (badge.colour, contrast)
    paint(picture, pill, [(0.75, contrast), (0.0, fill)])
    if badge.hollow:
        paint(picture, outline(pill, text_size / 16), [(0.0, badge.colour)])
    middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    write(picture, badge.text, middle, text_size, ink)


def _free_place(
    beside: Rectangle, extent: Point, taken: list[Rectangle], size: tuple[int, int]
) -> Rectangle:
    """Where around a box a badge covers least of what is taken; always within the picture."""
    x_min, y_min, x_max, y_max = beside
    wide, high = extent
    gap = high / 4
    corners = [
        (x_min, y_min - high - gap),
        (x_max - wide, y_min - high - gap),
        (x_max + gap, y_min),
        (x_min - wide - gap, y_min),
        (x_min, y_max + gap),
        (x_max - wide, y_max + gap),
    ]
    places = []
    for x, y in corners:
        x = max(2.0, min(x, size[0] - wide - 2))
        y = max(2.0, min(y, size[1] - high - 2))
        places.append((x, y, x + wide, y + high))
    return min(places, key=lambda place: sum(_overlap(place, other) for other in taken))


def _overlap(a: Rectangle, b: Rectangle) -> float:
    """The area that two rectangles share."""
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    return max(0.0, wide) * max(0.0, high)
