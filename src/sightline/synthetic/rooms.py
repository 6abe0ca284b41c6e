"""Random rooms with a few people, furniture and things.

The people come first, at sizes and places in the picture that are worth seeing; the room, its
furniture and the things are put around them. A draw that turns out impossible (a head hidden,
nothing to look at) is repeated with the same generator.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from sightline.synthetic import things
from sightline.synthetic.attention import (
    NOBODY,
    Targets,
    choose,
    clearly_visible,
    hidden,
    turn_head,
)
from sightline.synthetic.figure import (
    HEAD_HEIGHT,
    Look,
    Pose,
    any_colour,
    any_look,
    any_paint,
    body,
    head,
    turned,
    upright,
)
from sightline.synthetic.things import Thing
from sightline.synthetic.world import Camera, Light, Paint, People, Solid, Solids, World, stack

ROOM = 0  # owner of walls, floor and ceiling


def sample_world(
    generator: Generator, size: tuple[int, int] = (320, 240), *, outside_share: float = 0.25
) -> World:
    """A random room for a picture of `size` (width, height).

    Each person looks out of the picture with probability `outside_share`.
    """
    while True:
        world = _draw(generator, size, outside_share)
        if world is not None:
            return world


def _draw(generator: Generator, size: tuple[int, int], outside_share: float) -> World | None:
    camera, people = _people(generator, size)
    if not people:
        return None
    room = _Room(generator, camera, people)
    room.furnish()
    return room.populate(outside_share)


@dataclass(frozen=True)
class _Person:
    look: Look
    pose: Pose


def _people(generator: Generator, size: tuple[int, int]) -> tuple[Camera, list[_Person]]:
    """A camera, and one to four people whose heads it shows at a fair size."""
    focal = size[0] / 2 / float(np.tan(np.radians(generator.uniform(36, 70)) / 2))
    common = size[1] * np.exp(generator.uniform(np.log(0.1), np.log(0.28)))
    wanted = 1 + generator.choice(4, p=(0.25, 0.35, 0.25, 0.15))
    camera = None
    people: list[_Person] = []
    for _ in range(8 * wanted):
        scale, seated, height = _stature(generator)
        depth = focal * HEAD_HEIGHT * scale / (common * np.exp(generator.uniform(-0.3, 0.3)))
        camera = camera or _camera(generator, size, focal, height, depth)
        centre = _head_centre(camera, generator.uniform(0.08, 0.92) * size[0], height, depth)
        row = camera.project(centre)[0][1] / size[1]
        apart = [np.linalg.norm((centre - other.pose.centre)[:2]) for other in people]
        if 0.1 < row < 0.75 and min(apart, default=1.0) > 0.6:
            yaw = _body_yaw(generator, camera, centre)
            people.append(
                _Person(any_look(generator, scale), Pose(centre, upright(yaw), yaw, seated))
            )
        if len(people) == wanted:
            break
    assert camera is not None
    return camera, people


def _body_yaw(generator: Generator, camera: Camera, centre: np.ndarray) -> float:
    """Roughly towards some place that the camera sees, nearer or farther than the person."""
    depth = camera.project(centre)[1] * generator.uniform(0.2, 1.7)
    pixel = generator.uniform(0, camera.size)
    line = camera.unproject(pixel, depth) - centre
    return np.arctan2(-line[0], line[1]) + generator.normal(0, 0.6)


def _stature(generator: Generator) -> tuple[float, bool, float]:
    """Scale of the head, whether the person sits, height of the head's centre above the floor."""
    seated, child = generator.random(2) < (0.35, 0.15)
    scale = generator.uniform(0.85, 0.95) if child else generator.uniform(0.95, 1.08)
    if seated:
        return scale, True, generator.uniform(0.9, 1.1) if child else generator.uniform(1.1, 1.3)
    return scale, False, generator.uniform(0.9, 1.25) if child else generator.uniform(1.42, 1.75)


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


def _muted(colour: tuple[float, ...]) -> np.ndarray:
    """A colour halfway to grey, as walls and floors mostly are."""
    return 0.5 * np.array(colour) + 0.5 * max(colour)


