"""Draw where people look onto their picture: head boxes, sight lines, targets, heatmaps, badges."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from sightline.badges import Badge, draw_badges
from sightline.colours import DARK, WHITE, Colour, colour_of, contrast_of
from sightline.draw_panorama import arc_path, around, paint_strokes, strokes_of
from sightline.gaze import Gaze
from sightline.geometry.boxes import to_pixels
from sightline.heat import lay_heatmaps
from sightline.scene import Objects
from sightline.strokes import Layers, Point, Rectangle, disc, line, outline, paint, rectangle

FAINT = 0.5  # opacity of the line, target and heatmap of a person who looks outside
HEAT = 0.55  # opacity of the hottest place
QUIET = 0.6  # opacity of the outlines of objects that nobody looks at
CROWD = 8  # in a larger company, as in a tiny picture, badges show names alone


@dataclass(frozen=True)
class _Person:
    """One person in pixels; None is what the model or the user did not give."""

    box: Rectangle | None
    point: Point | None
    inside: float | None
    colour: Colour
    name: str
    object: str = ""

    @property
    def outside(self) -> bool:
        return self.inside is not None and self.inside < 0.5

    @property
    def opacity(self) -> float:
        return FAINT if self.outside else 1.0

    def ink(self, unit: float) -> Layers:
        """The layers of a stroke: the person's colour in a casing."""
        return [(max(0.75, 0.5 * unit), contrast_of(self.colour)), (0.0, self.colour)]

    def badge(self, *, brief: bool) -> str:
        """Name, "inside 97%" unless it has to be brief, and the object looked at."""
        facts = [self.name]
        if self.inside is not None and not brief:
            side, share = ("outside", 1 - self.inside) if self.outside else ("inside", self.inside)
            facts.append(f"{side} {share:.0%}")
        return " · ".join(facts + [self.object] * bool(self.object))

    def marks(self, unit: float) -> list[Rectangle]:
        """What badges should not cover: the head and the target, as far as they are given."""
        marks = [] if self.box is None else [self.box]
        if self.point is not None:
            x, y = self.point
            marks.append((x - 6 * unit, y - 6 * unit, x + 6 * unit, y + 6 * unit))
        return marks


def draw_gaze(
    image: Tensor, gaze: Gaze, *, heatmap: bool = True, names: list[str] | None = None
) -> Tensor:
    """Draw the `gaze` of all people on a copy of an image (3, H, W) uint8.

    People are told apart by colour (by track where there are tracks) and labelled with their name,
    by default their track or index. Those whose target is more likely outside the picture get a
    faint dashed line, an open target and a hollow badge. Objects have thin outlines, the one that
    a person looks at is framed in the person's colour and named in the badge with its score.
    In a panorama sight lines are arcs of great circles, and all goes on over the seam.
    """
    if image.ndim != 3 or image.shape[0] != 3 or image.dtype != torch.uint8:
        raise ValueError(
            f"draw_gaze: the image has shape {tuple(image.shape)} and type {image.dtype}; "
            "give an RGB tensor (3, H, W) of uint8."
        )
    if names is not None and len(names) != len(gaze):
        raise ValueError(f"draw_gaze: {len(names)} names for {len(gaze)} people; give one each.")
    heatmap = heatmap and len(gaze) > 0 and gaze.heatmaps.numel() > 0
    layout = torch.contiguous_format if heatmap else torch.preserve_format  # heatmaps go by colour
    picture = image.cpu().clone(memory_format=layout)
    width = image.shape[2]
    people = _people(gaze, (width, image.shape[1]), names)
    unit = max(1.0, min(image.shape[1:]) / 400)  # the width of a stroke
    panorama = gaze.projection == "equirectangular"
    if heatmap:
        colours, opacities = [p.colour for p in people], [HEAT * p.opacity for p in people]
        maps = gaze.heatmaps.cpu().float()
        lay_heatmaps(picture, maps, colours, opacities, wraps=panorama)
    if gaze.objects is not None:
        for shift in (0, -width, width) if panorama else (0,):
            _draw_objects(picture, gaze, people, unit, shift)
    aside = _over_the_seam(people, width, unit) if panorama else []
    draw_line = _draw_arc if panorama else _draw_sight_line
    for person in people:
        draw_line(picture, person, unit)
    for draw in (_draw_head, _draw_target):  # no box covers another's target
        for person in people + aside:
            draw(picture, person, unit)
    _draw_badges(picture, people + [part for part in aside if part.box], unit)
    return picture.to(image.device)


def _people(gaze: Gaze, size: tuple[int, int], names: list[str] | None) -> list[_Person]:
    boxes = to_pixels(gaze.heads.cpu().float(), size).tolist()
    points = to_pixels(gaze.points.cpu().float(), size).tolist()
    inside = [math.nan] * len(gaze) if gaze.inside is None else gaze.inside.tolist()
    called = names or map(str, gaze.identities)
    looked_at = [-1] * len(gaze) if gaze.gaze_object is None else gaze.gaze_object.tolist()
    return [
        _Person(
            box=tuple(box) if all(map(math.isfinite, box)) else None,
            point=tuple(point) if all(map(math.isfinite, point)) else None,
            inside=None if math.isnan(probability) else probability,
            colour=colour_of(identity),
            name=name,
            object=_name(gaze.objects, row) if gaze.objects and row >= 0 else "",
        )
        for box, point, probability, identity, name, row in zip(
            boxes, points, inside, gaze.identities, called, looked_at, strict=True
        )
    ]


