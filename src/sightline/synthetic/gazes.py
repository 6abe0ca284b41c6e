"""Where people want to look over time, and how their heads follow their eyes."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from sightline.synthetic.attention import AHEAD, NOBODY, angles, spare_head, wrapped

DWELL = (0.3, 2.6)  # seconds on a target after the head has turned to it


class Gazes:
    """What P people look at, and how their heads follow; "poses" are yaw from body, pitch, roll.

    places (P, 3), owners (P,): the targets, as they are when nobody has moved.
    since, turn, until (P,): when the gaze shifted, how long the head turns, when the gaze leaves.
    origin (P, 3): the head's pose at the gaze shift. lead (P, 3): by how much its pose at the end
    differs from that of the sight line. apart: see `spare_head`.
    """

    def __init__(self, yaws: np.ndarray, apart: float) -> None:
        people = len(yaws)
        self.yaws, self.apart = yaws, apart
        self.places, self.origin, self.lead = np.zeros((3, people, 3))
        self.owners = np.full(people, NOBODY)
        self.since, self.until = np.full((2, people), np.inf)
        self.turn = np.ones(people)

    def poses(self, time: float, lines: np.ndarray) -> np.ndarray:
        """Poses (P, 3) of the heads at a time when the targets are at the end of `lines` (P, 3)."""
        done = progress((time - self.since) / self.turn)[:, None]
        return self.origin + done * (self._goals(lines) - self.origin)

    def settled(self, time: float) -> np.ndarray:
        """Whose head has turned: (P,)."""
        return time > self.since + self.turn

    def follow(self, generator: Generator, index: int, time: float, lines: np.ndarray) -> None:
        """One person's head starts to follow a gaze that has just gone along its line."""
        pitch = float(angles(lines[index])[1])
        side, tilt, roll = spare_head(generator, pitch, self.apart)
        self.lead[index] = side, tilt - pitch, roll
        yaw_pitch = (self._goals(lines) - self.origin)[index, :2]
        self.since[index], self.turn[index] = time, turning_time(float(np.linalg.norm(yaw_pitch)))
        self.stay(generator, index, time + self.turn[index])

    def stay(self, generator: Generator, index: int, time: float) -> None:
        """One person goes on looking at the target for a while from `time`."""
        self.until[index] = time + np.exp(generator.uniform(*np.log(DWELL)))

    def _goals(self, lines: np.ndarray) -> np.ndarray:
        """Poses (P, 3) of heads that have turned."""
        yaw, pitch = angles(lines)
        goals = np.stack([wrapped(yaw - self.yaws), pitch, np.zeros_like(yaw)], 1) + self.lead
        side = AHEAD + self.apart  # as far as heads turn from the body
        goals[:, 0] = goals[:, 0].clip(-side, side)
        return goals


def turning_time(angle: float) -> float:
    """Seconds that a head takes to turn by so many radians."""
    return 0.2 + 0.4 * angle


def progress(share: np.ndarray) -> np.ndarray:
    """How much of a turn is done after a share of its time: minimum jerk (Flash & Hogan 1985)."""
    share = share.clip(0, 1)
    return share**3 * (10 - 15 * share + 6 * share**2)
