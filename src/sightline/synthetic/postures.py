"""What people do with their hands, and the bodies that do it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from sightline.synthetic import small
from sightline.synthetic.bodies import body, body_origin
from sightline.synthetic.figure import Part, assemble, pick, upright
from sightline.synthetic.framing import Person
from sightline.synthetic.rooms import Room
from sightline.synthetic.seats import any_seat
from sightline.synthetic.world import Paint, Solid

# where hands are in the body's frame, of an adult: the right one, which the left one mirrors, or
# the left and the right one, x counted outwards
HANDS = {
    "hang": (0.25, 0.05, -0.78),
    "lap": (0.12, 0.3, -0.63),
    "forward": (0.14, 0.36, -0.55),
    "hold": (0.07, 0.3, -0.42),
    "crossed": ((-0.09, 0.16, -0.44), (-0.11, 0.19, -0.40)),
    "hip": (0.2, 0.01, -0.6),
    "point": ((0.24, 0.03, -0.76), (0.2, 0.48, -0.14)),
    "chin": ((-0.02, 0.2, -0.5), (0.015, 0.12, -0.165)),
    "phone": ((0.24, 0.03, -0.76), (0.125, 0.02, -0.05)),
}
STANDING = {"hang": 0.3, "forward": 0.17, "hold": 0.25, "crossed": 0.08, "hip": 0.06}
SEATED = {"lap": 0.33, "forward": 0.2, "hold": 0.25, "crossed": 0.06}
BOTH = {"point": 0.04, "chin": 0.06, "phone": 0.04}
BUSY = 0.2  # of the people have a hand that is worth a look
ADULT = 12  # years from which hands reach chin and ear as they do here


class Posture(NamedTuple):
    """What the hands do, and where they are: (2, 3) in the body's frame."""

    manner: str
    hands: np.ndarray


def any_posture(generator: Generator, person: Person) -> Posture:
    """Hands that hang, reach, hold, point or touch something."""
    shares = (SEATED if person.pose.seated else STANDING) | BOTH
    if person.look.years < ADULT:
        shares = shares | {"chin": 0.0, "phone": 0.0}
    manner = pick(generator, list(shares), list(shares.values()))
    spread = 0.01 if manner in ("crossed", "chin", "phone", "hip") else 0.05
    shift = generator.normal(0, spread, (1 if manner == "hold" else 2, 3))  # a thing moves both
    hands = np.array(HANDS[manner]) * ((-1, 1, 1), (1, 1, 1)) + shift
    if manner not in BOTH:
        hands[:, 1] += 0.12 * max(person.look.stout - 1, 0)  # before a stout trunk, not in it
    return Posture(manner, hands)


def add_body(generator: Generator, room: Room, person: Person, owner: int) -> None:
    """A body in some posture, with its seat and what it holds."""
    manner, hands = any_posture(generator, person)
    look, pose = person.look, person.pose
    origin, frame = body_origin(look, pose), upright(pose.body_yaw)
    room.solids += body(look, pose, hands, owner)
    if generator.random() < BUSY:
        room.targets.append((owner, origin + look.size * hands[generator.integers(2)] @ frame))
    if pose.seated:
        room.solids += any_seat(generator, look, pose, owner)
    if manner == "phone":
        room.solids += _phone(person, hands[1], owner)
    if manner == "hold":
        middle = look.size * (hands.mean(0) + np.array((0, 0.05, 0.02)))
        room.held[room.owners] = owner
        room.add(small.held(generator), origin + middle @ frame, frame)


def _phone(person: Person, hand: np.ndarray, owner: int) -> list[Solid]:
    """A phone in the hand at the ear."""
    look, pose = person.look, person.pose
    part = Part(
        hand + np.array((-0.01, 0.01, 0.03)), (0.006, 0.035, 0.07), Paint((0.05, 0.05, 0.06)), True
    )
    frame = upright(pose.body_yaw)
    return assemble([part], body_origin(look, pose), frame, look.size, owner)
