"""Which way of choosing the object looked at is right how often: methods x kinds of scene.

Scenes are boxes with a known object looked at, a gaze point in it, and a heatmap around a point
that misses it by a normal error in each direction (a share of the picture). Shelves are dense rows
of alike boxes; tables are few things of all sizes that may lie upon each other. "detected" boxes
are shaken, some are lost, and false ones of lower score are among them. `--goo FOLDER` adds the
real boxes and gaze points of GOO, in its released layout, and `--model NAME --weights FILE` what a
trained model makes of its pictures. The last table is about people who look at no object: how many
of them get none, by the reach, next to the accuracy of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import torch
from timing import Row, parser, report
from torch import Tensor
from torchvision.ops import box_iou

from sightline.datasets import load_dataset
from sightline.gaze import Gaze
from sightline.gaze_objects import DEFAULT, METHODS, REACH, with_gaze_objects
from sightline.geometry.boxes import to_unit
from sightline.geometry.heatmap import gaussian_heatmaps, refined_peaks
from sightline.models import load
from sightline.models.base import GazeModel
from sightline.scene import Objects, Scene

ERRORS = (0.02, 0.05, 0.1)  # GaTector reports a mean distance of 0.073: 0.058 in each direction
REACHES = (0.05, 0.1, 0.15, 0.2, 0.3)
PEOPLE = 8  # in each scene


@dataclass
class Case:
    """Objects on the unit square, and of P people the points (P, 2) and rows (P,) looked at."""

    objects: Objects
    points: Tensor
    looked_at: Tensor


def plain(boxes: Tensor) -> Objects:
    return Objects(boxes, torch.zeros(len(boxes), dtype=torch.int64), torch.ones(len(boxes)))


def shelf() -> Tensor:
    """Boxes (K, 4) of alike things, side by side on four to six boards."""
    boards, columns = int(torch.randint(4, 7, ())), int(torch.randint(12, 22, ()))
    row, column = torch.meshgrid(torch.arange(boards), torch.arange(columns), indexing="ij")
    pitch = torch.tensor([0.8 / columns, 0.8 / boards])
    low = 0.1 + torch.stack([column, row], -1).flatten(0, 1) * pitch
    size = pitch * (torch.rand(len(low), 2) * 0.3 + torch.tensor([0.65, 0.45]))
    low[:, 1] += pitch[1] - size[:, 1]  # things stand on their board
    return torch.cat([low, low + size], 1)


def table() -> Tensor:
    """Boxes (K, 4) of things of all sizes, which may be in front of each other."""
    count = int(torch.randint(6, 15, ()))
    size = 0.04 * 10 ** torch.rand(count, 1) * torch.empty(count, 2).uniform_(0.7, 1.4)
    low = torch.rand(count, 2) * (1 - size)
    return torch.cat([low, low + size], 1)


def people_at(boxes: Tensor) -> Case:
    """People who look at boxes by chance, near the middle of each."""
    looked_at = torch.randint(len(boxes), (PEOPLE,))
    low, high = boxes[looked_at].chunk(2, 1)
    place = (0.5 + 0.2 * torch.randn(PEOPLE, 2)).clamp(0, 1)
    return Case(plain(boxes), low + place * (high - low), looked_at)


def detected(case: Case, *, lost: float = 0.05, false: float = 0.3) -> Case:
    """The same by a detector; who looks at an object that it lost is left out."""
    boxes = case.objects.boxes
    size = (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2)
    number = max(1, int(false * len(boxes)))
    shaken = boxes + 0.07 * size * torch.randn_like(boxes)
    model = torch.randint(len(boxes), (number,))
    shift = (torch.rand(number, 2) * 2 - 1).repeat(1, 2) * size[model]
    found = torch.rand(len(boxes)) >= lost
    scores = torch.cat([torch.rand(len(boxes)) * 0.5 + 0.5, torch.rand(number) * 0.6])
    every = replace(plain(torch.cat([shaken, boxes[model] + shift])), scores=scores)
    kept = torch.cat([found, torch.ones(number, dtype=torch.bool)])
    seen = found[case.looked_at]
    row = (kept.cumsum(0) - 1)[case.looked_at[seen]]
    return Case(every[kept], case.points[seen], row)


def generated(draw: Callable[[], Tensor], scenes: int, *, by_detector: bool) -> Iterator[Case]:
    torch.manual_seed(0)
    for _ in range(scenes):
        case = people_at(draw())
        yield detected(case) if by_detector else case


def heatmaps_around(points: Tensor, error: float) -> Tensor:
    """What a model that errs would say: a label's Gaussian, a tenth of noise, in (P, 64, 64)."""
    wrong = (points + error * torch.randn_like(points)).clamp(0, 1 - 1e-3)
    return gaussian_heatmaps(wrong) + 0.1 * torch.rand(len(points), 64, 64)


def gaze_of(heatmaps: Tensor) -> Gaze:
    nowhere = torch.full((len(heatmaps), 4), torch.nan)
    return Gaze(nowhere, refined_peaks(heatmaps), heatmaps)


