"""Random worlds: rooms with people who look at things, at one another, or out of the picture.

The people come first, at sizes and places in the picture that are worth seeing; the room, its
furniture and the things are put around them, then everyone finds a target and turns the head. A
draw that turns out impossible (a head hidden, nothing to look at) is repeated with the same
generator.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from sightline.synthetic.attention import (
    NOBODY,
    Targets,
    choose,
    clearly_visible,
    hidden,
    turn_head,
)
from sightline.synthetic.difficulty import Difficulty
from sightline.synthetic.figure import Pose, turned
from sightline.synthetic.framing import Person, gather_people
from sightline.synthetic.heads import head
from sightline.synthetic.postures import add_body
from sightline.synthetic.rooms import Room
from sightline.synthetic.world import ROOM, Camera, People, Solid, Solids, World, join, stack


class Setting(NamedTuple):
    """A room before anybody looks at something.

    heads: where its people's heads are. still: all solids but these heads; solids: all.
    """

    room: Room
    heads: Targets
    still: Solids
    solids: Solids


def sample_world(
    generator: Generator,
    size: tuple[int, int],
    *,
    outside_share: float,
    difficulty: Difficulty,
) -> World:
    """A random room for a picture of `size` (width, height).

    Each person looks out of the picture with probability `outside_share`.
    """
    while True:
        setting = furnished(generator, size, difficulty)
        world = setting and look(
            setting, candidates(setting.room, setting.heads), outside_share=outside_share
        )
        if world is not None:
            return world


def furnished(
    generator: Generator, size: tuple[int, int], difficulty: Difficulty
) -> Setting | None:
    """A room with people who look straight ahead; None if one of them is hidden."""
    camera, people = gather_people(generator, size, difficulty)
    if not people:
        return None
    setting = settle(Room(generator, camera, people, difficulty))
    visible = clearly_visible(setting.solids, camera, setting.heads, difficulty.covered).all()
    return setting if visible else None


def settle(room: Room) -> Setting:
    """Put furniture, things and people into an empty room."""
    people = room.people
    room.furnish()
    for owner, person in enumerate(people, len(people) + 1):
        add_body(room.generator, room, person, owner)
    heads = Targets(
        np.array([person.pose.centre for person in people]), np.arange(1, len(people) + 1)
    )
    ahead = heads.points + np.array([person.pose.frame[1] for person in people])
    still = stack(room.solids)
    return Setting(room, heads, still, join(still, stack(head_solids(people, ahead))))


def look(setting: Setting, places: Targets, *, outside_share: float) -> World | None:
    """Everybody looks at one of the `places`; None if somebody finds nothing."""
    room, heads = setting.room, setting.heads
    targets = choose(
        room.generator,
        room.camera,
        setting.solids,
        heads,
        places,
        body_yaws=np.array([person.pose.body_yaw for person in room.people]),
        outside_share=outside_share,
        difficulty=room.difficulty,
    )
    return targets and _finish(setting, targets)


def _finish(setting: Setting, targets: Targets) -> World | None:
    """Turn the heads to their targets; None if what was seen is hidden now."""
    room, heads = setting.room, setting.heads
    people = [
        replace(person, pose=_turn(room, person.pose, target))
        for person, target in zip(room.people, targets.points, strict=True)
    ]
    solids = join(setting.still, stack(head_solids(people, targets.points)))
    seen = np.ones(len(people), bool)  # `furnished` saw to that
    truth = people_of(solids, room.camera, people, heads, targets, visible=seen)
    ignored = np.stack([heads.owners, targets.owners], 1)
    if hidden(solids, truth.eyes, truth.targets, ignored).any():
        return None
    return World(solids, room.camera, room.light(), truth, tuple(room.labels))


def _turn(room: Room, pose: Pose, target: np.ndarray) -> Pose:
    apart = room.difficulty.eyes_apart
    return replace(pose, frame=turned(*turn_head(room.generator, pose, target, apart)))


def head_solids(people: list[Person], targets: np.ndarray) -> list[Solid]:
    """The heads of P people whose eyes look at `targets` (P, 3)."""
    return [
        solid
        for owner, (person, target) in enumerate(zip(people, targets, strict=True), 1)
        for solid in head(person.look, person.pose, target, owner)
    ]


def candidates(room: Room, heads: Targets) -> Targets:
    """Things, hands, heads, plain places, places in the air, and the camera."""
    here = places(room, heads)
    air = room.generator.uniform(room.low + 0.2, room.high - 0.3, (16, 3))
    points = np.vstack([here.points, air, room.camera.position])
    nobody = np.full(len(points) - len(here.owners), NOBODY)
    return Targets(points, np.concatenate([here.owners, nobody]))


def places(room: Room, heads: Targets) -> Targets:
    """Things, hands, heads, and places on walls, floor and ceiling."""
    spots = room.spots()
    owners = [owner for owner, _ in room.targets]  # none in a room that nothing fits into
    return Targets(
        np.vstack([*(point for _, point in room.targets), heads.points, spots]),
        np.array([*owners, *heads.owners, *[ROOM] * len(spots)]),
    )


def people_of(
    solids: Solids,
    camera: Camera,
    people: list[Person],
    heads: Targets,
    targets: Targets,
    *,
    visible: np.ndarray,
) -> People:
    """Who looks where, and what of it the camera sees."""
    here = np.broadcast_to(camera.position, targets.points.shape)
    return People(
        heads=heads.owners,
        bodies=heads.owners + len(people),
        eyes=np.array([person.pose.eyes(person.look.scale) for person in people]),
        facing=np.array([person.pose.frame[1] for person in people]),
        targets=targets.points,
        target_owners=targets.owners,
        inside=camera.contains(targets.points),
        occluded=hidden(solids, here, targets.points, targets.owners[:, None]),
        visible=visible,
    )
