"""Who looks at what: targets that a person can see and turn to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.random import Generator

from sightline.synthetic.caster import blocked
from sightline.synthetic.difficulty import NORMAL, Difficulty
from sightline.synthetic.figure import Pose
from sightline.synthetic.world import ROOM, Camera, Solids

NOBODY = -1  # owner of a place in the air
NOWHERE = 0.1  # of the gazes into the picture rest on a plain place of a wall or the floor
AHEAD = np.radians(75)  # a target is at most so far to the side of the body
PITCH = np.radians((-60, 35))
AROUND = np.linspace(0, 2 * np.pi, 8, endpoint=False)
RINGS = [(0.07 * r * np.cos(a), 0.1 * r * np.sin(a)) for r in (0.5, 0.95) for a in AROUND]
# metres to the right, down and away from the camera: before the head, where no neck hides it
OUTLINE = np.array([(x, y, -0.08) for x, y in [(0.0, 0.0), *RINGS]])


@dataclass(frozen=True)
class Targets:
    """K points (K, 3) that can be looked at, and their owners (K,)."""

    points: np.ndarray
    owners: np.ndarray


def choose(
    generator: Generator,
    camera: Camera,
    solids: Solids,
    heads: Targets,
    candidates: Targets,
    *,
    body_yaws: np.ndarray,
    outside_share: float,
    difficulty: Difficulty,
) -> Targets | None:
    """One of the `candidates` for each of P people; None if somebody finds nothing.

    Targets hidden from the camera are chosen rarely, targets near the picture's border never.
    """
    reach = _reach(heads.points, candidates.points, body_yaws)
    seen = reach * _seen(solids, heads, candidates, reach > 0)
    inside = camera.contains(candidates.points, -0.01) & (candidates.owners != NOBODY)
    outside = ~camera.contains(candidates.points, 0.05)
    shown = candidates.points[inside]
    here = np.broadcast_to(camera.position, shown.shape)
    dark = hidden(solids, here, shown, candidates.owners[inside, None])
    weights = inside.astype(float)
    weights[inside] = np.where(dark, difficulty.dark_targets, 1.0)
    plain = candidates.owners == ROOM
    chosen = []
    for row in seen:  # a few people: each draws on its own
        away, nowhere = generator.random(2) < (outside_share, NOWHERE)
        wanted = row * (outside if away else weights)
        weight = wanted * (away | (plain == nowhere))
        weight = weight if weight.any() else wanted
        if weight.sum() == 0:
            return None
        chosen.append(generator.choice(len(weight), p=weight / weight.sum()))
    return Targets(candidates.points[chosen], candidates.owners[chosen])


def turn_head(
    generator: Generator, pose: Pose, target: np.ndarray, apart: float
) -> tuple[float, float, float]:
    """Yaw, pitch, roll of a head that looks at `target`, its eyes at most so far `apart`."""
    yaw, pitch = angles(target - pose.centre)
    side, tilt, roll = spare_head(generator, float(pitch), apart)
    return float(yaw) + side, tilt, roll


def spare_head(generator: Generator, pitch: float, apart: float) -> tuple[float, float, float]:
    """Yaw beside a sight line of this pitch, pitch, roll of a head that leaves some to the eyes.

    apart: radians by which the eyes turn at most apart from the head, each way.
    """
    side = np.clip(generator.normal(0, apart / 2), -apart, apart)
    tilt = pitch * generator.uniform(0.5, 1.0) + generator.normal(0, np.radians(3))
    tilt = np.clip(tilt, pitch - apart, pitch + apart)
    return float(side), float(tilt), generator.normal(0, np.radians(4))


def _seen(solids: Solids, heads: Targets, candidates: Targets, near: np.ndarray) -> np.ndarray:
    """Which candidates, of those in a mask (P, K), each person sees; nobody sees the own head."""
    person, place = (near & (heads.owners[:, None] != candidates.owners)).nonzero()
    owners = np.stack([heads.owners[person], candidates.owners[place]], 1)
    seen = np.zeros_like(near)
    seen[person, place] = ~hidden(solids, heads.points[person], candidates.points[place], owners)
    return seen


def _reach(heads: np.ndarray, points: np.ndarray, body_yaws: np.ndarray) -> np.ndarray:
    """How likely each of the `heads` (P, 3) turns to points (K, 3): (P, K).

    Never far to the side of the body, far up or down; rather to what is near.
    """
    lines = points - heads[:, None]
    return reachable(lines, body_yaws[:, None]) / (0.5 + np.linalg.norm(lines, axis=-1))


def reachable(lines: np.ndarray, body_yaws: np.ndarray) -> np.ndarray:
    """Whether people turn so far from their bodies to look along `lines` (..., 3) from the head."""
    yaw, pitch = angles(lines)
    aside = np.abs(wrapped(yaw - body_yaws))
    near = np.linalg.norm(lines, axis=-1) <= 0.3
    return (aside < AHEAD) & (pitch > PITCH[0]) & (pitch < PITCH[1]) & ~near


def wrapped(angle: np.ndarray) -> np.ndarray:
    """The same angle between -pi and pi."""
    return (angle + np.pi) % (2 * np.pi) - np.pi


def angles(lines: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Yaw to the left of +y and pitch upwards of lines (..., 3)."""
    level = np.hypot(lines[..., 0], lines[..., 1])
    return np.arctan2(-lines[..., 0], lines[..., 1]), np.arctan2(lines[..., 2], level)


def hidden(solids: Solids, starts: np.ndarray, ends: np.ndarray, ignored: np.ndarray) -> np.ndarray:
    """Whether a solid of an owner not in `ignored` (K, I) is between `starts` and `ends` (K, 3)."""
    start, end = torch.from_numpy(np.stack([starts, ends]).astype(np.float32))
    return blocked(solids, start, end, torch.from_numpy(ignored)).numpy()


def clearly_visible(
    solids: Solids, camera: Camera, heads: Targets, covered: float = NORMAL.covered
) -> np.ndarray:
    """Whether no more than a share `covered` of each of the `heads` is hidden or cut off: (P,)."""
    points = head_outlines(camera, heads.points).reshape(-1, 3)
    position = np.broadcast_to(camera.position, points.shape)
    lost = hidden(solids, position, points, heads.owners.repeat(len(OUTLINE))[:, None])
    lost |= ~camera.contains(points)
    return lost.reshape(-1, len(OUTLINE)).mean(1) <= covered


def head_outlines(camera: Camera, centres: np.ndarray) -> np.ndarray:
    """Points (..., 17, 3) spread before heads at `centres` (..., 3), seen from the camera."""
    return centres[..., None, :] + OUTLINE @ camera.rotation
