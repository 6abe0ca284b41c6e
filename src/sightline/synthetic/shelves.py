"""Shelves with dense products and one shopper who looks at one of them, as in GOO-Synth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from numpy.random import Generator, default_rng
from torch import Tensor

from sightline.goo_classes import GOO_CLASSES, HEAD
from sightline.scene import Objects, Scene, Truth
from sightline.synthetic import shop
from sightline.synthetic.attention import Targets, clearly_visible, hidden, reachable, turn_head
from sightline.synthetic.bodies import body
from sightline.synthetic.caster import cast
from sightline.synthetic.difficulty import NORMAL, Difficulty
from sightline.synthetic.figure import Pose, turned, upright
from sightline.synthetic.framing import Person
from sightline.synthetic.lens import developed
from sightline.synthetic.objects import enough, pixel_edges
from sightline.synthetic.postures import HANDS
from sightline.synthetic.products import PRODUCTS, product
from sightline.synthetic.render import MEMORY_SHELVES, boxes_of, sight_lines
from sightline.synthetic.sample import head_solids, people_of
from sightline.synthetic.shop import BODY, HEAD_OWNER, PRODUCT, Facing, Setting
from sightline.synthetic.world import Camera, People, Solid, Solids, World, stack

SIZE = (640, 480)
OCCLUDED_SHARE = 0.2  # of the shoppers try to look at something hidden; some find nothing
TRAIN_HUMANS, TEST_HUMANS = tuple(range(2, 20)), (1, 20)  # as released
SHOWN = 0.25  # a product counts whose pixels fill so much of its whole outline's bounding box
# places in a product, in halves of its size from its middle: right, front, up
SPOTS = np.array([(x, y, z) for y in (1, -1) for x in (-0.8, 0, 0.8) for z in (-0.8, 0, 0.8)])
MIDDLE = 4  # of the spots the one that is looked at
TRIES = 6  # products tried for one shopper


@dataclass(frozen=True)
class Shelf:
    """A world of shelves; of the products, which own `PRODUCT` and more, what and where they are.

    people: one, the shopper. angles: pitch, yaw, roll of the head in degrees, see `head_angles`.
    """

    world: World
    facings: list[Facing]
    setting: Setting
    angles: tuple[float, float, float]


@dataclass(frozen=True)
class Picture:
    """A rendered shelf. image: (3, H, W) uint8.

    boxes: (K, 4) edges of the visible pixels of each product that can be seen, at last the head.
    labels, facings: (K,) classes, and rows of `Shelf.facings`, -1 for the head.
    gaze_object: row of the product looked at, -1 if it is hidden.
    """

    image: Tensor
    boxes: Tensor
    labels: Tensor
    facings: Tensor
    gaze_object: int


def render_shelves(
    count: int,
    seed: int = 0,
    size: tuple[int, int] = SIZE,
    *,
    difficulty: Difficulty = NORMAL,
) -> list[Scene]:
    """Random shelves in memory, never those that `write_goo` writes with the same seed.

    The last of the `objects` is the head, as in GOO.
    """
    draw = partial(shelf_of, seed, MEMORY_SHELVES, size=size, difficulty=difficulty)
    return [scene_of(draw(i), f"shelf-{seed}-{i}") for i in range(count)]


def shelf_of(
    seed: int,
    stream: int,
    index: int,
    size: tuple[int, int] = SIZE,
    *,
    humans: tuple[int, ...] = TRAIN_HUMANS,
    difficulty: Difficulty = NORMAL,
) -> Shelf:
    """The shelf of one picture: a function of the arguments alone."""
    generator = default_rng((seed, stream, index))
    while True:  # a draw that turns out impossible is repeated with the same generator
        shelf = _sample(generator, size, shop.any_setting(generator, humans), difficulty)
        if shelf is not None:
            return shelf


def scene_of(shelf: Shelf, key: str = "", device: torch.device | str = "cpu") -> Scene:
    """One picture with its products, the head and the truth; a hidden target is still a point."""
    picture, people, camera = photograph(shelf, device), shelf.world.people, shelf.world.camera
    points, eyes = (
        torch.from_numpy(camera.project(p)[0]).float() for p in (people.targets, people.eyes)
    )
    return Scene(
        image=picture.image,
        heads=picture.boxes[-1:],
        objects=Objects(picture.boxes, picture.labels, torch.ones(len(picture.boxes)), GOO_CLASSES),
        truth=Truth(
            points[:, None],
            torch.ones(1),
            torch.tensor([picture.gaze_object]),
            directions=sight_lines(shelf.world),
        ),
        key=key,
        eyes=eyes,
    )


def photograph(shelf: Shelf, device: torch.device | str = "cpu") -> Picture:
    """Render a shelf and find what can be seen of each product; the picture stays on `device`."""
    world = shelf.world
    view = cast([world], device)[0]
    owners = world.solids.owner[view.solid.cpu()]
    shown, boxes = pixel_edges(owners, PRODUCT + len(shelf.facings))
    owners = np.arange(PRODUCT, PRODUCT + len(shelf.facings))
    whole = boxes_of(world, owners)
    areas = (whole[:, 2:] - whole[:, :2]).prod(1)
    pixels = shown[PRODUCT:]
    large = enough(pixels, boxes[PRODUCT:], world.camera.size)
    rows = (large & (pixels >= SHOWN * areas)).nonzero()[:, 0]
    gazed = (rows + PRODUCT == int(world.people.target_owners[0])).nonzero()[:, 0]
    labels = torch.tensor([facing.label for facing in shelf.facings])[rows]
    return Picture(
        image=developed(view, world.light),
        boxes=boxes[torch.cat([rows + PRODUCT, torch.tensor([HEAD_OWNER])])],
        labels=torch.cat([labels, torch.tensor([HEAD])]),
        facings=torch.cat([rows, torch.tensor([-1])]),
        gaze_object=int(gazed[0]) if len(gazed) else -1,
    )


class _Sight(NamedTuple):
    """All solids, the products among them, and the camera that looks at them."""

    solids: Solids
    facings: list[Facing]
    camera: Camera


def _sample(
    generator: Generator, size: tuple[int, int], setting: Setting, difficulty: Difficulty
) -> Shelf | None:
    """A shelf of this setting; None if the head is hidden or nothing is found to look at."""
    camera, shopper = shop.camera(setting.camera, size), _shopper(generator, setting.human)
    facings = shop.stock(generator, setting.cabinet)
    fixed = _fixed(generator, setting, shopper, facings)
    ahead = shopper.pose.centre + shopper.pose.frame[1]
    before = _Sight(stack(fixed + head_solids([shopper], ahead[None])), facings, camera)
    if not clearly_visible(before.solids, camera, _heads(shopper), difficulty.covered).all():
        return None
    occluded = bool(generator.random() < OCCLUDED_SHARE)
    row = _choose(generator, before, shopper.pose, occluded)
    if row is None:
        return None
    target = _spots(facings[row])[MIDDLE]
    angles = turn_head(generator, shopper.pose, target, difficulty.eyes_apart)
    shopper = replace(shopper, pose=replace(shopper.pose, frame=turned(*angles)))
    after = before._replace(solids=stack(fixed + head_solids([shopper], target[None])))
    people = _people(after, shopper, row, occluded)
    if people is None:
        return None
    world = World(after.solids, camera, shop.light(generator, setting.light, difficulty), people)
    return Shelf(world, facings, setting, head_angles(camera, shopper.pose.frame))


def _people(sight: _Sight, shopper: Person, row: int, occluded: bool) -> People | None:
    """Who looks where; None if the turn of the head changed what the shopper or camera sees."""
    targets = Targets(_spots(sight.facings[row])[[MIDDLE]], np.array([PRODUCT + row]))
    heads, seen = _heads(shopper), np.ones(1, bool)
    people = people_of(sight.solids, sight.camera, [shopper], heads, targets, visible=seen)
    ignored = np.array([(HEAD_OWNER, PRODUCT + row)])
    blind = hidden(sight.solids, people.eyes, targets.points, ignored).any()
    return None if blind or _occluded(sight, row) is not occluded else people


def _shopper(generator: Generator, number: int) -> Person:
    """A shopper near the origin who faces the shelves or a little aside."""
    look, height = shop.human(number)
    x, y = generator.normal(0, 0.08, 2)
    yaw = float(generator.normal(0, 0.6))
    return Person(look, Pose(np.array((x, y, height)), upright(yaw), yaw, seated=False))


def _heads(shopper: Person) -> Targets:
    return Targets(shopper.pose.centre[None], np.array([HEAD_OWNER]))


def _fixed(
    generator: Generator, setting: Setting, shopper: Person, facings: list[Facing]
) -> list[Solid]:
    """All but the head."""
    hands = np.array(HANDS["hang"]) * ((-1, 1, 1), (1, 1, 1)) + generator.normal(0, 0.04, (2, 3))
    solids = [
        *shop.background(setting.background),
        *shop.cabinet_solids(setting.cabinet),
        *body(shopper.look, shopper.pose, hands, BODY),
    ]
    for owner, facing in enumerate(facings, PRODUCT):
        solids += product(generator, facing.label, facing.base, facing.axes, owner)
    return solids


def _choose(generator: Generator, sight: _Sight, pose: Pose, occluded: bool) -> int | None:
    """The row of a product in the picture's frame that the shopper sees; None if none is found."""
    solids, facings, camera = sight
    points = np.array([_spots(facing)[MIDDLE] for facing in facings])
    owners = np.arange(PRODUCT, PRODUCT + len(facings))[:, None]
    head, lens = (np.broadcast_to(p, points.shape) for p in (pose.centre, camera.position))
    ignored = np.concatenate([np.full_like(owners, HEAD_OWNER), owners], 1)
    reach = reachable(points - head, np.array(pose.body_yaw))
    seen = reach & ~hidden(solids, head, points, ignored) & camera.contains(points, -0.02)
    seen &= hidden(solids, lens, points, owners) == occluded
    for row in generator.permutation(seen.nonzero()[0])[:TRIES]:
        if _occluded(sight, row) is occluded:
            return int(row)
    return None


