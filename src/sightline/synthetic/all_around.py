"""Random rooms for panoramas: a camera inside them, people and things on all sides of it.

Everybody looks at something that the camera sees: things, heads, spots on the walls; some of it is
on the floor around the camera or below the ceiling above it. Nobody looks at the camera, because
that has no place in its picture.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from sightline.scene import Scene
from sightline.synthetic import things
from sightline.synthetic.attention import Targets, clearly_visible, hidden
from sightline.synthetic.difficulty import NORMAL, Difficulty
from sightline.synthetic.figure import Pose, upright
from sightline.synthetic.framing import Person, stature
from sightline.synthetic.lens import developed
from sightline.synthetic.looks import any_look
from sightline.synthetic.panorama import Surround, boxes_around, cast_panorama
from sightline.synthetic.render import MEMORY_AROUND, truth
from sightline.synthetic.rooms import ROOM, Room
from sightline.synthetic.sample import Setting, look, settle
from sightline.synthetic.things import Thing
from sightline.synthetic.world import World

SIZE = (1024, 512)
NEAR, FAR = 0.65, 2.2  # metres between the camera and people
AT_SEAM = 0.2  # of the pictures have somebody at the seam
SPOTS = 8  # places on walls, floor and ceiling that can be looked at


def render_panoramas(count: int, seed: int = 0, size: tuple[int, int] = SIZE) -> list[Scene]:
    """Random panoramas in memory, none that `write_gazefollow360` writes with the same seed."""
    return [
        render_panorama(surroundings_of(seed, MEMORY_AROUND, i, size), f"panorama-{seed}-{i}")
        for i in range(count)
    ]


def render_panorama(world: World, key: str = "") -> Scene:
    """One panorama with head boxes and truth."""
    return Scene(
        image=developed(cast_panorama(world), world.light, around=True),
        heads=boxes_around(world, world.people.heads),
        truth=truth(world),
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
        apart = [np.linalg.norm((centre - other.pose.centre)[:2]) for other in people]
        if min(apart, default=1.0) > 0.6:
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
        self.taken.append((self.camera.position[:2], 0.2))
        for _ in range(self.generator.integers(1, 5)):
            spot = self._spot(0.2)
            if spot is not None:
                self._small(spot)
        for _ in range(self.generator.integers(0, 4)):
            self._hang(things.lamp)
        if self.generator.random() < 0.5:
            self._hang(self._ceiling_panel)
        super().furnish()
        super().furnish()

    def _anywhere(self) -> np.ndarray:
        """A place (2,) on the floor, rather near the camera."""
        return self._beside(np.exp(self.generator.uniform(*np.log((0.35, 3.0)))))

    def _beside(self, distance: float) -> np.ndarray:
        bearing = self.generator.uniform(-np.pi, np.pi)
        return self.camera.position[:2] + distance * np.array((np.cos(bearing), np.sin(bearing)))

    def _hang(self, make: Callable[[Generator, np.ndarray, int], Thing]) -> None:
        """Something at the ceiling, unless it would be outside the room or in a wall."""
        spot = self._beside(self.generator.uniform(0.1, 1.1))
        if (spot < self.low[:2] + 0.4).any() or (spot > self.high[:2] - 0.4).any():
            return
        self.add(make(self.generator, np.array((*spot, self.high[2])), self.owners))

    @staticmethod
    def _ceiling_panel(generator: Generator, place: np.ndarray, owner: int) -> Thing:
        axes = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])
        turn = upright(generator.uniform(0, np.pi))
        return things.panel(generator, place, axes @ turn, owner)


def _shown(setting: Setting) -> bool:
    """Whether the camera sees most of every head."""
    camera = setting.room.camera
    assert isinstance(camera, Surround)
    return all(
        clearly_visible(setting.solids, camera.towards(point), Targets(point[None], owner[None]))[0]
        for point, owner in zip(setting.heads.points, setting.heads.owners, strict=True)
    )


def _in_sight(setting: Setting) -> Targets:
    """What can be looked at and is seen by the camera: things, heads, spots on the walls."""
    room, heads, solids = setting
    spots = _spots(room.generator, room.low + 0.01, room.high - 0.01)
    points = np.vstack([*room.points.values(), heads.points, spots])
    owners = np.array([*room.points, *heads.owners] + [ROOM] * SPOTS)
    here = np.broadcast_to(room.camera.position, points.shape)
    seen = ~hidden(solids, here, points, owners[:, None])
    return Targets(points[seen], owners[seen])


def _spots(generator: Generator, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Places (SPOTS, 3) on the walls, the floor and the ceiling."""
    points = generator.uniform(low, high, (SPOTS, 3))
    axis, upper = generator.integers((3, 2), size=(SPOTS, 2)).T
    rows = np.arange(SPOTS)
    points[rows, axis] = np.where(upper, high[axis], low[axis])
    return points
