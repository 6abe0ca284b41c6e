"""What is in a data set: people, heads, targets and objects, counted and measured.

Sizes and distances are shares of the picture: of its width in x, of its height in y.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from sightline.geometry.boxes import centres, to_pixels, to_unit
from sightline.geometry.sphere import wrapped
from sightline.scene import Scene, Truth, as_clip


class Row(NamedTuple):
    """A quantity over `n` pictures, people or objects; shares have no quantiles."""

    name: str
    n: int
    mean: float
    quantiles: tuple[float, ...] = ()


QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Statistics:
    """Measurements of B pictures with N people, M of whom look inside, and K objects.

    people (B,): in a picture. heads (N, 2): width and height. inside (N,): 1, 0 or NaN. targets
    (M, 2): the mean annotation. lines (M, 2): from the head's centre to it. turns (M,): where these
    lead in the picture's pixels, degrees from the right, upwards. apart, nearest (M,): distance of
    an annotator from the mean, and the least from any, of the others; NaN for who has one alone.
    objects (B,): in a picture, NaN where none are annotated. sizes (K, 2): width and height.
    """

    people: Tensor
    heads: Tensor
    inside: Tensor
    targets: Tensor
    lines: Tensor
    turns: Tensor
    apart: Tensor
    nearest: Tensor
    objects: Tensor
    sizes: Tensor

    def rows(self) -> list[Row]:
        """The table: shares, and means with quantiles."""
        sectors = {"right": 0, "up": 90, "left": 180, "down": 270}
        turns = self.turns[~self.turns.isnan()]
        rows = [
            _measured_row("people per picture", self.people),
            _measured_row("head width", self.heads[:, 0]),
            _measured_row("head height", self.heads[:, 1]),
            _measured_row("from head to target", self.lines.norm(dim=1)),
            _measured_row("target x", self.targets[:, 0]),
            _measured_row("target y", self.targets[:, 1]),
            _share("looks inside, of those known", self.inside[~self.inside.isnan()] == 1),
            _share("inside or outside unknown", self.inside.isnan()),
            *(
                _share(f"looks {name} in the picture", (turns - middle + 45) % 360 < 90)
                for name, middle in sectors.items()
            ),
            _measured_row("from an annotator to the mean of the others", self.apart),
            _measured_row("from an annotator to the nearest other", self.nearest),
            _measured_row("objects per picture", self.objects),
            _measured_row("object width", self.sizes[:, 0]),
            _measured_row("object height", self.sizes[:, 1]),
        ]
        return [row for row in rows if row.n]


def _share(name: str, which: Tensor) -> Row:
    return Row(name, len(which), which.double().mean().item())


def _measured_row(name: str, values: Tensor) -> Row:
    values = values[~values.isnan()].double()
    if not len(values):
        return Row(name, 0, torch.nan)
    quantiles = values.quantile(values.new_tensor(QUANTILES)).tolist()
    return Row(name, len(values), values.mean().item(), tuple(quantiles))


def measure_dataset(dataset: Any, samples: int) -> Statistics:
    """Statistics of `samples` samples, evenly over a data set; pictures are read only if needed."""
    count = min(samples, len(dataset))
    indices = [i * len(dataset) // count for i in range(count)]
    read = getattr(dataset, "outline", dataset.__getitem__)
    return measure_scenes(scene for index in indices for scene in as_clip(read(index)))


def measure_scenes(scenes: Iterable[Scene]) -> Statistics:
    """Statistics of these pictures; people who do not count are left out."""
    parts = [_measured(scene) for scene in scenes]
    return Statistics(**{name: torch.cat([part[name] for part in parts]) for name in parts[0]})


def _measured(scene: Scene) -> dict[str, Tensor]:
    """The columns of `Statistics` for one picture."""
    nobody = torch.full((len(scene),), torch.nan)
    truth = scene.truth or Truth(nobody[:, None, None].expand(-1, 1, 2), nobody)
    counted = torch.ones(len(scene), dtype=torch.bool)
    counted = counted if truth.counted is None else truth.counted.bool()
    heads = to_unit(scene.heads[counted].float(), scene.size)
    marks = to_unit(truth.points[counted].float(), scene.size)[truth.inside[counted] == 1]
    lines = marks.nanmean(1) - centres(heads)[truth.inside[counted] == 1]
    if scene.projection == "equirectangular":
        lines = torch.stack([wrapped(lines[:, 0]), lines[:, 1]], 1)
    x, y = to_pixels(lines, scene.size).unbind(1)
    boxes = torch.zeros(0, 4) if scene.objects is None else scene.objects.boxes.float()
    apart, nearest = _disagreement(marks)
    return {
        "people": counted.sum()[None].float(),
        "heads": heads[:, 2:] - heads[:, :2],
        "inside": truth.inside[counted],
        "targets": marks.nanmean(1),
        "lines": lines,
        "turns": torch.atan2(-y, x).rad2deg() % 360,
        "apart": apart,
        "nearest": nearest,
        "objects": torch.tensor([torch.nan if scene.objects is None else float(len(boxes))]),
        "sizes": to_unit(boxes[:, 2:] - boxes[:, :2], scene.size),
    }


def _disagreement(marks: Tensor) -> tuple[Tensor, Tensor]:
    """Means over the annotators of each person, of marks (M, A, 2): to the others' mean, nearest.

    As one person is scored against the others in the test of GazeFollow.
    """
    given = ~marks.isnan().any(-1)
    total, count = marks.nansum(1, keepdim=True), given.sum(1)[:, None, None]
    others = (total - marks) / (count - 1)  # of who is alone 0 / 0
    pairs = (marks[:, :, None] - marks[:, None]).norm(dim=-1)
    pairs = pairs.nan_to_num(torch.inf) + torch.diag(marks.new_full(marks.shape[1:2], torch.inf))
    nearest = pairs.amin(2).where(given & (count[..., 0] > 1), torch.nan)
    return (marks - others).norm(dim=-1).nanmean(1), nearest.nanmean(1)
