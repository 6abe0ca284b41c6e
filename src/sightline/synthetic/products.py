"""The products of GOO as solids: 24 classes that a small network can tell apart, and their numbers.

Shapes, proportions and colours are our own; only the names and the item numbers are GOO's.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from sightline.synthetic.figure import upright
from sightline.synthetic.world import Paint, Solid, Texture

# items of each class 1..24 in the released scenes; a quarter of them stand in front of the others
ITEMS = (8, 8, 8, 32, 16, 16, 16, 32, 32, 24, 16, 24, 24, 24, 32, 16, 32, 8, 8, 8, 8, 16, 16, 16)
DEEP = 4
FIRST_ITEMS = tuple(1 + before for before in accumulate(ITEMS[:-1], initial=0))


class Product(NamedTuple):
    """A class: `build` of its solids, `size` (width, depth, height) in metres, and its two paints.

    badge: the colour of what is printed on it; for cans the lid, for bottles the neck.
    """

    build: Callable[[Product, Paint, Paint, int], list[Solid]]
    size: tuple[float, float, float]
    wrapping: Paint
    badge: tuple[float, ...]


def _carton(product: Product, wrapping: Paint, badge: Paint, owner: int) -> list[Solid]:
    """A box with an oval badge on its front."""
    width, depth, height = np.array(product.size) / 2
    oval = (0.7 * width, 0.004, 0.45 * height)
    return [
        Solid(True, np.array((0, 0, height)), (width, depth, height), wrapping, owner),
        Solid(False, np.array((0, depth, 1.15 * height)), oval, badge, owner),
    ]


def _packet(product: Product, wrapping: Paint, badge: Paint, owner: int) -> list[Solid]:
    """A box with a band across its front."""
    width, depth, height = np.array(product.size) / 2
    band = (width, 0.003, 0.3 * height)
    return [
        Solid(True, np.array((0, 0, height)), (width, depth, height), wrapping, owner),
        Solid(True, np.array((0, depth, 0.8 * height)), band, badge, owner),
    ]


def _can(product: Product, wrapping: Paint, badge: Paint, owner: int) -> list[Solid]:
    """Two boxes turned against each other, and a lid: fluted, so about as bright all around."""
    width, _, height = np.array(product.size) / 2
    half, middle = (width / 1.3, width / 1.3, 0.94 * height), np.array((0, 0, 0.94 * height))
    lid = (0.9 * width, 0.9 * width, 0.1 * height)
    return [
        Solid(True, middle, half, wrapping, owner),
        Solid(True, middle, half, wrapping, owner, upright(np.pi / 4)),
        Solid(False, np.array((0, 0, 1.9 * height)), lid, badge, owner),
    ]


def _bottle(product: Product, wrapping: Paint, badge: Paint, owner: int) -> list[Solid]:
    """A belly and a neck."""
    width, depth, height = np.array(product.size) / 2
    neck = (width / 2.5, depth / 2.5, 0.5 * height)
    return [
        Solid(False, np.array((0, 0, 0.8 * height)), (width, depth, 0.8 * height), wrapping, owner),
        Solid(False, np.array((0, 0, 1.5 * height)), neck, badge, owner),
    ]


def _bag(product: Product, wrapping: Paint, badge: Paint, owner: int) -> list[Solid]:
    """A pillow between two seams, with an oval badge."""
    width, depth, height = np.array(product.size) / 2
    middle = np.array((0, 0, height))
    oval = (0.45 * width, 0.4 * depth, 0.4 * height)
    return [
        Solid(True, middle, (0.85 * width, 0.15 * depth, height), wrapping, owner),
        Solid(False, middle, (width, depth, 0.9 * height), wrapping, owner),
        Solid(False, middle + np.array((0, 0.75 * depth, 0)), oval, badge, owner),
    ]


_WHITE = (0.95, 0.95, 0.95)
_CREAM = (0.95, 0.88, 0.65)
_BLACK = (0.08, 0.08, 0.08)
_RED = (0.8, 0.06, 0.08)
_BLUE = (0.1, 0.2, 0.75)
_GREEN = (0.1, 0.55, 0.2)
_YELLOW = (0.98, 0.82, 0.1)
_ORANGE = (0.95, 0.5, 0.08)
_PURPLE = (0.45, 0.12, 0.55)
_BROWN = (0.4, 0.22, 0.1)
_PINK = (0.95, 0.5, 0.65)
_TEAL = (0.08, 0.5, 0.55)
_SKY = (0.45, 0.7, 0.95)
_CHECKER, _STRIPES, _CLOUDS = Texture.CHECKER, Texture.STRIPES, Texture.CLOUDS
PRODUCTS = (  # of the labels 1..24
    Product(_carton, (0.19, 0.07, 0.29), Paint(_WHITE), _GREEN),
    Product(_carton, (0.19, 0.07, 0.29), Paint(_YELLOW, _ORANGE, _CLOUDS, 30), _BLUE),
    Product(_carton, (0.19, 0.07, 0.29), Paint(_BROWN), _YELLOW),
    Product(_packet, (0.12, 0.09, 0.12), Paint(_YELLOW), _RED),
    Product(_packet, (0.17, 0.10, 0.13), Paint(_YELLOW, _CREAM, _STRIPES, 25), _GREEN),
    Product(_packet, (0.17, 0.10, 0.13), Paint(_CREAM), _BLUE),
    Product(_bag, (0.16, 0.08, 0.21), Paint(_ORANGE, _BROWN, _CHECKER, 30), _WHITE),
    Product(_bag, (0.14, 0.07, 0.18), Paint(_BLACK), _YELLOW),
    Product(_can, (0.09, 0.09, 0.12), Paint(_SKY), _WHITE),
    Product(_packet, (0.15, 0.09, 0.15), Paint(_GREEN, _WHITE, _STRIPES, 30), _YELLOW),
    Product(_can, (0.10, 0.10, 0.24), Paint(_BLUE, _YELLOW, _STRIPES, 20), _RED),
    Product(_can, (0.085, 0.085, 0.25), Paint(_RED), _BLACK),
    Product(_bottle, (0.09, 0.09, 0.27), Paint(_PURPLE), _WHITE),
    Product(_carton, (0.10, 0.08, 0.23), Paint(_ORANGE), _WHITE),
    Product(_packet, (0.12, 0.08, 0.09), Paint(_GREEN), _CREAM),
    Product(_bag, (0.17, 0.08, 0.24), Paint(_PINK), _ORANGE),
    Product(_can, (0.12, 0.12, 0.12), Paint(_RED, _WHITE, _STRIPES, 25), _WHITE),
    Product(_carton, (0.18, 0.08, 0.22), Paint(_BLUE), _WHITE),
    Product(_packet, (0.20, 0.08, 0.16), Paint(_PURPLE, _PINK, _CHECKER, 25), _YELLOW),
    Product(_can, (0.20, 0.20, 0.10), Paint(_TEAL), _CREAM),
    Product(_bag, (0.18, 0.09, 0.22), Paint(_BROWN, _CREAM, _CHECKER, 35), _RED),
    Product(_carton, (0.09, 0.09, 0.25), Paint(_WHITE, _SKY, _STRIPES, 20), _BLUE),
    Product(_bottle, (0.08, 0.08, 0.17), Paint(_WHITE), _RED),
    Product(_carton, (0.09, 0.07, 0.13), Paint(_BROWN, _ORANGE, _STRIPES, 25), _WHITE),
)


def facings(label: int) -> int:
    """How many products of a class stand at the front of the shelves."""
    return ITEMS[label - 1] // DEEP


def item_number(label: int, facing: int) -> int:
    """The number of a product among the 440 items of a scene, as `segm_gazeIdx` counts them."""
    return FIRST_ITEMS[label - 1] + DEEP * facing


def product(
    generator: Generator, label: int, base: np.ndarray, axes: np.ndarray, owner: int
) -> list[Solid]:
    """A product of class `label` that stands on `base`; `axes` rows are right, front, up.

    It differs a little from its siblings in size, tint and how straight it stands.
    """
    kind = PRODUCTS[label - 1]
    tint = generator.normal(1, 0.04, 3)
    grown = kind._replace(size=tuple(kind.size * generator.normal(1, 0.015, 3)))
    frame = upright(generator.normal(0, 0.04)) @ axes

    def tinted(paint: Paint) -> Paint:
        return paint._replace(colour=tuple(paint.colour * tint), second=tuple(paint.second * tint))

    solids = kind.build(grown, tinted(kind.wrapping), tinted(Paint(kind.badge)), owner)
    return [s._replace(centre=base + s.centre @ frame, axes=s.axes @ frame) for s in solids]
