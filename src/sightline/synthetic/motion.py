"""How people move: some walk to and fro, all sway a little."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sightline.synthetic.rooms import Room

WALKERS = 0.5  # share of the standing people who walk
STRETCH = (0.15, 1.2)  # metres from the middle of a walk to where it turns
PACE = (0.15, 0.6)  # metres per second in the middle of a walk
SWAY = np.array([0.006, 0.008, 0.003, *np.radians((1.5, 1.0, 0.7))])  # metres; yaw, pitch, roll
BRISK = 1.0  # radians per second at most of a walk: short ones would look like shaking
RHYTHM = (0.8, 2.5)  # radians per second of sway


@dataclass(frozen=True)
class Movement:
    """How P people move.

    reach: (P, 3) metres from the middle of a walk to where it turns; rate: (P,) radians per second;
    rhythm, phase: (P, 6) of the sway.
    """

    reach: np.ndarray
    rate: np.ndarray
    rhythm: np.ndarray
    phase: np.ndarray

    def at(self, time: float) -> tuple[np.ndarray, np.ndarray]:
        """Shifts of the bodies (P, 3) in metres, sway of the heads (P, 6) as in `SWAY`."""
        walked = self.reach * np.sin(self.rate * time)[:, None]
        return walked, SWAY * np.sin(self.rhythm * time + self.phase)


def move(room: Room) -> Movement:
    """Movements for the people of a room that keep clear of one another and of things."""
    generator, count = room.generator, len(room.people)
    reach = np.array([_walk(room, index) for index in range(count)])
    length = np.linalg.norm(reach, axis=1).clip(min=STRETCH[0])
    return Movement(
        reach=reach,
        rate=(generator.uniform(*PACE, count) / length).clip(max=BRISK),
        rhythm=generator.uniform(*RHYTHM, (count, len(SWAY))),
        phase=generator.uniform(0, 2 * np.pi, (count, len(SWAY))),
    )


def _walk(room: Room, index: int) -> np.ndarray:
    """From the middle of a person's walk to where it turns (3,); zeros for one who stays."""
    generator, pose = room.generator, room.people[index].pose
    if pose.seated or generator.random() > WALKERS:
        return np.zeros(3)
    for _ in range(15):
        yaw = pose.body_yaw + generator.normal(0, 0.5) + generator.choice((0, np.pi))
        reach = generator.uniform(*STRETCH) * np.array((-np.sin(yaw), np.cos(yaw), 0.0))
        path = pose.centre + np.linspace(-1, 1, 9)[:, None] * reach
        if _free(room, index, path):
            room.taken += [(point[:2], 0.35) for point in path]
            return reach
    return np.zeros(3)


def _free(room: Room, index: int, path: np.ndarray) -> bool:
    """Whether a person can walk along points (K, 3): nobody and nothing there, camera not near."""
    others = room.taken[:index] + room.taken[index + 1 :]
    spots, radii = np.array([spot for spot, _ in others]), np.array([r for _, r in others])
    gaps = np.linalg.norm(path[:, None, :2] - spots.reshape(-1, 2), axis=-1) - radii
    walls = np.minimum(path - room.low, room.high - path)[:, :2]
    depth = room.camera.project(path)[1]
    own = room.camera.project(room.people[index].pose.centre)[1]
    return bool((gaps > 0.15).all() and (walls > 0.25).all() and (depth > 0.7 * own).all())
