"""`sightline data check`, `convert`, `statistics` and `synthesize`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import Positional, arg

from sightline.cli.options import UsageError, require

if TYPE_CHECKING:
    from sightline.datasets.statistics import Row


@dataclass(kw_only=True)
class Check:
    """Look a copy of a dataset over: what is there, what is missing, the first broken rows."""

    dataset: Annotated[Positional[str], arg(metavar="DATASET")]
    """gazefollow, gazefollow360, videoattentiontarget, goo or a part (goo-real), coco, voc."""
    folder: Annotated[Positional[Path], arg(metavar="FOLDER")]
    """Where it is."""

    def run(self) -> int:
        """Print counts and problems; 1 if there are any."""
        from sightline.datasets import check

        report = check(self.dataset, self.folder)
        print(report)
        return 0 if report.ok else 1


@dataclass(kw_only=True)
class Convert:
    """Write a dataset in another form: safe and faster to read, or for other tools.

    arrays is for GOO: what lies in pickles as files that run nothing and open at once, read in
    their place. coco keeps boxes, classes and gaze. voc keeps boxes and classes.
    """

    dataset: Annotated[Positional[str], arg(metavar="DATASET")]
    """goo-synth, goo-real, goo-real-oneshot, goo-real-objects, coco or voc."""
    folder: Annotated[Positional[Path], arg(metavar="FOLDER")]
    """Where it is."""
    out: Annotated[Positional[Path], arg(metavar="OUT")]
    """Where to write; for arrays it may be the same folder."""
    to: Literal["arrays", "coco", "voc"] = "arrays"
    """What to write."""
    pictures: bool = False
    """With arrays, also store the pictures: without loss, and read several times faster."""
    workers: int = 2
    """Processes that store pictures."""

    def run(self) -> int:
        """Convert and print what was written; 1 if something had to be left out."""
        from sightline.datasets.convert import convert

        if self.pictures and self.to != "arrays":
            raise UsageError(f"{self.to} has pictures in files; --pictures is for arrays")
        report = convert(
            self.dataset,
            self.folder,
            self.out,
            to=self.to,
            pictures=self.pictures,
            workers=self.workers,
        )
        print(report)
        return 0 if report.ok else 1


@dataclass(kw_only=True)
class Statistics:
    """Measure what is in a dataset: people, heads, targets, objects; real or rendered.

    Sizes and distances are shares of the picture. Datasets with one person per sample (gazefollow,
    videoattentiontarget) do not know how many people a picture has: take gazefollow-pictures or
    videoattentiontarget-frames.
    """

    dataset: Annotated[Positional[str], arg(metavar="DATASET")]
    """Its name, as in a recipe."""
    folder: Annotated[Positional[Path], arg(metavar="FOLDER")]
    """Where it is, or a source of rendered pictures such as rendered:seed=3,difficulty=hard."""
    split: str = "train"
    """Which part of it."""
    samples: int = 1000
    """At most so many, evenly over the part."""
    plot: Path | None = None
    """Also draw a figure into this file, such as statistics.png."""

    def run(self) -> int:
        """Measure, print a table, draw."""
        from sightline.datasets import load_dataset
        from sightline.datasets.statistics import measure_dataset

        if self.samples < 1:
            raise UsageError(f"--samples is {self.samples}; give at least 1")
        if self.plot:
            require("--plot", {"matplotlib": "plots"})
        statistics = measure_dataset(
            load_dataset(self.dataset, self.folder, self.split), self.samples
        )
        _print_rows(statistics.rows())
        if self.plot:
            from sightline.datasets.statistics_plot import draw_statistics

            draw_statistics(statistics, self.plot, f"{self.dataset} {self.folder} {self.split}")
            print(f"figure: {self.plot}")
        return 0


def _print_rows(rows: list[Row]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("", "n", "mean", "5 %", "median", "95 %")
    for row in rows:
        values = (f"{value:.3f}" for value in (row.mean, *row.quantiles))
        table.add_row(row.name, str(row.n), *values)
    Console(width=100).print(table)


@dataclass(kw_only=True)
class _Synthesize:
    """What all renderings are asked for."""

    folder: Annotated[Positional[Path], arg(metavar="FOLDER")]
    """A new or empty folder, or one that the same command began to fill."""
    seed: int = 0
    """The same seed gives the same bytes."""
    size: tuple[int, int] = (320, 240)
    """Width and height in pixels."""
    workers: int = 2
    """Rendering processes."""
    difficulty: Literal["easy", "normal", "hard"] = "normal"
    """How hard it is to see who looks where: see docs/rendered.md."""

    def asked(self) -> dict[str, Any]:
        """What all writers are given."""
        from sightline.synthetic.difficulty import DIFFICULTIES

        difficulty = DIFFICULTIES[self.difficulty]
        common = {"seed": self.seed, "size": self.size, "workers": self.workers}
        return common | {"difficulty": difficulty}


@dataclass(kw_only=True)
class SynthesizeGazeFollow(_Synthesize):
    """Render pictures of people who look at things, laid out as GazeFollow, with exact truth.

    Called again after a break, the same command goes on.
    """

    images: int = 1000
    """Pictures; a tenth of them go into the test file."""

    def run(self) -> int:
        """Render and write."""
        from sightline.synthetic.gazefollow import write_gazefollow

        written = write_gazefollow(self.folder, images=self.images, **self.asked())
        print(f"train: {written.train_images} pictures, {written.train_people} people")
        print(f"test: {written.test_images} pictures, {written.test_people} people")
        return 0


@dataclass(kw_only=True)
class SynthesizeVideoAttentionTarget(_Synthesize):
    """Render clips of people who look around, laid out as VideoAttentionTarget, with exact truth.

    Called again after a break, the same command goes on.
    """

    clips: int = 100
    """Films of one room each; a tenth of them go into the test part."""
    frames: int = 20
    """Pictures of a clip."""
    fps: float = 10.0
    """Pictures per second of film; at 25, people move less from one to the next."""

    def run(self) -> int:
        """Render and write."""
        from sightline.synthetic.videoattentiontarget import write_videoattentiontarget

        written = write_videoattentiontarget(
            self.folder,
            clips=self.clips,
            frames=self.frames,
            fps=self.fps,
            **self.asked(),
        )
        for split, part in written.items():
            print(f"{split}: {part.clips} clips, {part.tracks} tracks of {part.heads} heads")
        return 0


@dataclass(kw_only=True)
class SynthesizeGoo(_Synthesize):
    """Render shelves with products and a shopper who looks at one, laid out as GOO, exact truth.

    Called again after a break, the same command goes on.
    """

    images: int = 1000
    """Pictures of both splits; those of humans 1 and 20 are the test, as released."""
    size: tuple[int, int] = (640, 480)
    """Width and height in pixels; GOO-Real has 1920 1080."""
    test_share: float = 0.1
    """How many of the pictures are for the test."""
    layout: Literal["goo-synth", "goo-real"] = "goo-synth"
    """goo-real has another layout, no angles, and -1 as the head's label."""

    def run(self) -> int:
        """Render and write."""
        from sightline.synthetic.goo import write_goo

        train, test = write_goo(
            self.folder,
            images=self.images,
            test_share=self.test_share,
            layout=self.layout,
            **self.asked(),
        )
        print(f"train: {train} pictures\ntest: {test} pictures")
        return 0


@dataclass(kw_only=True)
class SynthesizeGazeFollow360(_Synthesize):
    """Render panoramas with people and things all around, laid out as GazeFollow360, exact truth.

    Called again after a break, the same command goes on. A head box over the picture's left and
    right edge, which the release cuts, ends beyond the picture's width.
    """

    images: int = 1000
    """Panoramas of all splits."""
    size: tuple[int, int] = (1024, 512)
    """Width and height in pixels; as wide as twice the height."""
    test_share: float = 0.1
    """How many of the panoramas are for the test; as many are for the validation."""

    def run(self) -> int:
        """Render and write."""
        require("the index of GazeFollow360", {"scipy": "panorama"})
        from sightline.synthetic.gazefollow360 import write_gazefollow360

        written = write_gazefollow360(
            self.folder, images=self.images, test_share=self.test_share, **self.asked()
        )
        for split, part in written.items():
            print(f"{split}: {part.images} panoramas, {part.people} people")
        return 0
