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

from sightline.synthetic.attention import (
    AHEAD,
    EYES_ALONE,
    NOBODY,
    Targets,
    angles,
    choose,
    reachable,
    spare_head,
    wrapped,
)
from sightline.synthetic.figure import turned
from sightline.synthetic.framing import Person
from sightline.synthetic.motion import move, progress, turning_time
from sightline.synthetic.rooms import Room
from sightline.synthetic.sample import Setting, candidates, furnished, head_solids, truth_of
from sightline.synthetic.sight import look, turn_eyes
from sightline.synthetic.world import Solids, World, join, stack, tensor

DWELL = (0.3, 2.6)  # seconds on a target after the head has turned to it
SIDE = AHEAD + EYES_ALONE  # from the body, as far as heads turn


def sample_clip(
    generator: Generator,
    size: tuple[int, int] = (320, 240),
    *,
    fps: float,
    outside_share: float = 0.25,
) -> Iterator[World]:
    """Worlds without end of one room, `fps` of them a second, with the same people in order.

    Each gaze shift leads out of the picture with probability `outside_share`.
    """
    company = None
    while company is None or not company.complete:
        setting = furnished(generator, size)
        company = setting and _Company(setting, outside_share)
    for frame in count():
        yield company.world(frame, frame / fps)


class _Gazes:
    """What P people look at, and how their heads follow.

    places (P, 3), owners (P,): the targets, as they are when nobody has moved.
    since, turn, until (P,): when the gaze shifted, how long the head turns, when the gaze leaves.
    origin, lead (P, 3): yaw from the body, pitch and roll of the head at the gaze shift, and how
    they differ from those of the sight line when the head has turned.
    """

    def __init__(self, yaws: np.ndarray) -> None:
        people = len(yaws)
        self.yaws = yaws
        self.places, self.origin, self.lead = np.zeros((3, people, 3))
        self.owners = np.full(people, NOBODY)
        self.since, self.until = np.full((2, people), np.inf)
        self.turn = np.ones(people)

    def goals(self, lines: np.ndarray) -> np.ndarray:
        """Yaw from the body, pitch and roll (P, 3) of heads that have turned to `lines` (P, 3)."""
        yaw, pitch = angles(lines)
        goals = np.stack([wrapped(yaw - self.yaws), pitch, np.zeros_like(yaw)], 1) + self.lead
        goals[:, 0] = goals[:, 0].clip(-SIDE, SIDE)
        return goals

    def poses(self, time: float, lines: np.ndarray) -> np.ndarray:
        """The same (P, 3) on the way there."""
        done = progress((time - self.since) / self.turn)[:, None]
        return self.origin + done * (self.goals(lines) - self.origin)


class _Company:
    """The people of a room, who remember what they look at."""

    def __init__(self, setting: Setting, outside_share: float) -> None:
        self.room, self.rest, self.solids = setting
        self.outside_share = outside_share
        self.still, self.light = stack(self.room.solids), self.room.light()
        self.carriers = _carriers(self.room)
        self.movement = move(self.room)
        self.gazes = _Gazes(np.array([person.pose.body_yaw for person in self.room.people]))
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
        for index in (self.lost | (time >= self.gazes.until)).nonzero()[0]:  # few, one by one
            self._shift(index, time)
        wanted, gazes = self._wanted(), self.gazes
        lines = wanted.points - self.heads.points
        people = self._people(gazes.poses(time, lines) + sway)
        eyes = np.array([person.pose.eyes(person.look.scale) for person in people])
        facing = np.array([person.pose.frame[1] for person in people])
        aim = turn_eyes(wanted.points - eyes, facing)
        self.solids = join(self._bodies(), stack(head_solids(people, eyes + aim)))
        sight = look(self.solids, eyes, aim, self.heads.owners, wanted)
        arrived = time > gazes.since + gazes.turn
        self.lost = (arrived & ~sight.met) | ~reachable(lines, gazes.yaws)
        truth = truth_of(self.solids, self.room.camera, people, self.heads, sight.targets)
        light = self.light._replace(noise_seed=self.light.noise_seed + frame)
        return World(self.solids, self.room.camera, light, truth)

    def _step(self, time: float) -> np.ndarray:
        """Move everybody; returns the sway (P, 3) of yaw, pitch and roll."""
        walked, sway = self.movement.at(time)
        self.moved = np.concatenate([walked + sway[:, :3], walked, np.zeros((1, 3))])
        self.heads = Targets(self.rest.points + self.moved[: len(walked)], self.rest.owners)
        return sway[:, 3:]

    def _shift(self, index: int, time: float) -> None:
        """One person looks at something else, or on if there is nothing."""
        gazes, room, one = self.gazes, self.room, slice(index, index + 1)
        rest = candidates(room, self.rest)
        found = choose(
            room.generator,
            room.camera,
            self.solids,  # of the picture before
            Targets(self.heads.points[one], self.heads.owners[one]),
            Targets(rest.points + self.moved[self.carriers[rest.owners]], rest.owners),
            body_yaws=gazes.yaws[one],
            outside_share=self.outside_share,
        )
        if found is None:
            return
        gazes.origin[index] = gazes.poses(time, self._wanted().points - self.heads.points)[index]
        gazes.owners[index] = found.owners[0]
        gazes.places[index] = found.points[0] - self.moved[self.carriers[found.owners[0]]]
        lines = self._wanted().points - self.heads.points
        pitch = angles(lines[index])[1]
        side, tilt, roll = spare_head(room.generator, pitch)
        gazes.lead[index] = side, tilt - pitch, roll
        gazes.since[index] = time
        gazes.turn[index] = turning_time((gazes.goals(lines) - gazes.origin)[index, :2])
        dwell = np.exp(room.generator.uniform(*np.log(DWELL)))
        gazes.until[index] = time + gazes.turn[index] + dwell

    def _wanted(self) -> Targets:
        """What people want to look at, where it is now."""
        moved = self.moved[self.carriers[self.gazes.owners]]
        return Targets(self.gazes.places + moved, self.gazes.owners)

    def _people(self, poses: np.ndarray) -> list[Person]:
        """The people where they are, their heads turned to yaw from the body, pitch, roll (P, 3)."""
        rows = zip(self.room.people, self.heads.points, poses, strict=True)
        return [
            replace(
                person,
                pose=replace(
                    person.pose,
                    centre=centre,
                    frame=turned(person.pose.body_yaw + yaw, pitch, roll),
                ),
            )
            for person, centre, (yaw, pitch, roll) in rows
        ]

    def _bodies(self) -> Solids:
        """All but the heads, where it is."""
        moved = self.moved[self.carriers[self.still.owner.numpy()]]
        return replace(self.still, centre=self.still.centre + tensor(moved))


def _carriers(room: Room) -> np.ndarray:
    """Rows of the movements (2 P + 1) of heads, bodies and nothing, by owner and for NOBODY."""
    rows, count = np.full(room.owners + 1, -1), 2 * len(room.people)
    rows[1 : count + 1] = np.arange(count)
    rows[list(room.held)] = np.array(list(room.held.values()), int) - 1
    return rows