def _over_the_seam(people: list[_Person], width: int, unit: float) -> list[_Person]:
    """What of the people reaches over the seam of a panorama, where it comes in again."""
    aside = []
    for person in people:
        for shift in (-width, width):
            box = person.box and _shifted(person.box, shift)
            point = person.point and (person.point[0] + shift, person.point[1])
            box = box if box and box[0] < width and box[2] > 0 else None
            point = point if point and -6 * unit < point[0] < width + 6 * unit else None
            if box or point:
                aside.append(replace(person, box=box, point=point))
    return aside


def _shifted(box: Rectangle, right: float) -> Rectangle:
    return box[0] + right, box[1], box[2] + right, box[3]


def _name(objects: Objects, row: int) -> str:
    """What an object is, and how sure its detector: "cup 87%"; given objects have no doubt."""
    score = objects.scores[row].item()
    return f"{objects.name(row)} {score:.0%}" if score < 1 else objects.name(row)


def _draw_objects(
    picture: Tensor, gaze: Gaze, people: list[_Person], unit: float, shift: int
) -> None:
    """Outline all objects, and frame those looked at, for several people one around the other.

    All are drawn `shift` pixels aside.
    """
    assert gaze.objects is not None
    size = picture.shape[2], picture.shape[1]
    unit_boxes = gaze.objects.boxes.cpu().float()
    boxes = [_shifted(box, shift) for box in to_pixels(unit_boxes, size).tolist()]
    looked_at = [] if gaze.gaze_object is None else gaze.gaze_object.tolist()
    for row, box in enumerate(boxes):
        if row not in looked_at and all(map(math.isfinite, box)):
            _draw_outline(picture, box, unit)
    for person, (row, who) in enumerate(zip(looked_at, people, strict=True)):
        if row >= 0:
            grow = (1 + 3 * looked_at[:person].count(row)) * unit
            x_min, y_min, x_max, y_max = boxes[row]
            around = rectangle((x_min - grow, y_min - grow, x_max + grow, y_max + grow), grow)
            paint(picture, outline(around, 0.8 * unit), who.ink(unit))


def _draw_outline(picture: Tensor, box: Rectangle, unit: float) -> None:
    """A thin outline, painted in the part of the picture around it, as there may be hundreds."""
    margin = 2 * unit
    left, top = max(0, int(box[0] - margin)), max(0, int(box[1] - margin))
    right, bottom = max(left, int(box[2] + margin)), max(top, int(box[3] + margin))
    part = picture[:, top:bottom, left:right]
    shifted = rectangle((box[0] - left, box[1] - top, box[2] - left, box[3] - top), 0.0)
    paint(part, outline(shifted, max(0.5, 0.3 * unit)), [(0.5, DARK), (0.0, WHITE)], QUIET)


def _draw_sight_line(picture: Tensor, person: _Person, unit: float) -> None:
    """From the middle of the head, where it is faint to show the eyes, to the target's ring."""
    if person.box is None or person.point is None:
        return
    (x_min, y_min, x_max, y_max), (x, y) = person.box, person.point
    start = (x_min + x_max) / 2, (y_min + y_max) / 2
    length = math.dist(start, person.point)
    if length <= 7 * unit:
        return
    share = 6 * unit / length  # belongs to the ring
    end = x + share * (start[0] - x), y + share * (start[1] - y)
    sight = line(start, end, unit, dash=3 * unit if person.outside else 0.0)
    middle, reach = disc(start, 0.0), max(1.0, math.dist(start, (x_max, y_max)))
    paint(picture, sight, person.ink(unit), person.opacity, lambda x, y: middle(x, y) / reach)


def _draw_arc(picture: Tensor, person: _Person, unit: float) -> None:
    """As `_draw_sight_line`, along the great circle of a panorama."""
    if person.box is None or person.point is None:
        return
    (x_min, y_min, x_max, y_max), size = person.box, (picture.shape[2], picture.shape[1])
    start = (x_min + x_max) / 2, (y_min + y_max) / 2
    dash = 3 * unit if person.outside else 0.0
    strokes = strokes_of(arc_path(start, person.point, size), unit, short=6 * unit, dash=dash)
    if len(strokes.starts):
        fade = around(start, size[0], max(1.0, math.dist(start, (x_max, y_max))))
        paint_strokes(picture, strokes, person.ink(unit), person.opacity, fade)


def _draw_head(picture: Tensor, person: _Person, unit: float) -> None:
    if person.box is not None:
        x_min, y_min, x_max, y_max = person.box
        corner = max(0.0, min(4 * unit, (x_max - x_min) / 4, (y_max - y_min) / 4))
        frame = outline(rectangle(person.box, corner), 0.6 * unit)
        paint(picture, frame, person.ink(unit))


def _draw_target(picture: Tensor, person: _Person, unit: float) -> None:
    """A ring, and in it a dot when the target is in the picture."""
    if person.point is not None:
        ring = outline(disc(person.point, 5 * unit), 0.7 * unit)
        paint(picture, ring, person.ink(unit), person.opacity)
        if not person.outside:
            paint(picture, disc(person.point, 1.8 * unit), person.ink(unit))


def _draw_badges(picture: Tensor, people: list[_Person], unit: float) -> None:
    """Name and "inside 97%" beside each head; where there is no head box, beside the target."""
    short = min(picture.shape[1:])
    if short < 100:
        return
    brief = short < 240 or len(people) > CROWD
    marked = [(person, marks) for person in people if (marks := person.marks(unit))]
    badges = [
        Badge(person.badge(brief=brief), marks[0], person.colour, hollow=person.outside)
        for person, marks in marked
    ]
    draw_badges(picture, badges, shunned=[mark for _, marks in marked for mark in marks])
