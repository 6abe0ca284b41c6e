"""What eyes point at: the target, or whatever stops the sight line."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from sightline.synthetic.attention import Targets, hidden
from sightline.synthetic.caster import struck
from sightline.synthetic.world import Solids, tensor

EYES = np.radians(35)  # from straight ahead, as far as eyes turn


class Sight(NamedTuple):
    """What P people look at, and which of them (P,) at what they want to."""

    targets: Targets
    met: np.ndarray


def turn_eyes(lines: np.ndarray, facing: np.ndarray) -> np.ndarray:
    """Lines (P, 3) from the eyes turned towards unit vectors `facing` until eyes reach so far."""
    length = np.linalg.norm(lines, axis=1, keepdims=True)
    ahead = (lines * facing).sum(1, keepdims=True)
    aside = lines - ahead * facing
    aside /= np.linalg.norm(aside, axis=1, keepdims=True).clip(min=1e-9)
    limit = length * (np.cos(EYES) * facing + np.sin(EYES) * aside)
    return np.where(ahead >= length * np.cos(EYES), lines, limit)


def look(
    solids: Solids, eyes: np.ndarray, lines: np.ndarray, owners: np.ndarray, wanted: Targets
) -> Sight:
    """What people with heads of `owners` (P,) see who look along `lines` (P, 3) for `wanted`."""
    ends = eyes + lines
    on_target = np.linalg.norm(ends - wanted.points, axis=1) < 1e-6
    ignored = np.stack([owners, wanted.owners], 1)
    met = on_target & ~hidden(solids, eyes, wanted.points, ignored)
    own = torch.from_numpy(owners)[:, None]
    share, other = struck(solids, tensor(eyes), tensor(lines), own)
    points = np.where(met[:, None], wanted.points, eyes + share.numpy()[:, None] * lines)
    return Sight(Targets(points, np.where(met, wanted.owners, other.numpy())), met)
