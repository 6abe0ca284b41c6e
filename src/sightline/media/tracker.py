"""Who is who over the frames of a film: heads that a detector finds, joined to people.

No library fits: Roboflow's `trackers` gives some heads no identity, cannot save its state, joins
heads by overlap alone and brings a second OpenCV.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from sightline.geometry.boxes import centres
from sightline.geometry.sphere import wrapped
from sightline.media.heads import Heads

try:
    from scipy.optimize import linear_sum_assignment
except ImportError as error:
    raise ImportError("Following people needs scipy: pip install 'sightline[video]'.") from error

REACH_GROWTH = 2.0  # head sizes by which the reach grows for each second out of sight
SIZE_RATIO = 2.0
AGE_PRICE = 0.44  # of log reach: with the reach as 3 sigma, a Gaussian's log-likelihood in 2D
NEW_PERSON = 1.0  # what it costs to join a head to nobody
VELOCITY_MEMORY, COLOUR_MEMORY = 0.2, 0.5  # seconds
COASTING = 0.5  # seconds that somebody out of sight is thought to move on
CUT = 0.12  # mean change of a picture: between unlike ones 0.25, moved by a tenth of its width 0.1
CUT_STRICTNESS = 0.5
PASSER_BY, PASSER_BY_GROWTH = 0.5, 2.5  # see Tracker._costs; growth for each second out of sight


@dataclass(frozen=True)
class TrackerSettings:
    """What counts as the same head.

    sure: a head with a lower score continues a person but begins none. NaN counts as sure.
    patience: seconds that somebody may be out of sight and still be recognised.
    reach: how far from the expected place a head may be, in sizes of the head.
    colour: how different its colours may be, 0 equal to 1 nothing in common. In a trial one head
    differed from itself by up to 0.08 after a frame and 0.18 after a second, from other heads by
    0.22 to 0.5.
    """

    sure: float = 0.5
    patience: float = 1.0
    reach: float = 0.7
    colour: float = 0.3


@dataclass
class Tracks:
    """T people as last seen, in float64, which JSON keeps exactly.

    ids (T,); boxes (T, 4); velocities (T, 2) pixels per second; times (T,) seconds; colours (T, C);
    cut (T,) whether there was a cut since.
    """

    ids: Tensor
    boxes: Tensor
    velocities: Tensor
    times: Tensor
    colours: Tensor
    cut: Tensor

    @classmethod
    def of(cls, boxes: Tensor, colours: Tensor, time: float) -> Tracks:
        """Heads at rest that belong to nobody yet (id -1)."""
        ids = torch.full((len(boxes),), -1)
        times = torch.full((len(boxes),), time, dtype=torch.float64)
        return cls(ids, boxes, torch.zeros_like(boxes[:, :2]), times, colours, ids > 0)

    @classmethod
    def cat(cls, *parts: Tracks) -> Tracks:
        """All the people of several."""
        names = [field.name for field in fields(cls)]
        return cls(*(torch.cat([getattr(part, name) for part in parts]) for name in names))

    def __getitem__(self, rows: Tensor) -> Tracks:
        """The people in these rows."""
        return Tracks(*(getattr(self, field.name)[rows] for field in fields(self)))


class Tracker:
    """Gives the heads of a film's frames identities, which count from 0 and are never reused.

    A head is joined to the person whose expected place (constant velocity), size and colours it
    fits, all heads at once at the least total cost; first the sure ones, then the others. Whoever
    fits nobody is a new person at once, also a false box that lives for one frame: waiting for a
    second look would leave people without rows. After a cut the colours must fit twice as well.
    """

    def __init__(self, settings: TrackerSettings | None = None) -> None:
        self.settings = settings or TrackerSettings()
        self.tracks = Tracks.of(torch.zeros(0, 4).double(), torch.zeros(0, 48).double(), 0.0)
        self.next_id = 0
        self.picture: Tensor | None = None

    def update(self, heads: Heads, image: Tensor, time: float, *, panorama: bool = False) -> Heads:
        """The heads with `tracks`; unsure ones (`settings.sure`) that continue nobody are left out.

        image: (3, H, W) uint8 RGB. time: seconds, not before that of the last frame.
        panorama: whether the picture's left and right edge are one.
        """
        around = image.shape[2] if panorama else None
        self._note_cut(image)
        boxes = heads.boxes.cpu().double()
        seen = Tracks.of(boxes, head_colours(image, boxes, panorama=panorama), time)
        unsure = (heads.scores < self.settings.sure).cpu()
        rows = _assign(self._costs(seen, time, around), unsure)
        known, new = rows >= 0, (rows < 0) & ~unsure
        seen.ids[new] = self.next_id + torch.arange(int(new.sum()))
        seen.ids[known] = self.tracks.ids[rows[known]]
        self.next_id += int(new.sum())
        lost = time - self.tracks.times <= self.settings.patience
        lost[rows[known]] = False
        followed = _follow(self.tracks[rows[known]], seen[known], around)
        self.tracks = Tracks.cat(followed, seen[new], self.tracks[lost])
        keep = known | new
        return replace(heads[keep], tracks=seen.ids[keep].to(heads.boxes.device))

    def state(self) -> dict[str, Any]:
        """All that the next frames depend on, as plain data for JSON."""
        return {
            "settings": asdict(self.settings),
            "next_id": self.next_id,
            "picture": None if self.picture is None else self.picture.tolist(),
            "tracks": {name: values.tolist() for name, values in vars(self.tracks).items()},
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Tracker:
        """A tracker that goes on exactly where one with this `state` stopped."""
        try:
            tracker = cls(TrackerSettings(**state["settings"]))
            tracker.next_id = int(state["next_id"])
            if state["picture"] is not None:
                tracker.picture = torch.tensor(state["picture"], dtype=torch.float32)
            for name, empty in vars(tracker.tracks).items():
                values = torch.tensor(state["tracks"][name], dtype=empty.dtype)
                setattr(tracker.tracks, name, values.reshape(-1, *empty.shape[1:]))
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ValueError("This is no saved state of a tracker; begin anew.") from error
        return tracker

    def _note_cut(self, image: Tensor) -> None:
        """Mark everybody as seen before a cut, if the picture is unlike the last one."""
        before, self.picture = self.picture, _thumbnail(image)
        if before is not None and (self.picture - before).abs().mean() > 255 * CUT:
            self.tracks.cut = torch.ones_like(self.tracks.cut)

    def _costs(self, seen: Tracks, time: float, around: int | None) -> Tensor:
        """The cost (P, T) of each head being each person, infinite where it cannot be."""
        tracks, settings = self.tracks, self.settings
        gaps = (time - tracks.times).clamp(0, settings.patience)
        expected = centres(tracks.boxes) + tracks.velocities * gaps.clamp(max=COASTING)[:, None]
        sizes, old_sizes = _log_sizes(seen.boxes)[:, None], _log_sizes(tracks.boxes)
        reach = (settings.reach + REACH_GROWTH * gaps) * ((sizes + old_sizes) / 2).exp()
        limits = settings.colour * torch.where(tracks.cut, CUT_STRICTNESS, 1.0)
        overlaps = seen.colours.sqrt() @ tracks.colours.sqrt().T
        colour = (1 - overlaps).clamp(min=0) / limits.square()  # Hellinger distance, squared
        # Somebody may pass before a head: what is seen where it was just now may have any colours.
        most = torch.where(tracks.cut, torch.inf, PASSER_BY + PASSER_BY_GROWTH * gaps)
        deviation = (
            _moved(centres(seen.boxes)[:, None] - expected, around).square().sum(-1)
            / reach.square()
            + ((sizes - old_sizes) / math.log(SIZE_RATIO)).square()
            + colour.minimum(most)
        )
        age = AGE_PRICE * (1 + REACH_GROWTH / settings.reach * gaps).log()
        return (deviation + age).where(deviation < 1, torch.inf)


def head_colours(image: Tensor, boxes: Tensor, *, panorama: bool = False) -> Tensor:
    """Colours (P, 48) of the heads in boxes (P, 4) of a picture (3, H, W) uint8; rows sum to 1.

    Histograms of 8 bins for red, green and blue of the upper and the lower half, from 16 x 16
    points, each counted in the two bins that it is between.
    """
    height, width = image.shape[1:]
    share = torch.linspace(0.1, 0.9, 16, dtype=boxes.dtype)  # within: corners show the background
    points = boxes[:, :2, None] + (boxes[:, 2:] - boxes[:, :2])[..., None] * share
    x, y = points[:, 0].long(), points[:, 1].long().clamp(0, height - 1)
    x = x % width if panorama else x.clamp(0, width - 1)
    levels = image[:, y[:, :, None], x[:, None, :]].cpu().double() / 255 * 7  # (3, P, 16, 16)
    halves = levels.reshape(3, len(boxes), 2, 128, 1)
    counts = (1 - (halves - torch.arange(8)).abs()).clamp(min=0).mean(3)  # (3, P, 2, 8)
    return counts.movedim(1, 0).reshape(len(boxes), 48) / 6


def _moved(differences: Tensor, around: int | None) -> Tensor:
    """Differences (..., 2) of points, in a panorama `around` pixels wide the shorter way round."""
    if around is None:
        return differences
    x, y = differences.unbind(-1)
    return torch.stack([around * wrapped(x / around), y], -1)


def _thumbnail(image: Tensor) -> Tensor:
    """Mean colours (3, 9, 16) of the parts of a picture, from some of its pixels."""
    step = max(1, min(image.shape[1:]) // 32)
    return adaptive_avg_pool2d(image[:, ::step, ::step].cpu().float(), (9, 16)).round()


def _log_sizes(boxes: Tensor) -> Tensor:
    """Logarithms (N,) of the geometric means of widths and heights of boxes (N, 4)."""
    return (boxes[:, 2:] - boxes[:, :2]).log().mean(1)


def _assign(costs: Tensor, unsure: Tensor) -> Tensor:
    """The person's row (P,) for each head, or -1; unsure heads get what the others leave."""
    rows = torch.full((len(costs),), -1)
    for heads in ((~unsure).nonzero()[:, 0], unsure.nonzero()[:, 0]):
        free = costs[heads].clone()
        free[:, rows[rows >= 0]] = torch.inf
        chosen, people = map(torch.from_numpy, linear_sum_assignment(free.clamp(max=NEW_PERSON)))
        fits = free[chosen, people].isfinite()
        rows[heads[chosen[fits]]] = people[fits]
    return rows


def _follow(old: Tracks, seen: Tracks, around: int | None) -> Tracks:
    """People where they are seen now; velocities and colours change smoothly."""
    seconds = (seen.times - old.times).clamp(min=1e-3)[:, None]
    measured = _moved(centres(seen.boxes) - centres(old.boxes), around) / seconds
    velocities = old.velocities.lerp(measured, 1 - (-seconds / VELOCITY_MEMORY).exp())
    colours = old.colours.lerp(seen.colours, 1 - (-seconds / COLOUR_MEMORY).exp())
    return Tracks(seen.ids, seen.boxes, velocities, seen.times, colours, seen.cut)
