"""`sightline data check` and `sightline data synthesize`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tyro.conf import Positional


@dataclass(kw_only=True)
class Check:
    """Look a copy of a dataset over: what is there, what is missing, the first broken rows."""

    dataset: Positional[str]
    """gazefollow or videoattentiontarget."""
    folder: Positional[Path]
    """Where it is."""

    def run(self) -> int:
        """Print counts and problems; 1 if there are any."""
        from sightline.datasets import check

        report = check(self.dataset, self.folder)
        print(report)
        return 0 if report.ok else 1


@dataclass(kw_only=True)
class Synthesize:
    """Render a dataset of people who look at things, in the released layout, with exact truth."""

    dataset: Positional[Literal["gazefollow"]]
    """The layout to write."""
    folder: Positional[Path]
    """A new or empty folder."""
    images: int = 1000
    """Pictures; a tenth of them go into the test file."""
    seed: int = 0
    """The same seed gives the same bytes."""
    size: tuple[int, int] = (320, 240)
    """Width and height in pixels."""
    workers: int = 2
    """Rendering processes."""

    def run(self) -> int:
        """Render and write."""
        from sightline.synthetic.gazefollow import write_gazefollow

        written = write_gazefollow(
            self.folder, images=self.images, seed=self.seed, size=self.size, workers=self.workers
        )
        print(f"train: {written.train_images} pictures, {written.train_people} people")
        print(f"test: {written.test_images} pictures, {written.test_people} people")
        return 0
