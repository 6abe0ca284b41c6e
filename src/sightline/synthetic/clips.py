"""People of one room over time: each looks at something, then at something else.

At a gaze shift the eyes jump to the new target, or as far towards it as they turn, and the head
follows. What the eyes point at is the truth: the target itself, or whatever stops the sight line
while the target is still out of their reach or something has come in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import numpy as np
from numpy.random import Generator

from sightline.synthetic.attention import NOBODY, Targets, choose, clearly_visible, reachable
from sightline.synthetic.difficulty import Difficulty
from sightline.synthetic.figure import turned
from sightline.synthetic.framing import Person
from sightline.synthetic.gazes import Gazes
from sightline.synthetic.motion import move
from sightline.synthetic.rooms import Room
from sightline.synthetic.sample import Setting, candidates, furnished, head_solids, people_of
from sightline.synthetic.sight import look, turn_eyes
from sightline.synthetic.world import Solids, World, join, stack, tensor


def sample_clip(
    generator: Generator,
    size: tuple[int, int],
    *,
    fps: float,
    outside_share: float,
    difficulty: Difficulty,
) -> Iterator[World]:
    """Worlds without end of one room, `fps` of them a second, with the same people in order.

    Each gaze shift leads out of the picture with probability `outside_share`.
    """
    company = None
    while company is None or not company.complete:
        setting = furnished(generator, size, difficulty)
        company = setting and _Company(setting, outside_share)
    for frame in count():
        yield company.world(frame, frame / fps)


class _Company:
    """The people of a room, who remember what they look at.

    rest, heads: their heads when nobody has moved, and now; moved (2 P + 1, 3): how far heads,
    bodies and all the rest are from there; lost (P,): who does not see what they look for.
    """

    def __init__(self, setting: Setting, outside_share: float) -> None:
        self.room, self.rest, self.still, self.solids = setting
        self.outside_share = outside_share
        self.light = self.room.light()
        self.carriers = _carriers(self.room)
        self.movement = move(self.room)
        yaws = np.array([person.pose.body_yaw for person in self.room.people])
        self.gazes = Gazes(yaws, self.room.difficulty.eyes_apart)
        self.lost = np.zeros(len(self.rest.owners), bool)
        self._step(0.0)
        for index in range(len(self.lost)):
            self._shift(index, -self.room.generator.uniform(0, 1.5))

    @property
    def complete(self) -> bool:
        """Whether everybody has found something to look at."""
        return bool(np.isfinite(self.gazes.since).all())

    def world(self, frame: int, time: float) -> World:
        """The room at a time in seconds; times must grow."""
        sway = self._step(time)
        for index in np.flatnonzero(self.lost | (time >= self.gazes.until)).tolist():
            self._shift(index, time)  # few at a time, and each may fail alone
        wanted, lines, gazes = self._wanted(), self._lines(), self.gazes
        poses = gazes.poses(time, lines) + sway
        people = list(map(_posed, self.room.people, self.heads.points, poses))
        eyes = np.array([person.pose.eyes(person.look.scale) for person in people])
        facing = np.array([person.pose.frame[1] for person in people])
        aim = turn_eyes(wanted.points - eyes, facing)
        self.solids = join(self._bodies(), stack(head_solids(people, eyes + aim)))
        sight = look(self.solids, eyes, aim, self.heads.owners, wanted)
        self.lost = gazes.settled(time) & ~(sight.met & reachable(lines, gazes.yaws))
        solids, camera = self.solids, self.room.camera
        visible = clearly_visible(solids, camera, self.heads, self.room.difficulty.covered)
        truth = people_of(solids, camera, people, self.heads, sight.targets, visible=visible)
        light = self.light._replace(noise_seed=self.light.noise_seed + frame)
        return World(solids, camera, light, truth, tuple(self.room.labels))

    def _step(self, time: float) -> np.ndarray:
        """Move everybody; returns the sway (P, 3) of yaw, pitch and roll."""
        walked, sway = self.movement.at(time)
        self.moved = np.concatenate([walked + sway[:, :3], walked, np.zeros((1, 3))])
        self.heads = Targets(self.rest.points + self.moved[: len(walked)], self.rest.owners)
        return sway[:, 3:]

    def _shift(self, index: int, time: float) -> None:
        """One person looks at something else, or on if the luck of the draw has nothing."""
        gazes, room, one = self.gazes, self.room, slice(index, index + 1)
        now = self._now(candidates(room, self.rest))
        other = (now.owners == NOBODY) | (now.owners != gazes.owners[index])
        found = choose(
            room.generator,
            room.camera,
            self.solids,  # of the picture before
            Targets(self.heads.points[one], self.heads.owners[one]),
            Targets(now.points[other], now.owners[other]),
            body_yaws=gazes.yaws[one],
            outside_share=self.outside_share,
            difficulty=room.difficulty,
        )
        if found is None:
            return gazes.stay(room.generator, index, time)
        gazes.origin[index] = gazes.poses(time, self._lines())[index]
        gazes.owners[index] = found.owners[0]
        gazes.places[index] = found.points[0] - self.moved[self.carriers[found.owners[0]]]
        gazes.follow(room.generator, index, time, self._lines())

    def _wanted(self) -> Targets:
        """What people want to look at, where it is now."""
        return self._now(Targets(self.gazes.places, self.gazes.owners))

    def _now(self, rest: Targets) -> Targets:
        """Where targets are that were at `rest` when nobody had moved."""
        return Targets(rest.points + self.moved[self.carriers[rest.owners]], rest.owners)

    def _lines(self) -> np.ndarray:
        """From the heads (P, 3) to what people want to look at."""
        return self._wanted().points - self.heads.points

    def _bodies(self) -> Solids:
        """All but the heads, where it is."""
        moved = self.moved[self.carriers[self.still.owner.numpy()]]
        return replace(self.still, centre=self.still.centre + tensor(moved))


def _posed(person: Person, centre: np.ndarray, pose: np.ndarray) -> Person:
    """The person with the head at `centre`, turned by `pose` (yaw from the body, pitch, roll)."""
    yaw, pitch, roll = pose
    frame = turned(person.pose.body_yaw + yaw, pitch, roll)
    return replace(person, pose=replace(person.pose, centre=centre, frame=frame))


def _carriers(room: Room) -> np.ndarray:
    """By owner, and last for NOBODY: the row of `_Company.moved` that it moves with."""
    rows, last = np.full(room.owners + 1, -1), 2 * len(room.people)
    rows[1 : last + 1] = np.arange(last)
    rows[list(room.held)] = np.array(list(room.held.values()), int) - 1
    return rows
