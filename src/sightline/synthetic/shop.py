"""The corner of a shop: cabinets, surroundings, cameras and shoppers, each fixed by its number.

The shopper stands near the origin and looks towards +y, where two cabinets meet in a corner.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.random import Generator, default_rng

from sightline.synthetic import things, walls
from sightline.synthetic.difficulty import Difficulty
from sightline.synthetic.figure import turned
from sightline.synthetic.light import varied
from sightline.synthetic.looks import Look, any_look
from sightline.synthetic.paints import any_colour, pattern
from sightline.synthetic.products import PRODUCTS, facings, item_number
from sightline.synthetic.world import ROOM, Camera, Light, Paint, Solid, Texture

CABINETS, HUMANS, CAMERAS, BACKGROUNDS = 6, 20, 50, 8
LIGHTS = (0.1, 0.7, 1.3, 1.9)
HEAD_OWNER, BODY, FURNITURE, PRODUCT = range(ROOM + 1, 5)  # owners; products PRODUCT and more
BOARDS = (0.12, 0.52, 0.92, 1.32)  # metres above the floor
WIDTH, DEPTH, HEIGHT, BOARD = 2.1, 0.36, 1.74, 0.02  # of a cabinet, metres
APART = 1.05  # metres from the shopper to the fronts
OPENING = np.radians((90, 100, 110, 125, 140, 180))  # between the fronts of each pair of cabinets
LOOKS = (  # of the cabinets: dark wood, red, granite, pale wood, steel, white
    Paint((0.26, 0.15, 0.1), (0.2, 0.11, 0.07), Texture.CLOUDS, 9),
    Paint((0.55, 0.05, 0.07)),
    Paint((0.16, 0.16, 0.18), (0.3, 0.3, 0.32), Texture.CLOUDS, 60),
    Paint((0.68, 0.5, 0.32), (0.6, 0.42, 0.26), Texture.CLOUDS, 9),
    Paint((0.5, 0.52, 0.55)),
    Paint((0.88, 0.88, 0.86)),
)
PRICES = Paint((0.93, 0.93, 0.9), (0.75, 0.15, 0.1), Texture.PRINT, 30)
WALLS = 3.7  # metres from the origin to each wall


class Setting(NamedTuple):
    """What the released set varies: numbers from 1, and the strength of the light."""

    cabinet: int
    human: int
    light: float
    camera: int
    background: int


class Facing(NamedTuple):
    """A product at the front of a board: class, item number, base (3,), axes right, front, up."""

    label: int
    item: int
    base: np.ndarray
    axes: np.ndarray


def any_setting(generator: Generator, humans: tuple[int, ...]) -> Setting:
    """A random combination with one of the `humans`."""
    return Setting(
        cabinet=int(generator.integers(1, CABINETS + 1)),
        human=int(generator.choice(humans)),
        light=float(generator.choice(LIGHTS)),
        camera=int(generator.integers(1, CAMERAS + 1)),
        background=int(generator.integers(1, BACKGROUNDS + 1)),
    )


def stock(generator: Generator, cabinet: int) -> list[Facing]:
    """Products in random order on the boards of a pair of cabinets, alike ones side by side."""
    frames = _frames(cabinet)
    boards = [(corner, axes, height) for corner, axes in frames for height in BOARDS]
    runs: list[list[tuple[int, int]]] = [[] for _ in boards]
    room = np.full(len(boards), WIDTH - 0.06)
    for run in _runs(generator):
        emptiest = int((room + generator.uniform(0, 0.3, len(room))).argmax())
        width = sum(PRODUCTS[label - 1].size[0] + 0.008 for label, _ in run)
        if width <= room[emptiest]:  # else the shelves are full
            runs[emptiest] += run
            room[emptiest] -= width
    return [
        facing
        for board, row, spare in zip(boards, runs, room, strict=True)
        for facing in _line_up(generator, board, row, float(spare))
    ]


def _runs(generator: Generator) -> list[list[tuple[int, int]]]:
    """All (label, item number) in random order, of each class up to four at a time."""
    numbers = [
        [(label, item_number(label, facing)) for facing in range(facings(label))]
        for label in range(1, len(PRODUCTS) + 1)
    ]
    runs = [row[start : start + 4] for row in numbers for start in range(0, len(row), 4)]
    return [runs[index] for index in generator.permutation(len(runs))]


def _line_up(
    generator: Generator,
    board: tuple[np.ndarray, np.ndarray, float],
    row: list[tuple[int, int]],
    spare: float,
) -> list[Facing]:
    """Products side by side on a board, the spare room between different ones."""
    corner, axes, height = board
    starts = [k for k, own in enumerate(row) if k == 0 or own[0] != row[k - 1][0]]
    gaps = dict(
        zip(starts, spare * generator.dirichlet(np.full(len(starts) + 1, 0.3)), strict=False)
    )
    placed, along = [], 0.03
    for index, (label, item) in enumerate(row):
        width, depth, _ = PRODUCTS[label - 1].size
        along += gaps.get(index, 0.0) + width + 0.008
        inward = 0.02 + depth / 2 + abs(generator.normal(0, 0.008))
        place = np.array((along - width / 2, -inward, height + BOARD))
        placed.append(Facing(label, item, corner + place @ axes, axes))
    return placed


def _frames(cabinet: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Of both cabinets the lower front corner from where x runs, and the axes right, front, up."""
    half = OPENING[cabinet - 1] / 2
    meeting = np.array((0.0, APART / np.sin(half), 0.0))
    frames = []
    for side in (-1, 1):
        along = np.array((side * np.sin(half), -np.cos(half), 0.0))  # away from the meeting corner
        inward = np.array((-side * np.cos(half), -np.sin(half), 0.0))
        right = np.cross(inward, (0, 0, 1.0))
        start = meeting if right @ along > 0 else meeting + WIDTH * along
        frames.append((start, np.array((right, inward, (0.0, 0.0, 1.0)))))
    return frames