def _occluded(sight: _Sight, row: int) -> bool | None:
    """Whether other things hide a product from the camera; None if they hide a part that matters.

    Not hidden is one of which the middle of the front and half of all spots are free.
    """
    spots = _spots(sight.facings[row])
    lens = np.broadcast_to(sight.camera.position, spots.shape)
    dark = hidden(sight.solids, lens, spots, np.full((len(spots), 1), PRODUCT + row))
    if dark.all():
        return True
    return False if not dark[MIDDLE] and dark.mean() <= 0.5 else None


def _spots(facing: Facing) -> np.ndarray:
    """Places (18, 3) in and on a product."""
    half = np.array(PRODUCTS[facing.label - 1].size) / 2
    return facing.base + (SPOTS * half + (0, 0, half[2])) @ facing.axes


def head_angles(camera: Camera, frame: np.ndarray) -> tuple[float, float, float]:
    """Pitch, yaw and roll in degrees of a head `frame` (rows right, forward, up), as a camera sees.

    Yaw 0 faces the camera, 90 the picture's left, -90 its right, 180 away; pitch is up in the
    picture, roll leans towards the head's own right. GOO's definition is not published; its yaw
    looks the same.
    """
    right, forward, _ = frame @ camera.rotation.T
    level = np.cross(forward, (0, -1, 0))
    level /= np.linalg.norm(level)
    above = np.cross(level, forward)
    yaw, pitch = np.arctan2(-forward[0], -forward[2]), np.arcsin(np.clip(-forward[1], -1, 1))
    roll = np.arctan2(-right @ above, right @ level)
    return tuple(np.degrees((pitch, yaw, roll)).round(6).tolist())
