"""A camera, and people at sizes and places in its picture that are worth seeing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from sightline.synthetic.attention import head_outlines
from sightline.synthetic.bodies import HIPS, NECK, UNDER, hips
from sightline.synthetic.difficulty import Difficulty
from sightline.synthetic.figure import HEAD_HEIGHT, Pose, turned, upright
from sightline.synthetic.looks import Look, any_look
from sightline.synthetic.world import Camera

SEATED_SHARE = 0.35
COLUMNS = (0.06, 0.94)  # of the width, where heads are
WHOLE = 0.18  # metres from a head's centre, with hair and hat
NEARER = (0.2, 1.7)  # of a person's depth, the depth that the body faces


@dataclass(frozen=True)
class Person:
    """Somebody in the room, before there is anything to look at."""

    look: Look
    pose: Pose


def gather_people(
    generator: Generator, size: tuple[int, int], difficulty: Difficulty
) -> tuple[Camera, list[Person]]:
    """A camera, and one to four people whose heads it shows at a fair size."""
    focal = size[0] / 2 / float(np.tan(np.radians(generator.uniform(36, 70)) / 2))
    common = size[1] * np.exp(generator.uniform(*np.log(difficulty.head_heights)))
    wanted = 1 + generator.choice(4, p=(0.25, 0.35, 0.25, 0.15))
    camera, look = None, any_look(generator, difficulty)
    people: list[Person] = []
    for _ in range(8 * wanted):
        seated, height = stature(generator, look)
        depth = focal * HEAD_HEIGHT * look.scale / (common * np.exp(generator.uniform(-0.3, 0.3)))
        camera = camera or _camera(generator, size, focal, height, depth)
        centre = _head_centre(camera, generator.uniform(*COLUMNS) * size[0], height, depth)
        if _well_placed(camera, centre, people, difficulty) and apart(centre, seated, people):
            yaw = _body_yaw(generator, camera, centre)
            people.append(Person(look, Pose(centre, upright(yaw), yaw, seated)))
            look = any_look(generator, difficulty)
        if len(people) == wanted:
            break
    assert camera is not None
    return camera, people


def _well_placed(
    camera: Camera, centre: np.ndarray, people: list[Person], difficulty: Difficulty
) -> bool:
    """Whether a head at `centre` is high in the picture, seen enough, and beside the others.

    Where nothing may be covered the whole head is in the picture, with hair and hat.
    """
    pixels, depth = camera.project(centre)
    covered = difficulty.covered
    if not 0.1 < pixels[1] / camera.size[1] < 0.75:
        return False
    reach = camera.focal * WHOLE / depth
    if covered == 0 and ((pixels < reach) | (pixels > camera.size - reach)).any():
        return False
    if camera.contains(head_outlines(camera, centre)).mean() < 1 - covered:
        return False
    for other in people:
        theirs, own = camera.project(other.pose.centre)
        shoulders = camera.focal * HEAD_HEIGHT / min(own, depth)  # of the nearer one
        if abs(theirs[0] - pixels[0]) < (1 - covered) * shoulders:
            return False
    return True


def apart(centre: np.ndarray, seated: bool, people: list[Person]) -> bool:
    """Whether somebody with the head at `centre` has room beside the others; seats need more."""
    return all(
        np.hypot(*(centre - other.pose.centre)[:2]) > 0.6 + 0.15 * (seated + other.pose.seated)
        for other in people
    )


def _body_yaw(generator: Generator, camera: Camera, centre: np.ndarray) -> float:
    """Roughly towards some place that the camera sees, nearer or farther than the person."""
    depth = camera.project(centre)[1] * generator.uniform(*NEARER)
    pixel = generator.uniform(0, camera.size)
    line = camera.unproject(pixel, depth) - centre
    return np.arctan2(-line[0], line[1]) + generator.normal(0, 0.6)


def stature(generator: Generator, look: Look) -> tuple[bool, float]:
    """Whether a person sits, and the height of the head's centre above the floor."""
    low = look.size * hips(look)[2]  # from the body's origin
    if generator.random() >= SEATED_SHARE:
        return False, look.tall - look.size * HIPS - low  # who stoops is less tall
    seat = generator.uniform(0.4, 0.52) * min(look.size + 0.05, 1.0)
    return True, seat + look.size * UNDER - low + NECK * (look.scale - look.size)


def _camera(
    generator: Generator, size: tuple[int, int], focal: float, height: float, depth: float
) -> Camera:
    """A camera that shows a head of this `height` and `depth` above the picture's middle."""
    own = generator.uniform(0.9, 1.9)
    drop = generator.uniform(-0.32, 0.02) * size[1] / focal
    pitch = np.clip(np.arctan2(height - own, depth) + np.arctan(drop), -0.5, 0.4)
    right, forward, up = turned(generator.uniform(-0.6, 0.6), pitch, generator.normal(0, 0.03))
    return Camera(np.array((0, 0, own)), np.array((right, -up, forward)), focal, size)


def _head_centre(camera: Camera, column: float, height: float, depth: float) -> np.ndarray:
    """The point at this picture column, depth and height above the floor."""
    side = (column - camera.size[0] / 2) / camera.focal * depth
    right, down, forward = camera.rotation
    level = (height - camera.position[2] - side * right[2] - depth * forward[2]) / down[2]
    return camera.position + side * right + level * down + depth * forward
