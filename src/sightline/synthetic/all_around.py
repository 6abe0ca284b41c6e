"""Random rooms for panoramas: a camera inside them, people and things on all sides of it.

Everybody looks at something that the camera sees: things, heads, spots on the walls; some of it is
on the floor around the camera or below the ceiling above it. Nobody looks at the camera, because
that has no place in its picture.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import torch
from numpy.random import Generator

from sightline.scene import Scene
from sightline.synthetic import small, walls
from sightline.synthetic.attention import Targets, clearly_visible, hidden
from sightline.synthetic.difficulty import NORMAL, Difficulty
from sightline.synthetic.figure import Pose, upright
from sightline.synthetic.framing import Person, apart, stature
from sightline.synthetic.lens import developed
from sightline.synthetic.looks import any_look
from sightline.synthetic.objects import looked_at, objects_of
from sightline.synthetic.panorama import Surround, boxes_around, cast_panorama
from sightline.synthetic.render import MEMORY_AROUND, truth
from sightline.synthetic.rooms import Room
from sightline.synthetic.sample import Setting, look, places, settle
from sightline.synthetic.world import World

SIZE = (1024, 512)
NEAR, FAR = 0.65, 2.2  # metres between the camera and people
AT_SEAM = 0.2  # of the pictures have somebody at the seam


def render_panoramas(
    count: int,
    seed: int = 0,
    size: tuple[int, int] = SIZE,
    *,
    difficulty: Difficulty = NORMAL,
) -> list[Scene]:
    """Random panoramas in memory, none that `write_gazefollow360` writes with the same seed."""
    draw = partial(surroundings_of, seed, MEMORY_AROUND, size=size, difficulty=difficulty)
    return [render_panorama(draw(i), f"panorama-{seed}-{i}") for i in range(count)]


def render_panorama(world: World, key: str = "", device: torch.device | str = "cpu") -> Scene:
    """One panorama with head boxes, objects and truth; the picture stays on `device`."""
    view = cast_panorama(world, device)
    objects, owners = objects_of(world, view, around=True)
    return Scene(
        image=developed(view, world.light, around=True),
        heads=boxes_around(world, world.people.heads),
        objects=objects,
        truth=replace(truth(world), gaze_object=looked_at(world.people, owners)),
        projection="equirectangular",
        key=key,
    )


def surroundings_of(
    seed: int,
    stream: int,
    index: int,
    size: tuple[int, int] = SIZE,
    *,
    difficulty: Difficulty = NORMAL,
) -> World:
    """The world of one panorama of `size` (width, height): a function of the arguments alone.

    Raises ValueError if a picture of this size shows more or less than the whole sphere.
    """
    if size[0] != 2 * size[1] or size[1] < 1:
        raise ValueError(
            f"{size[0]} x {size[1]} is no panorama, which is twice as wide as high; "
            f"give for example {2 * size[1]} x {size[1]}."
        )
    generator = np.random.default_rng((seed, stream, index))
    while True:
        setting = settle(
            RoomAround(generator, *gather_around(generator, size, difficulty), difficulty)
        )
        world = look(setting, _in_sight(setting), outside_share=0.0) if _shown(setting) else None
        if world is not None and not world.people.occluded.any():
            return world


def gather_around(
    generator: Generator, size: tuple[int, int], difficulty: Difficulty
) -> tuple[Surround, list[Person]]:
    """A camera, and one to four people on all sides of it."""
    wanted = 1 + generator.choice(4, p=(0.2, 0.3, 0.3, 0.2))
    people: list[Person] = []
    for _ in range(8 * wanted):
        look = any_look(generator, difficulty)
        seated, height = stature(generator, look)
        distance = look.scale * np.exp(generator.uniform(*np.log((NEAR, FAR))))
        bearing = generator.uniform(-np.pi, np.pi)
        centre = np.array((distance * np.cos(bearing), distance * np.sin(bearing), height))
        if apart(centre, seated, people):
            yaw = _body_yaw(generator, centre)
            pose = Pose(centre, upright(yaw), yaw, seated)
            people.append(Person(look, pose))
        if len(people) == wanted:
            break
    return _camera(generator, size, people[0].pose.centre), people


def _body_yaw(generator: Generator, centre: np.ndarray) -> float:
    """Roughly towards some place around the camera."""
    line = generator.normal(0, 1.2, 2) - centre[:2]
    return np.arctan2(-line[0], line[1]) + generator.normal(0, 0.6)


def _camera(generator: Generator, size: tuple[int, int], somebody: np.ndarray) -> Surround:
    """A level camera at eye height, turned anywhere or with `somebody` (3,) about at the seam."""
    yaw = generator.uniform(-np.pi, np.pi)
    if generator.random() < AT_SEAM:
        yaw = np.arctan2(somebody[1], somebody[0]) + generator.normal(0, 0.08)
    position = np.array((0, 0, generator.uniform(1.1, 1.9)))
    return Surround(position, upright(yaw), size[1] / np.pi, size)


class RoomAround(Room):
    """A room with more in it, on all sides of the camera, above and below it."""

    def furnish(self) -> None:
        """Twice what others have, and things on the floor and the ceiling near the camera."""
        for _ in range(self.generator.integers(1, 5)):
            self._stand(self._any_of(small.LYING))
        for _ in range(self.generator.integers(0, 4)):
            self._overhead(walls.hanging_lamp)
        super().furnish()
        super().furnish()

    def _anywhere(self) -> np.ndarray:
        """A place (2,) on the floor, rather near the camera."""
        distance = np.exp(self.generator.uniform(*np.log((0.35, 3.0))))
        bearing = self.generator.uniform(-np.pi, np.pi)
        return self.camera.position[:2] + distance * np.array((np.cos(bearing), np.sin(bearing)))


def _shown(setting: Setting) -> bool:
    """Whether the camera sees most of every head."""
    camera = setting.room.camera
    assert isinstance(camera, Surround)
    return all(
        clearly_visible(setting.solids, camera.towards(point), Targets(point[None], owner[None]))[0]
        for point, owner in zip(setting.heads.points, setting.heads.owners, strict=True)
    )


def _in_sight(setting: Setting) -> Targets:
    """What can be looked at and is seen by the camera: things, hands, heads, plain places."""
    found = places(setting.room, setting.heads)
    here = np.broadcast_to(setting.room.camera.position, found.points.shape)
    seen = ~hidden(setting.solids, here, found.points, found.owners[:, None])
    return Targets(found.points[seen], found.owners[seen])
