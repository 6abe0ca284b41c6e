"""What people sit on, as solids of their bodies."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from sightline.synthetic.bodies import UNDER, body_origin, hips
from sightline.synthetic.figure import Part, Pose, assemble, pick, upright
from sightline.synthetic.looks import Look
from sightline.synthetic.paints import cloth, pattern, wood
from sightline.synthetic.world import Paint, Solid

SEATS = ("stool", "chair", "armchair", "cube")
SEAT_SHARES = (0.2, 0.45, 0.25, 0.1)
PAINTS = {"stool": wood, "chair": wood, "armchair": cloth, "cube": pattern}


def any_seat(generator: Generator, look: Look, pose: Pose, owner: int) -> list[Solid]:
    """A seat of some kind below somebody who sits."""
    kind = pick(generator, SEATS, SEAT_SHARES)
    origin = body_origin(look, pose)
    floor = -origin[2] / look.size
    _, back, low = hips(look)
    paint, height = PAINTS[kind](generator), generator.uniform(0.32, 0.55)
    foot = np.array((0, back - 0.03, floor))
    parts = [
        part._replace(centre=part.centre + foot)
        for part in seat(kind, low - UNDER - floor, height, paint)
    ]
    return assemble(parts, origin, upright(pose.body_yaw), look.size, owner)


def seat(kind: str, top: float, back: float, paint: Paint) -> list[Part]:
    """A seat with its top so high above the floor, and its back so high above its top."""
    if kind == "cube":
        return [Part((0, 0, top / 2), (0.2, 0.2, top / 2), paint, True)]
    if kind == "stool":
        leg = Part((0, 0, top / 2), (0.03, 0.03, top / 2), paint, True)
        plate = Part((0, 0, 0.015), (0.2, 0.2, 0.02), paint)
        return [Part((0, 0, top - 0.025), (0.2, 0.2, 0.025), paint), leg, plate]
    if kind == "armchair":
        rest, arm = (top + back * 0.9) / 2, (top + 0.2) / 2
        arms = [Part((s * 0.31, 0.05, arm), (0.06, 0.28, arm), paint, True) for s in (-1, 1)]
        base = Part((0, 0.05, top / 2), (0.26, 0.28, top / 2), paint, True)
        return [base, Part((0, -0.25, rest), (0.36, 0.08, rest), paint, True), *arms]
    legs = [
        Part((x, y, top / 2), (0.018, 0.018, top / 2), paint, True)
        for x in (-0.19, 0.19)
        for y in (-0.18, 0.2)
    ]
    rest = Part((0, -0.2, top + back / 2), (0.2, 0.015, back / 2), paint, True)
    return [Part((0, 0.01, top - 0.02), (0.21, 0.22, 0.02), paint, True), rest, *legs]
