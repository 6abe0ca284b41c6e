"""Windows of each person's consecutive frames, for models that see several together."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from sightline.films.seen import Seen


@dataclass
class Window:
    """Consecutive frames of one person, whose row in each is given; the last `new` are unknown."""

    frames: list[Seen]
    rows: list[int]
    new: range


class Runs:
    """Cuts each person's consecutive frames into windows of `size` as they come.

    Where a run ends (the person is not in the next frame, or the film or a part of it ends) its
    last window is the last `size` frames, of which some are known already; a run shorter than that
    repeats its last frame. It is the rule of `sightline.windows` for training.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.runs: dict[int, deque[tuple[Seen, int]]] = {}
        self.unknown: dict[int, int] = {}

    def add(self, seen: Seen) -> list[Window]:
        """The windows that are complete with the next frame."""
        tracks = [] if seen.heads.tracks is None else seen.heads.tracks.tolist()
        done = [self._close(track) for track in self.runs.keys() - set(tracks)]
        for row, track in enumerate(tracks):
            run = self.runs.setdefault(track, deque(maxlen=self.size))
            run.append((seen, row))
            self.unknown[track] = self.unknown.get(track, 0) + 1
            if self.unknown[track] == self.size:
                done.append(self._window(track))
        return [window for window in done if window is not None]

    def end(self) -> list[Window]:
        """The windows that are open when the film ends."""
        done = [self._close(track) for track in list(self.runs)]
        return [window for window in done if window is not None]

    def _close(self, track: int) -> Window | None:
        window = self._window(track) if self.unknown[track] else None
        del self.runs[track], self.unknown[track]
        return window

    def _window(self, track: int) -> Window:
        run, unknown = list(self.runs[track]), self.unknown[track]
        new = range(len(run) - unknown, len(run))
        run += [run[-1]] * (self.size - len(run))
        self.unknown[track] = 0
        frames, rows = zip(*run, strict=True)
        return Window(list(frames), list(rows), new)
