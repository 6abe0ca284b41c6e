"""What surfaces are painted with: the share of the second colour at each point.

Only sums, products and floors: the same number comes out of a point whatever is computed beside it,
which the sine of a vectorised library does not promise.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from sightline.synthetic.world import Texture


def textured(surface: Tensor, texture: Tensor) -> Tensor:
    """Shares (3, n), by channel, of the second colour at points of solids with a `texture` (n,).

    surface: (8, n) the place (3, n) counted in cells; the coordinates across and up on the face
    that holds it, (2, n) counted in cells and (2, n) from -1 to 1; the texture's frequency.
    """
    share = torch.zeros_like(surface[:3])
    for kind, count in enumerate(texture.bincount().tolist()):
        if count > 0 and kind != Texture.PLAIN:
            which = (texture == kind).nonzero()[:, 0]
            drawn = PATTERNS[kind](surface.index_select(1, which))
            share.index_copy_(1, which, drawn.expand(3, -1))
    return share


def _wave(x: Tensor) -> Tensor:
    """Like a sine: odd, of period 1, smooth, from -1 to 1."""
    t = 2 * (x - x.floor()) - 1
    return -4 * t * (1 - t.abs())


def _chance(x: Tensor, y: Tensor | float = 0.0) -> Tensor:
    """A number in [0, 1) that looks random for each pair of whole numbers."""
    mixed = x * 0.7548777 + y * 0.5698403
    mixed = mixed - mixed.floor()
    mixed = mixed * (mixed + 31.32) * 41.7
    return mixed - mixed.floor()


def _checker(surface: Tensor) -> Tensor:
    x, y, z = surface[:3].floor()
    return (x + y + z) % 2


def _stripes(surface: Tensor) -> Tensor:
    return surface[0].floor() % 2


def _clouds(surface: Tensor) -> Tensor:
    x, y, z = surface[:3] * (2 / 6.2832)
    first = _wave(x + 0.16 * _wave(1.7 * y))
    second = _wave(1.3 * z + 0.32 * _wave(0.6 * x) + y)
    return 0.5 + 0.25 * (first + second)


def _bricks(surface: Tensor) -> Tensor:
    """Two cells long and one high, each of its own shade, every other row moved by a half."""
    u, v = surface[3:5]
    row = v.floor()
    along = 0.5 * u + 0.5 * (row % 2)
    brick = along.floor()
    joint = (v - row < 0.12) | (along - brick < 0.06)
    return torch.where(joint, 1.0, 0.45 * _chance(brick, row))


def _planks(surface: Tensor) -> Tensor:
    """One cell wide and six long, with grain along them."""
    u, v = surface[3:5]
    row = v.floor()
    along = u / 6 + _chance(row)
    board = along.floor()
    shade = _chance(board, row)
    grain = _wave(2.6 * v + 7 * shade + 0.35 * _wave(0.21 * u + 3 * shade))
    fibre = _wave(9.1 * v + 0.3 * _wave(0.5 * u + shade))
    joint = (v - row < 0.04) | (along - board < 0.008)
    return torch.where(joint, 1.0, 0.25 + 0.35 * shade + 0.15 * grain + 0.08 * fibre)


def _dots(surface: Tensor) -> Tensor:
    u, v = surface[3:5]
    row = v.floor()
    across = u + 0.5 * (row % 2)
    across, up = across - across.floor() - 0.5, v - row - 0.5
    return (across * across + up * up < 0.08).float()


def _marble(surface: Tensor) -> Tensor:
    """Veins bent at three scales."""
    x, y, z = surface[:3]
    bend = _wave(0.31 * x + 0.23 * z + 0.3 * _wave(0.27 * y + 0.19 * z))
    fine = _wave(0.83 * y - 0.71 * z + 0.4 * _wave(0.9 * x + bend))
    finest = _wave(2.3 * x + 1.9 * z + 0.5 * _wave(1.7 * y + fine))
    vein = 1 - _wave(0.4 * x + 0.3 * y + 0.35 * z + 0.45 * bend + 0.2 * fine).abs()
    return 0.72 * vein * vein + 0.08 * (1 + fine) + 0.06 * (1 + finest)


def _print(surface: Tensor) -> Tensor:
    """Words of different lengths in lines, some lines empty, within margins."""
    u, v, across, up = surface[3:7]
    line = v.floor()
    along = 0.7 * u + 5 * _chance(line)
    word = along.floor()
    start = along - word
    written = (start > 0.12) & (start < 0.4 + 0.6 * _chance(word, line))
    height = v - line
    filled = (height > 0.3) & (height < 0.75) & (_chance(line, 3.0) > 0.15)
    margin = (across.abs() < 0.84) & (up.abs() < 0.86)
    return (written & filled & margin).float()


def _scene(surface: Tensor) -> Tensor:
    """A sky over hills with three round things, by channel."""
    across, up, number = surface[5:]
    place = _chance((number * 64).floor())
    hills = 0.7 * place - 0.5 + 0.18 * _wave(0.4 * across + place) + 0.07 * _wave(1.3 * across)
    sky = 0.25 - 0.25 * up.clamp(-1, 1)
    land = 0.75 + 0.2 * _wave(0.9 * across + 1.7 * up + 0.3 * _wave(1.1 * across - up))
    tint = surface.new_tensor([[1.0, 0.75, 0.5], [1.0, 0.6, 0.9]])[..., None]
    share = torch.where(up > hills, sky * tint[0], land * tint[1])
    for k in range(3):
        x, y = 1.5 * _chance(place * 97, k) - 0.75, 1.5 * _chance(place * 61, k + 5.0) - 0.75
        away = ((across - x) ** 2 + (up - y) ** 2) * (7.0 + 5 * k)
        blob = (1.6 - 1.6 * away).clamp(0, 1)
        share = share + blob * (tint.roll(k, 1)[k % 2] * (0.95, 0.1, 0.8)[k] - share)
    return share


PATTERNS: dict[int, Callable[[Tensor], Tensor]] = {
    Texture.CHECKER: _checker,
    Texture.STRIPES: _stripes,
    Texture.CLOUDS: _clouds,
    Texture.BRICKS: _bricks,
    Texture.PLANKS: _planks,
    Texture.DOTS: _dots,
    Texture.MARBLE: _marble,
    Texture.PRINT: _print,
    Texture.SCENE: _scene,
}
