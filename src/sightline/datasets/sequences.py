"""People over time as columns: whole head tracks, or windows cut from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sightline.datasets.groups import rows_of
from sightline.windows import windows


@dataclass(frozen=True)
class Sequences:
    """N sequences of one head each, whole tracks or windows of them, one after the other.

    names: (N,) show/clip/file. ends: (N,) where each sequence ends in the R rows below.
    pictures: (R,) file names. heads: (R, 4) pixels as annotated. gaze: (R, 2) pixels, NaN for
    outside. counted: (R,) False for rows that are there for their neighbours' sake.
    lines: (R,) of the file. broken: what ails the lines that could not be read.
    """

    names: np.ndarray
    ends: np.ndarray
    pictures: np.ndarray
    heads: np.ndarray
    gaze: np.ndarray
    counted: np.ndarray
    lines: np.ndarray
    broken: list[str]

    def __len__(self) -> int:
        return len(self.names)

    @property
    def lengths(self) -> np.ndarray:
        """(N,) the number of rows of each sequence."""
        return np.diff(self.ends, prepend=0)

    @property
    def starts(self) -> np.ndarray:
        """(N,) where each sequence begins."""
        return self.ends - self.lengths

    @property
    def shows(self) -> np.ndarray:
        """(N,) the show of each sequence."""
        return np.array([name.partition("/")[0] for name in self.names.tolist()])

    @property
    def clips(self) -> np.ndarray:
        """(N,) show/clip of each sequence."""
        return np.array([name.rpartition("/")[0] for name in self.names.tolist()])

    @property
    def inside(self) -> np.ndarray:
        """(R,) whether the target is in the frame."""
        return ~np.isnan(self.gaze[:, 0])

    def rows(self, index: int) -> np.ndarray:
        """The rows of one sequence."""
        return rows_of(self.ends, index)

    def keys(self, index: int) -> list[str]:
        """A name for each row of a sequence, show/clip/file/picture.

        Each row has its own: one that is counted elsewhere ends in "#" and its place in the window.
        """
        rows, name = self.rows(index), self.names[index]
        again = ["" if counted else f"#{i}" for i, counted in enumerate(self.counted[rows])]
        return [
            f"{name}/{picture}{suffix}"
            for picture, suffix in zip(self.pictures[rows], again, strict=True)
        ]

    def select(self, chosen: np.ndarray) -> Sequences:
        """Some of the sequences, by a mask (N,)."""
        rows = np.flatnonzero(np.repeat(chosen, self.lengths))
        return self._take(rows, self.names[chosen], self.lengths[chosen], self.counted[rows])

    def cut(self, size: int) -> Sequences:
        """Every sequence cut into windows of `size` frames; see `sightline.windows`."""
        parts = [windows(length, size) for length in self.lengths.tolist()]
        frames, counted = (np.concatenate(part) for part in zip(*parts, strict=True))
        numbers = [len(part) for part, _ in parts]
        rows = (np.repeat(self.starts, numbers)[:, None] + frames).ravel()
        names = np.repeat(self.names, numbers)
        return self._take(rows, names, np.full(len(names), size), counted.ravel())

    def _take(
        self, rows: np.ndarray, names: np.ndarray, lengths: np.ndarray, counted: np.ndarray
    ) -> Sequences:
        columns = (self.pictures[rows], self.heads[rows], self.gaze[rows])
        return Sequences(names, lengths.cumsum(), *columns, counted, self.lines[rows], self.broken)