class _Room:
    """A room in the making around a camera and people."""

    def __init__(self, generator: Generator, camera: Camera, people: list[_Person]) -> None:
        self.generator, self.camera, self.people = generator, camera, people
        spots = np.array([camera.position, *(p.pose.centre for p in people)])
        low = spots.min(0)[:2] - generator.uniform((0.7, 0.6), (2.5, 2.0))
        high = spots.max(0)[:2] + generator.uniform((0.7, 0.8), (2.5, 3.0))
        top = max(generator.uniform(2.4, 3.1), spots[:, 2].max() + 0.35)
        self.low, self.high = np.array((*low, 0.0)), np.array((*high, top))
        self.solids = self._shell()
        self.taken = [(p.pose.centre[:2], 0.5 if p.pose.seated else 0.35) for p in people]
        self.points: dict[int, np.ndarray] = {}
        self.owners = 1 + 2 * len(people)  # heads are 1..P, bodies P+1..2P

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

    def _add(self, thing: Thing) -> None:
        self.solids += thing.solids
        self.points[self.owners] = thing.point
        self.owners += 1

    def _small(self, base: np.ndarray) -> None:
        make = things.SMALL[self.generator.integers(len(things.SMALL))]
        self._add(make(self.generator, base, self.owners))

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
            column = self.generator.uniform(0, self.camera.size[0])
            depth = self.generator.uniform(1.0, self.high[1])
            middle = self.camera.size[1] / 2
            spot = self.camera.unproject(np.array((column, middle)), depth)[:2]
            free = all(np.linalg.norm(spot - p) > radius + r for p, r in self.taken)
            inside = (spot - radius > self.low[:2]).all() and (spot + radius < self.high[:2]).all()
            if free and inside:
                self.taken.append((spot, radius))
                return np.array((*spot, 0.01))
        return None

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
            self._add(things.panel(self.generator, *place, self.owners))

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

    def populate(self, outside_share: float) -> World | None:
        """Give everyone a body and a target and turn the heads; None if that turns out badly."""
        count = len(self.people)
        for owner, person in enumerate(self.people, count + 1):
            self._body(person, owner)
        poses = [person.pose for person in self.people]
        centres = np.array([pose.centre for pose in poses])
        heads = Targets(centres, np.arange(1, count + 1))
        solids = stack(self.solids + self._heads(poses, centres + [p.frame[1] for p in poses]))
        if not clearly_visible(solids, self.camera, heads):
            return None
        targets = choose(
            self.generator,
            self.camera,
            solids,
            heads,
            self._candidates(heads),
            body_yaws=np.array([pose.body_yaw for pose in poses]),
            outside_share=outside_share,
        )
        if targets is None:
            return None
        poses = [
            replace(pose, frame=turned(*turn_head(self.generator, pose, target)))
            for pose, target in zip(poses, targets.points, strict=True)
        ]
        solids = stack(self.solids + self._heads(poses, targets.points))
        people = self._truth(solids, poses, heads, targets)
        sees = ~hidden(
            solids, people.eyes, targets.points, np.stack([heads.owners, targets.owners], 1)
        )
        return World(solids, self.camera, self._light(), people) if sees.all() else None

    def _body(self, person: _Person, owner: int) -> None:
        """A body, with arms that hang, reach forward, or hold something."""
        manner = self.generator.choice(["hang", "forward", "hold"], p=(0.4, 0.3, 0.3))
        reach = {
            "hang": (0.25, 0.05, -0.78),
            "forward": (0.14, 0.36, -0.55),
            "hold": (0.07, 0.3, -0.42),
        }
        ends = np.array(reach[manner]) * ((-1, 1, 1), (1, 1, 1))
        jitter = self.generator.normal(0, 0.03 if manner == "hold" else 0.06, (2, 3))
        hands = ends + (jitter[:1] if manner == "hold" else jitter)
        self.solids += body(person.look, person.pose, hands, owner)
        if manner == "hold":
            offset = person.look.scale * (hands.mean(0) + np.array((0, 0.05, 0.02)))
            place = person.pose.centre + offset @ upright(person.pose.body_yaw)
            self._add(things.held(self.generator, place, person.pose.body_yaw, self.owners))

    def _heads(self, poses: list[Pose], targets: np.ndarray) -> list[Solid]:
        looks = [person.look for person in self.people]
        each = zip(looks, poses, targets, range(1, len(poses) + 1), strict=True)
        return [solid for one in each for solid in head(*one)]

    def _candidates(self, heads: Targets) -> Targets:
        """Things, heads, places in the air, and the camera."""
        low, high = self.low + 0.2, self.high - 0.3
        air = np.vstack([self.generator.uniform(low, high, (24, 3)), self.camera.position])
        points = np.vstack([*self.points.values(), heads.points, air])
        nobody = np.full(len(air), NOBODY)
        return Targets(
            points, np.concatenate([list(self.points), heads.owners, nobody]).astype(int)
        )

    def _truth(self, solids: Solids, poses: list[Pose], heads: Targets, targets: Targets) -> People:
        scales = [person.look.scale for person in self.people]
        position = np.broadcast_to(self.camera.position, targets.points.shape)
        return People(
            heads=heads.owners,
            bodies=heads.owners + len(poses),
            eyes=np.array([pose.eyes(scale) for pose, scale in zip(poses, scales, strict=True)]),
            facing=np.array([pose.frame[1] for pose in poses]),
            targets=targets.points,
            target_owners=targets.owners,
            inside=self.camera.contains(targets.points),
            occluded=hidden(solids, position, targets.points, targets.owners[:, None]),
        )

    def _light(self) -> Light:
        """A lamp below the ceiling and light from everywhere, both a little coloured."""
        margin = (0.3, 0.3, 0.0)
        lamp = self.generator.uniform(self.low + margin, self.high - margin)
        lamp[2] = self.high[2] - self.generator.uniform(0.1, 0.7)
        colour, ambient = self.generator.normal(1, 0.06, (2, 3))
        return Light(
            lamp=lamp,
            colour=colour * self.generator.uniform(0.35, 0.75),
            ambient=ambient * self.generator.uniform(0.3, 0.6),
            noise=self.generator.uniform(0, 0.02),
            noise_seed=int(self.generator.integers(2**62)),
        )