def cabinet_solids(cabinet: int) -> list[Solid]:
    """Backs, sides, tops, boards and price rails of a pair of cabinets."""
    low, high = (0.0, -DEPTH, 0.0), (WIDTH, 0.0, HEIGHT)
    slabs = [
        (low, (WIDTH, BOARD - DEPTH, HEIGHT)),
        (low, (BOARD, 0.0, HEIGHT)),
        ((WIDTH - BOARD, -DEPTH, 0.0), high),
        ((0.0, -DEPTH, HEIGHT - BOARD), high),
        *(((0.0, -DEPTH, height), (WIDTH, 0.0, height + BOARD)) for height in BOARDS),
    ]
    rails = [((0.0, 0.0, level - 0.01), (WIDTH, 0.008, level + 0.03)) for level in BOARDS]
    return [
        _slab(np.array(slab), corner, axes, paint)
        for corner, axes in _frames(cabinet)
        for paint, some in ((LOOKS[cabinet - 1], slabs), (PRICES, rails))
        for slab in some
    ]


def _slab(ends: np.ndarray, corner: np.ndarray, axes: np.ndarray, paint: Paint) -> Solid:
    half = (ends[1] - ends[0]) / 2
    return Solid(True, corner + ends.mean(0) @ axes, half, paint, FURNITURE, axes)


@cache
def background(number: int) -> tuple[Solid, ...]:
    """Walls, floor, ceiling, pictures and lights, and goods and signs that stand and hang about."""
    generator = default_rng((BACKGROUNDS, number))
    sides, floor = pattern(generator, (0.5, 3)), pattern(generator, (1, 4))
    pale = tuple(0.5 + 0.5 * np.array(any_colour(generator, 0.3, 0.9)))
    half, middle = np.array((WALLS, WALLS, 1.7)), np.array((0.0, 0.0, 1.7))
    slab = (WALLS, WALLS, 0.01)
    solids = [
        Solid(True, middle, half, sides._replace(colour=pale), ROOM),
        Solid(True, middle * 0, slab, floor, ROOM),
        Solid(True, 2 * middle, slab, Paint((0.9, 0.9, 0.88)), ROOM),
    ]
    for inward in ((0, -1, 0), (1, 0, 0), (-1, 0, 0)):
        axes = np.array((np.cross(inward, (0, 0, 1)), inward, (0, 0, 1)))
        for _ in range(2):
            across, height = generator.uniform((-2.8, 1.2), (2.8, 2.7))
            centre = np.array((across, -WALLS, height)) @ axes
            solids += walls.picture(generator).at(centre, axes, ROOM)
    for side in (-1, 1):
        solids += _wares(generator, np.array((side * 3.3, generator.uniform(-1.0, 2.5), 0.01)))
        solids += _sign(generator, np.array((side * generator.uniform(0.4, 1.6), 2.6, 3.4)))
        lamp = np.array((side * 1.8, generator.uniform(-1.5, 0.5), 3.39))
        solids += walls.ceiling_light(generator).at(lamp, np.eye(3), ROOM)
    return tuple(solids)


