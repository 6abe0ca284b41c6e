"""A random room around a camera and people: walls, furniture, things and light."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from sightline.synthetic import things
from sightline.synthetic.difficulty import NORMAL, Difficulty
from sightline.synthetic.figure import any_colour, any_paint
from sightline.synthetic.framing import Person
from sightline.synthetic.light import varied
from sightline.synthetic.things import Thing
from sightline.synthetic.world import ROOM, Camera, Light, Paint, Solid


def _muted(colour: tuple[float, ...]) -> np.ndarray:
    """A colour halfway to grey, as walls and floors mostly are."""
    return 0.5 * np.array(colour) + 0.5 * max(colour)


class Room:
    """A room in the making around a camera and people; one picture's worth of state.

    solids: what is in it; points: what can be looked at, by owner; owners: the next free owner;
    held: the owner of the body that holds a thing, by the thing's owner.
    People own 1 to P with their heads and P + 1 to 2 P with their bodies.
    """

    def __init__(
        self,
        generator: Generator,
        camera: Camera,
        people: list[Person],
        difficulty: Difficulty = NORMAL,
    ) -> None:
        self.generator, self.camera, self.people = generator, camera, people
        self.difficulty = difficulty
        spots = np.array([camera.position, *(p.pose.centre for p in people)])
        low = spots.min(0)[:2] - generator.uniform((0.7, 0.6), (2.5, 2.0))
        high = spots.max(0)[:2] + generator.uniform((0.7, 0.8), (2.5, 3.0))
        top = max(generator.uniform(2.4, 3.1), spots[:, 2].max() + 0.35)
        self.low, self.high = np.array((*low, 0.0)), np.array((*high, top))
        self.solids = self._shell()
        self.taken = [(p.pose.centre[:2], 0.5 if p.pose.seated else 0.35) for p in people]
        self.points: dict[int, np.ndarray] = {}
        self.held: dict[int, int] = {}
        self.owners = 1 + 2 * len(people)

    def _shell(self) -> list[Solid]:
        wall = _muted(any_colour(self.generator, 0.4, 0.95))
        walls = any_paint(self.generator, (1, 5))._replace(
            colour=tuple(wall), second=tuple(wall * self.generator.uniform(0.75, 0.97))
        )
        tile = _muted(any_colour(self.generator, 0.2, 0.8))
        floor = any_paint(self.generator, (1, 6))._replace(
            colour=tuple(tile), second=tuple(tile * self.generator.uniform(0.5, 0.95))
        )
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2
        slab = (*half[:2], 0.01)
        return [
            Solid(True, middle, half, walls, ROOM),
            Solid(True, middle * (1, 1, 0), slab, floor, ROOM),
            Solid(True, things.raised(middle, half[2]), slab, Paint((0.9, 0.9, 0.88)), ROOM),
        ]

    def furnish(self) -> None:
        """Tables and stands with things on them, things on the floor, shelves, pictures."""
        several = self.generator.integers((0, 1, 0, 1, 0), (3, 4, 4, 5, 3))
        for _ in range(several[0]):
            self._table(tuple(self.generator.uniform((0.6, 0.45, 0.4), (1.4, 0.8, 0.8))), 3)
        for _ in range(several[1]):
            self._table(tuple(self.generator.uniform((0.25, 0.25, 0.5), (0.45, 0.45, 1.2))), 1)
        for _ in range(several[2]):
            spot = self._spot(0.25)
            if spot is not None:
                self._small(spot)
        for _ in range(several[3]):
            self._panel()
        for _ in range(several[4]):
            self._shelf()

    def add(self, thing: Thing) -> None:
        """Put in something to look at; its owner must be `self.owners`."""
        self.solids += thing.solids
        self.points[self.owners] = thing.point
        self.owners += 1

    def _small(self, base: np.ndarray) -> None:
        make = things.SMALL[self.generator.integers(len(things.SMALL))]
        self.add(make(self.generator, base, self.owners))

    def _table(self, size: tuple[float, ...], most: int) -> None:
        spot = self._spot(0.4 * (size[0] + size[1]))
        if spot is None:
            return
        self.solids += things.table(self.generator, spot, size, self.owners).solids
        self.owners += 1
        count = self.generator.integers(1, most + 1)
        for k in range(count):
            across = ((k + 0.5) / count - 0.5) * size[0]
            along = self.generator.uniform(-0.2, 0.2) * size[1]
            self._small(spot + np.array((across, along, size[2])))

    def _spot(self, radius: float) -> np.ndarray | None:
        """A free place (3,) on the floor that the camera may see."""
        for _ in range(8):
            spot = self._anywhere()
            free = all(np.linalg.norm(spot - p) > radius + r for p, r in self.taken)
            inside = (spot - radius > self.low[:2]).all() and (spot + radius < self.high[:2]).all()
            if free and inside:
                self.taken.append((spot, radius))
                return np.array((*spot, 0.01))
        return None

    def _anywhere(self) -> np.ndarray:
        """A place (2,) on the floor, free or not."""
        column = self.generator.uniform(0, self.camera.size[0])
        depth = self.generator.uniform(1.0, self.high[1])
        middle = self.camera.size[1] / 2
        return self.camera.unproject(np.array((column, middle)), depth)[:2]

    def _wall(self) -> tuple[np.ndarray, np.ndarray] | None:
        """A place on a wall that the camera may see, and the frame there (rows right, in, up)."""
        pixel = self.generator.uniform((0, 0), (self.camera.size[0], 0.7 * self.camera.size[1]))
        line = self.camera.unproject(pixel) - self.camera.position
        reach = np.where(line > 0, self.high, self.low) - self.camera.position
        exits = reach / line
        axis = int(exits.argmin())
        point = self.camera.position + exits[axis] * line
        if axis == 2 or not 0.8 < point[2] < self.high[2] - 0.4:
            return None
        inward = np.zeros(3)
        inward[axis] = -np.sign(line[axis])
        return point, np.array((np.cross(inward, (0, 0, 1)), inward, (0, 0, 1)))

    def _panel(self) -> None:
        place = self._wall()
        if place is not None:
            self.add(things.panel(self.generator, *place, self.owners))

    def _shelf(self) -> None:
        place = self._wall()
        if place is None:
            return
        point, axes = place
        paint = any_paint(self.generator, (3, 10))
        centre = point + 0.15 * axes[1]
        self.solids.append(Solid(True, centre, (0.45, 0.15, 0.015), paint, self.owners, axes))
        self.owners += 1
        for k in range(self.generator.integers(1, 4)):
            self._small(things.raised(centre + (k * 0.3 - 0.3) * axes[0], 0.015))

    def light(self) -> Light:
        """A lamp below the ceiling, light from everywhere, often daylight; each of some colour."""
        margin = (0.3, 0.3, 0.0)
        lamp = self.generator.uniform(self.low + margin, self.high - margin)
        lamp[2] = self.high[2] - self.generator.uniform(0.1, 0.7)
        colour, ambient = self.generator.normal(1, 0.06, (2, 3))
        light = Light(
            lamp=lamp,
            colour=colour * self.generator.uniform(0.4, 0.8),
            ambient=ambient * self.generator.uniform(0.35, 0.6),
            noise=self.generator.uniform(0, self.difficulty.noise),
            noise_seed=int(self.generator.integers(2**62)),
        )
        return varied(light, self.difficulty)
