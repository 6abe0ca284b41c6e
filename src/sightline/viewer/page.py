"""Writes the page: one HTML file with the panorama, its gaze, the viewer and nothing to fetch."""

from __future__ import annotations

import base64
import html
import io
import json
import re
from importlib.resources import files
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from sightline.colours import Colour, colour_of, contrast_of
from sightline.contact_sheet import resized
from sightline.gaze import Gaze
from sightline.geometry.boxes import centres
from sightline.geometry.sphere import arcs, great_circle, to_degrees, to_points, to_rays
from sightline.geometry.sphere_boxes import outlines
from sightline.heat import warmth

WIDEST = 4096  # pixels; the largest texture of many graphics chips, above all of telephones
CELLS = 128  # columns of a heatmap in the page


def viewer_page(
    image: Tensor, gaze: Gaze, *, names: list[str] | None = None, title: str = "Panorama"
) -> str:
    """The HTML of a page to look around in a panorama (3, H, W) uint8 and at the gaze in it.

    names: of the people, by default their track or index. Raises ValueError if the gaze is not of
    a panorama.
    """
    if gaze.projection != "equirectangular":
        raise ValueError(
            "viewer_page: this gaze is of an ordinary picture; give one of a panorama."
        )
    folder = files("sightline.viewer")
    parts = {
        "title": html.escape(title),
        "gaze": _script_safe(json.dumps(_gaze(gaze, names), allow_nan=False)),
        "picture": "data:image/jpeg;base64," + _jpeg(image.cpu()),
        "viewer.js": (folder / "viewer.js").read_text("utf-8"),
    }
    for name in ("pannellum.js", "pannellum.css", "COPYING"):
        parts[name] = (folder / "pannellum" / name).read_text("utf-8")
    template = (folder / "viewer.html").read_text("utf-8")
    return re.sub(r"{{([\w.]+)}}", lambda found: parts[found[1]], template)


def _script_safe(text: str) -> str:
    """JSON that cannot end the script element it is in."""
    return text.replace("<", r"\u003c")


def _jpeg(image: Tensor) -> str:
    """The picture in base64, at most `WIDEST` pixels wide."""
    small = resized(image, WIDEST) if image.shape[2] > WIDEST else image
    file = io.BytesIO()
    Image.fromarray(small.permute(1, 2, 0).contiguous().numpy()).save(file, "JPEG", quality=85)
    return base64.b64encode(file.getvalue()).decode("ascii")


def _gaze(gaze: Gaze, names: list[str] | None) -> dict[str, Any]:
    """What viewer.js draws; places are [yaw, pitch] in degrees, null is not given."""
    heatmaps = gaze.heatmaps.cpu().float()
    if heatmaps.shape[-1] > CELLS:
        heatmaps = adaptive_avg_pool2d(heatmaps, (CELLS // 2, CELLS))
    heat = (255 * warmth(heatmaps)).nan_to_num(0.0).byte() if heatmaps.numel() else heatmaps
    called = names or map(str, gaze.identities)
    looks = zip(called, map(colour_of, gaze.identities), _looks(gaze), heat, strict=True)
    people = [
        {"name": name, "colour": _hex(colour), "contrast": _hex(contrast_of(colour))}
        | look
        | {"heat": base64.b64encode(warm.numpy().tobytes()).decode("ascii")}
        for name, colour, look, warm in looks
    ]
    return {"people": people, "cells": list(heat.shape[1:])}


def _looks(gaze: Gaze) -> list[dict[str, Any]]:
    """Of each person head, target, head box, sight line and inside."""
    heads, points = gaze.heads.cpu().double(), gaze.points.cpu().double()
    inside = [None] * len(gaze) if gaze.inside is None else _numbers(gaze.inside)
    return [
        {
            "head": _places(middle),
            "target": _places(point),
            "box": _places(outline),
            "line": _places(_line(head, middle, point)) or [],
            "inside": share,
            "outside": share is not None and share < 0.5,
        }
        for head, middle, outline, point, share in zip(
            heads, centres(heads), outlines(heads), points, inside, strict=True
        )
    ]


def _line(box: Tensor, middle: Tensor, point: Tensor) -> Tensor:
    """Points of the great-circle arc from a head, whose face it leaves free, to its target."""
    head, target, top = to_rays(torch.stack([middle, point, torch.stack([middle[0], box[1]])]))
    path = arcs(head, target, 129)
    free = great_circle(head.expand_as(path), path) >= great_circle(head, top)
    return to_points(path[free])


def _places(points: Tensor) -> list[Any] | None:
    """Yaw and pitch to a thousandth of a degree."""
    if not points.isfinite().all():
        return None
    return (to_degrees(points) * 1000).round().div(1000).tolist()


def _numbers(values: Tensor) -> list[float | None]:
    return [None if value != value else round(value, 4) for value in values.tolist()]


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