def _wares(generator: Generator, place: np.ndarray) -> list[Solid]:
    """A basket with balls, or a pile of boxes, at the foot of a wall."""
    if generator.random() < 0.5:
        wire = Paint((0.55, 0.57, 0.6), (0.2, 0.2, 0.22), Texture.CHECKER, 25)
        parts = [things.block((0, 0, 0), (0.6, 0.6, 0.6), wire)]
        for x, y in ((-0.15, -0.15), (0.15, -0.1), (-0.1, 0.15), (0.16, 0.16)):
            parts.append(things.blob((x, y, 0.62), (0.26,) * 3, pattern(generator, (8, 20))))
    else:
        paints = [pattern(generator, (4, 12)) for _ in range(3)]
        parts = [
            things.block((0, generator.normal(0, 0.03), 0.35 * k), (0.5, 0.6, 0.35), paint)
            for k, paint in enumerate(paints)
        ]
    return things.Thing("box", parts, (0, 0, 0)).at(place, np.eye(3), ROOM)


def _sign(generator: Generator, place: np.ndarray) -> list[Solid]:
    """A printed board on two cords below a place (3,) of the ceiling."""
    ground, ink = any_colour(generator, 0.6), any_colour(generator, 0.05, 0.3)
    board = Paint(ground, ink, Texture.PRINT, float(generator.uniform(6, 10)))
    cord = Paint((0.2, 0.2, 0.2))
    cords = [things.block((x, 0, -0.35), (0.01, 0.01, 0.35), cord) for x in (-0.35, 0.35)]
    parts = [things.block((0, 0, -0.65), (0.9, 0.02, 0.3), board), *cords]
    return things.Thing("board", parts, (0, 0, 0)).at(place, np.eye(3), ROOM)


@cache
def human(number: int) -> tuple[Look, float]:
    """How a shopper looks, and the height of the head's centre above the floor."""
    look = any_look(default_rng((HUMANS, number)), ages=(18, 75))
    return look, look.tall


@cache
def camera(number: int, size: tuple[int, int]) -> Camera:
    """A camera behind or beside the shopper that shows the head and most of the shelves.

    Seen by all cameras in a picture of 640x480: a head of about 35 to 100 pixels.
    """
    generator = default_rng((CAMERAS, number))
    zoom = min(size[0] / 640, size[1] / 480)
    while True:
        side, height, far = generator.uniform((-1.2, 1.1, 1.2), (1.2, 2.8, 2.8))
        focal = 320 / np.tan(np.radians(generator.uniform(66, 92)) / 2)
        own = np.array((far * np.sin(side), -far * np.cos(side), height))
        aim = generator.uniform((-0.3, 0.3, 0.7), (0.3, 1.0, 1.3)) - own
        yaw, pitch = np.arctan2(-aim[0], aim[1]), np.arctan2(aim[2], np.hypot(*aim[:2]))
        right, forward, up = turned(yaw, pitch, generator.normal(0, 0.12))
        rotation = np.array((right, -up, forward))
        if _frames_well(Camera(own, rotation, focal, (640, 480))):
            return Camera(own, rotation, focal * zoom, size)


def _frames_well(view: Camera) -> bool:
    """Whether the head of a shopper and most places on the shelves are in the picture."""
    eyes = np.array((0, 0, 1.55))
    spots = [
        corner + np.array((across, 0, height + 0.1)) @ axes
        for corner, axes in _frames(3)
        for height in BOARDS
        for across in np.linspace(0.1, WIDTH - 0.1, 8)
    ]
    near = 37 < view.focal * 0.19 / view.project(eyes)[1] < 85
    return bool(near and view.contains(eyes, -0.13) and view.contains(np.array(spots)).mean() > 0.7)


def light(generator: Generator, strength: float, difficulty: Difficulty) -> Light:
    """A lamp below the ceiling and light from everywhere, of one of the four strengths."""
    colour, ambient = generator.normal(1, 0.04, (2, 3))
    light = Light(
        lamp=generator.uniform((-1.5, -2.0, 2.5), (1.5, 0.0, 3.2)),
        colour=colour * (0.22 + 0.28 * strength),
        ambient=ambient * (0.26 + 0.16 * strength),
        noise=generator.uniform(0, difficulty.noise),
        noise_seed=int(generator.integers(2**62)),
    )
    return varied(light, difficulty)
