"""A random room around a camera and people: walls, furniture, things and light."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from sightline.synthetic import small, things
from sightline.synthetic.bodies import hips
from sightline.synthetic.difficulty import Difficulty
from sightline.synthetic.figure import upright
from sightline.synthetic.framing import Person
from sightline.synthetic.furniture import chair
from sightline.synthetic.kinds import Several, any_kind
from sightline.synthetic.light import varied
from sightline.synthetic.shell import GROUND, Space, shell
from sightline.synthetic.things import Maker, Thing
from sightline.synthetic.world import Camera, Light

SPOTS = 16  # places on walls, floor and ceiling that can be looked at
TRIES = 6  # places tried for each piece of furniture


class Site(NamedTuple):
    """A part of a wall that is taken: which wall, and from, to along it and up it in metres."""

    wall: int
    left: float
    right: float
    low: float
    high: float


class Room:
    """A room in the making around a camera and people; one picture's worth of state.

    solids: what is in it; targets: owners and points (3,) that can be looked at; labels: the class
    of each owner so far, -1 for none; held: the owner of the body that holds a thing, by the
    thing's owner; taken: circles on the floor, those of the people first; sites: on the walls;
    above: places (2,) at the ceiling.
    People own 1 to P with their heads and P + 1 to 2 P with their bodies.
    """

    def __init__(
        self,
        generator: Generator,
        camera: Camera,
        people: list[Person],
        difficulty: Difficulty,
    ) -> None:
        self.generator, self.camera, self.people = generator, camera, people
        self.difficulty = difficulty
        self.kind = any_kind(generator)
        spots = np.array([camera.position, *(p.pose.centre for p in people)])
        low = spots.min(0)[:2] - generator.uniform((0.7, 0.6), (2.5, 2.0))
        high = spots.max(0)[:2] + generator.uniform((0.7, 0.8), (2.5, 3.0))
        top = max(generator.uniform(2.4, 3.1), spots[:, 2].max() + 0.35)
        if self.kind.outdoors:
            low, high, top = low - 2, high + 2, 5.0
        self.low, self.high = np.array((*low, 0.0)), np.array((*high, top))
        self.taken = [_footprint(person) for person in people]
        knees = [p.pose.centre + 0.5 * upright(p.pose.body_yaw)[1] for p in people if p.pose.seated]
        self.taken += [(camera.position[:2], 0.3), *((knee[:2], 0.25) for knee in knees)]
        self.sites: list[Site] = []
        self.above: list[np.ndarray] = []
        self._ends: list[tuple[np.ndarray, int, float]] = []  # places on walls to be tried
        self.targets: list[tuple[int, np.ndarray]] = []
        self.held: dict[int, int] = {}
        self.labels = [-1, *[things.HEAD] * len(people), *[things.BODY] * len(people)]
        self.solids = shell(generator, self.kind, Space(self.low, self.high))

    @property
    def owners(self) -> int:
        """The next free owner."""
        return len(self.labels)

    def furnish(self) -> None:
        """What the kind of room has: at walls and on them, tables, free pieces, small things."""
        kind = self.kind
        for make in self._several(kind.rugs):
            self._spread(make)
        for make in self._several(kind.backed):
            self._back(make)
        for make in self._several(kind.tables):
            self._table(make)
        for make in self._several(kind.free):
            self._stand(make)
        for make in self._several(kind.hung):
            self._hang(make)
        for make in self._several(kind.overhead):
            self._overhead(make)
        for make in self._several((Several(self._any_of(small.LYING), 0, 3),)):
            self._stand(make)

    def _several(self, wanted: tuple[Several, ...]) -> list[Maker]:
        """Makers repeated as often as drawn, times the clutter."""
        makers = []
        for make, least, most in wanted:
            count = self.generator.integers(least, most + 1) * self.difficulty.clutter
            makers += [make] * int(count + self.generator.random())
        return makers

    def _any_of(self, makers: tuple[Maker, ...]) -> Maker:
        return lambda generator: makers[generator.integers(len(makers))](generator)

    def add(self, thing: Thing, place: np.ndarray, frame: np.ndarray) -> None:
        """Put in something to look at."""
        self.solids += thing.at(place, frame, self.owners)
        self.targets.append((self.owners, place + np.array(thing.point) @ frame))
        self.labels.append(things.CLASSES.index(thing.kind))

    def _laden(self, thing: Thing, place: np.ndarray, frame: np.ndarray) -> None:
        """Put in furniture, and small things on about two thirds of its places."""
        self.add(thing, place, frame)
        yaw = np.arctan2(frame[0, 1], frame[0, 0])
        for top in thing.tops:
            if self.generator.random() < 0.65 * self.difficulty.clutter:
                extra = self._any_of(self.kind.small)(self.generator)
                turn = upright(yaw + self.generator.normal(0, 0.5))
                self.add(extra, place + np.array(top) @ frame, turn)

    def _table(self, make: Maker) -> None:
        """A table, with chairs before and behind it where the kind of room has some."""
        thing = make(self.generator)
        width, depth, height = thing.bounds()[1] * (2, 2, 1)
        chairs = int(self.generator.integers(0, self.kind.chairs + 1))
        spot = self._spot(np.hypot(width / 2, depth / 2 + 0.4 * (chairs > 0)), height)
        if spot is None:
            return
        frame = self._square()
        self._laden(thing, spot, frame)
        for side in (1, -1)[:chairs]:
            place = spot + side * (depth / 2 + 0.25) * frame[1]
            self.add(chair(self.generator), place, frame * ((-side,), (-side,), (1,)))

    def _stand(self, make: Maker) -> None:
        """Something anywhere on the floor."""
        thing = make(self.generator)
        low, high = thing.bounds()
        spot = self._spot(np.hypot(*np.maximum(-low, high)[:2]), high[2])
        if spot is not None:
            self._laden(thing, spot, self._square())

    def _spread(self, make: Maker) -> None:
        """A rug, on which other things may stand."""
        thing = make(self.generator)
        reach = np.hypot(*thing.bounds()[1][:2])
        low, high = self.low[:2] + reach, self.high[:2] - reach
        if (low < high).all():
            spot = self._anywhere().clip(low, high)
            self.add(thing, np.array((*spot, GROUND)), self._square())

    def _square(self) -> np.ndarray:
        """A frame about parallel to the walls."""
        return upright(self.generator.integers(4) * np.pi / 2 + self.generator.normal(0, 0.12))

    def _back(self, make: Maker) -> None:
        """Something on the floor with its back to a wall."""
        thing = make(self.generator)
        low, high = thing.bounds()
        for _ in range(TRIES):
            place = self._wall()
            if place is None:
                continue
            wall, point, axes = place
            base = point * (1, 1, 0) + axes[1] * (0.015 - low[1]) + (0, 0, GROUND)
            site = self._site(wall, base, thing)
            width, depth, height = high - low
            across = np.linspace(low[0], high[0], 2 + int(width / 0.4))
            ahead = np.linspace(low[1], high[1], 2 * (1 + int(depth / 0.8)) + 1)[1::2]
            spots = [(base + x * axes[0] + y * axes[1])[:2] for x in across for y in ahead]
            radius = depth / len(ahead) / 2
            if self._free(np.array(spots), radius, height) and self._claim(site):
                self.taken += [(spot, radius) for spot in spots]
                return self._laden(thing, base, axes)

    def _hang(self, make: Maker) -> None:
        """Something on a wall."""
        thing = make(self.generator)
        for _ in range(TRIES):
            place = self._wall()
            if place is not None and self._claim(self._site(place[0], place[1], thing)):
                return self._laden(thing, *place[1:])

    def _overhead(self, make: Maker) -> None:
        """Something at the ceiling, if the place is not above a head or another such thing."""
        spot = self._anywhere()
        inside = (spot > self.low[:2] + 0.7).all() and (spot < self.high[:2] - 0.7).all()
        others = [*self.above, *(person.pose.centre[:2] for person in self.people)]
        if inside and min(np.linalg.norm(spot - other) for other in others) > 0.7:
            self.above.append(spot)
            self.add(make(self.generator), np.array((*spot, self.high[2] - 0.01)), np.eye(3))

    def _spot(self, radius: float, height: float) -> np.ndarray | None:
        """A free place (3,) on the floor that the camera may see, for something so large."""
        for _ in range(TRIES):
            spot = self._anywhere()
            inside = (spot - radius > self.low[:2]).all() and (spot + radius < self.high[:2]).all()
            if inside and self._free(spot[None], radius, height):
                self.taken.append((spot, radius))
                return np.array((*spot, GROUND))
        return None

    def _free(self, spots: np.ndarray, radius: float, height: float) -> bool:
        """Whether circles around `spots` (K, 2) are clear of all else and so high hide no head."""
        taken = np.array([(*place, reach) for place, reach in self.taken])
        gaps = np.hypot(*(spots[:, None] - taken[:, :2]).T).T - taken[:, 2]
        if (gaps < radius).any():
            return False
        lens = self.camera.position
        lines = np.array([person.pose.centre for person in self.people]) - lens
        level = lines[:, :2]
        share = ((spots - lens[:2]) @ level.T / (level**2).sum(1)).clip(0, 1)  # (K, P)
        aside = np.hypot(*(lens[:2] + share[..., None] * level - spots[:, None]).T).T
        above = lens[2] + share * lines[:, 2] - height
        return not ((aside < radius + 0.12) & (above < 0.2) & (share < 0.99)).any()

    def _anywhere(self) -> np.ndarray:
        """A place (2,) on the floor, free or not."""
        column = self.generator.uniform(0, self.camera.size[0])
        depth = self.generator.uniform(1.0, self.high[1])
        middle = self.camera.size[1] / 2
        return self.camera.unproject(np.array((column, middle)), depth)[:2]

    def _exits(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where lines through pixels (K, 2) leave the room (K, 3), across which axis, which way."""
        lines = self.camera.unproject(pixels) - self.camera.position
        lengths = (np.where(lines > 0, self.high, self.low) - self.camera.position) / lines
        axes, rows = lengths.argmin(1), np.arange(len(pixels))
        ends = self.camera.position + lengths[rows, axes, None] * lines
        return ends, axes, np.sign(lines[rows, axes])

    def _wall(self) -> tuple[int, np.ndarray, np.ndarray] | None:
        """A wall, a place on it that the camera may see, the frame there (rows right, in, up).

        None where that place is on the floor or the ceiling.
        """
        if not self._ends:
            pixels = self.generator.uniform((0, 0), self.camera.size * np.array((1, 0.7)), (64, 2))
            self._ends = list(zip(*self._exits(pixels), strict=True))
        point, axis, sign = self._ends.pop()
        if axis == 2:
            return None
        point[2] = np.clip(point[2], 1.1, self.high[2] - 0.75)
        x, y = (-sign, 0.0) if axis == 0 else (0.0, -sign)
        frame = np.array(((y, -x, 0.0), (x, y, 0.0), (0.0, 0.0, 1.0)))
        return int(2 * axis + (sign > 0)), point, frame

    def _site(self, wall: int, point: np.ndarray, thing: Thing) -> Site:
        """What a thing at this point of a wall takes of it."""
        low, high = thing.bounds()
        along, half = point[1 - wall // 2], max(-low[0], high[0]) + 0.03
        return Site(wall, along - half, along + half, point[2] + low[2], point[2] + high[2])

    def _claim(self, site: Site) -> bool:
        """Take a part of a wall, if it is free and on the wall."""
        axis = 1 - site.wall // 2
        inside = site.left > self.low[axis] + 0.02 and site.right < self.high[axis] - 0.02
        free = all(
            site.wall != other.wall
            or site.right < other.left
            or other.right < site.left
            or site.high < other.low
            or other.high < site.low
            for other in self.sites
        )
        if inside and free and site.high < self.high[2] - 0.02:
            self.sites.append(site)
            return True
        return False

    def spots(self) -> np.ndarray:
        """Places (SPOTS, 3) on walls, floor and ceiling at which there is nothing to look at."""
        pixels = self.generator.uniform((0, 0), self.camera.size, (SPOTS, 2))
        return self._exits(pixels)[0]

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


def _footprint(person: Person) -> tuple[np.ndarray, float]:
    """The circle on the floor, middle (2,) and radius, of a person; of one who sits, the seat's."""
    look, pose = person.look, person.pose
    if not pose.seated:
        return pose.centre[:2], 0.35
    back = look.size * hips(look)[1] * upright(pose.body_yaw)[1]
    return (pose.centre + back)[:2], 0.5