def accuracies(cases: Sequence[Case], error: float, reach: float = REACH) -> dict[str, float]:
    """Percent of people whose object is right, by method."""
    torch.manual_seed(1)
    right = dict.fromkeys(METHODS, 0)
    for case in cases:
        gaze = gaze_of(heatmaps_around(case.points, error))
        for method in METHODS:
            chosen = with_gaze_objects(gaze, case.objects, method, reach=reach).gaze_object
            right[method] += int((chosen == case.looked_at).sum())
    people = sum(len(case.points) for case in cases)
    return {method: 100 * count / people for method, count in right.items()}


def nowhere(cases: Sequence[Case], reach: float) -> float:
    """Percent of those who look at a point in no box for whom no object is chosen."""
    torch.manual_seed(1)
    none = people = 0
    for case in cases:
        points = torch.rand(PEOPLE, 2)
        low, high = case.objects.boxes.chunk(2, 1)
        free = ~((points[:, None] > low) & (points[:, None] < high)).all(2).any(1)
        gaze = gaze_of(heatmaps_around(points[free], ERRORS[1]))
        chosen = with_gaze_objects(gaze, case.objects, reach=reach).gaze_object
        none, people = none + int((chosen < 0).sum()), people + len(chosen)
    return 100 * none / people


def goo(name: str, folder: Path, split: str) -> Iterator[Scene]:
    """The pictures of GOO in which somebody's object is visible."""
    dataset = load_dataset(name, folder, split)
    for index in range(len(dataset)):  # pyright: ignore[reportArgumentType]
        scene = dataset[index]
        assert isinstance(scene, Scene)
        assert scene.truth
        if scene.truth.gaze_object is not None and (scene.truth.gaze_object >= 0).all():
            yield scene  # it has one person


def case_of(scene: Scene) -> Case:
    """The person of such a picture; the heads are no objects."""
    assert scene.objects
    assert scene.truth
    assert scene.truth.gaze_object is not None
    points = to_unit(scene.truth.points[:, 0].float(), scene.size)
    objects = replace(scene.objects, boxes=to_unit(scene.objects.boxes.float(), scene.size))
    return Case(objects, points, scene.truth.gaze_object)


def many_times(case: Case) -> Case:
    """The one person of a picture as often as the generated ones have people: as many errors."""
    return replace(
        case, points=case.points.repeat(PEOPLE, 1), looked_at=case.looked_at.repeat(PEOPLE)
    )


def of_model(model: GazeModel, scenes: Sequence[Scene]) -> list[Row]:
    """Percent right by a model's heatmaps: with the true boxes, and with those that it finds.

    A box that it finds is right if it shares more than half of the union with the true one.
    """
    right = {method: dict.fromkeys(("true boxes", "found boxes"), 0) for method in METHODS}
    people = 0
    for scene in scenes:
        case, people = case_of(scene), people + len(scene)
        gaze = model.predict([replace(scene, objects=None, truth=None)])[0]
        sources = {"true boxes": case.objects, "found boxes": gaze.objects}
        wanted = case.objects.boxes[case.looked_at]
        for method, (name, objects) in product(METHODS, sources.items()):
            if objects is None:
                continue
            chosen = with_gaze_objects(gaze, objects, method).gaze_object
            assert chosen is not None
            rows = (chosen >= 0).nonzero()[:, 0]
            shared = box_iou(objects.boxes[chosen[rows]], wanted[rows]).diagonal()
            right[method][name] += int((shared > 0.5).sum())
    return [
        {"method": method, **{name: 100 * n / people for name, n in counts.items()}}
        for method, counts in right.items()
    ]


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--scenes", type=int, default=300, metavar="N", help="of each kind")
    options.add_argument("--goo", type=Path, metavar="FOLDER", help="also on the pictures of GOO")
    options.add_argument("--dataset", default="goo-synth", help="which of GOO")
    options.add_argument(
        "--model", metavar="NAME", help="also by the heatmaps of this model on GOO"
    )
    options.add_argument("--weights", type=Path, metavar="FILE", help="of the model")
    options.add_argument("--split", default="test", help="of GOO")
    options = options.parse_args()
    torch.set_num_threads(options.threads)
    kinds = {"shelf": shelf, "table": table}
    worlds = {
        f"{kind}{', detected' * by_detector}": list(
            generated(draw, options.scenes, by_detector=by_detector)
        )
        for kind, draw in kinds.items()
        for by_detector in (False, True)
    }
    if options.goo:
        scenes = list(goo(options.dataset, options.goo, options.split))
        worlds["GOO"] = [many_times(case_of(scene)) for scene in scenes]
        if options.model:
            model = load(options.model, options.weights)
            report(f"% right, GOO, {options.model}", of_model(model, scenes), options.json)
    for name, cases in worlds.items():
        by_error = {f"error {error}": accuracies(cases, error) for error in ERRORS}
        rows: list[Row] = [
            {"method": method} | {column: values[method] for column, values in by_error.items()}
            for method in METHODS
        ]
        report(f"% right, {name}", rows, options.json)
    rows = [
        {
            "reach": reach,
            "% right of lookers": accuracies(worlds["table"], ERRORS[1], reach)[DEFAULT],
            "% none of others": nowhere(worlds["table"], reach),
        }
        for reach in REACHES
    ]
    report(f"reach, table, error {ERRORS[1]}, {DEFAULT}", rows, options.json)


if __name__ == "__main__":
    main()
