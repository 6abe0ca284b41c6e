"""Looks a copy of VideoAttentionTarget over: what is there, what is missing, what is broken."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sightline.datasets.pictures import check_pictures
from sightline.datasets.report import Report
from sightline.datasets.sequences import Sequences
from sightline.datasets.splits import held_out_shows
from sightline.datasets.videoattentiontarget_tracks import (
    find_pickle,
    read_pickled_windows,
    read_tracks,
)
from sightline.datasets.window_pickles import SIZE

PUBLISHED = (1_331, 164_541, 109_574, 298, 31_978)


def check_videoattentiontarget(root: Path) -> Report:
    """Count shows, clips, tracks, frames and windows; find what a reader would trip over."""
    report = Report("videoattentiontarget")
    train, test = read_tracks(root, "train"), read_tracks(root, "test")
    for part, tracks in (("train", train), ("test", test)):
        _count_rows(report, tracks, part)
        _check_heads(report, tracks, root, part)
        _check_windows(report, tracks, root, part)
    kept = np.unique(train.shows[held_out_shows(train.shows)]).tolist()
    report.notes.append(f"For validation are kept: {', '.join(kept)}.")
    inside = train.inside.sum() + test.inside.sum()
    frames = len(train.lines), len(test.lines)
    if (len(train) + len(test), sum(frames), inside, len(test), frames[1]) != PUBLISHED:
        report.notes.append(
            "The published set has 1,331 tracks with 164,541 person-frames, 109,574 of them inside "
            f"(test: 298 with 31,978), not {len(train) + len(test):,} with {sum(frames):,}, "
            f"{inside:,} (test: {len(test):,} with {frames[1]:,})."
        )
    return report


def _count_rows(report: Report, tracks: Sequences, part: str) -> None:
    report.count(f"{part} shows", len(np.unique(tracks.shows)))
    report.count(f"{part} clips", len(np.unique(tracks.clips)))
    report.count(f"{part} tracks", len(tracks))
    report.count(f"{part} person-frames", len(tracks.lines))
    report.count(f"{part} person-frames inside", tracks.inside.sum())
    report.count(f"{part} lines left out: unreadable", len(tracks.broken))
    report.problems += tracks.broken


def _check_heads(report: Report, tracks: Sequences, root: Path, part: str) -> None:
    track = np.repeat(np.arange(len(tracks)), tracks.lengths)
    files, clips = tracks.names[track].tolist(), tracks.clips[track].tolist()
    lines = zip(files, tracks.lines.tolist(), strict=True)
    places = [f"annotations/{part}/{file}:{line}" for file, line in lines]
    named = zip(clips, tracks.pictures.tolist(), strict=True)
    pictures = [f"{clip}/{picture}" for clip, picture in named]
    check_pictures(
        report,
        part,
        root=root,
        folder="images",
        pictures=pictures,
        heads=tracks.heads,
        places=places,
    )
    flat = (tracks.heads[:, :2] >= tracks.heads[:, 2:]).any(axis=1)
    report.problems += [
        f"{places[i]}: the head box is reversed or empty" for i in np.flatnonzero(flat)
    ]


def _check_windows(report: Report, tracks: Sequences, root: Path, part: str) -> None:
    """Say where the windows come from and whether they cover every person-frame once."""
    try:
        file = find_pickle(root, part)
        windows = read_pickled_windows(file) if file else tracks.cut(SIZE)
    except ValueError as error:
        report.problems.append(str(error))
        return
    source = f"read from {file.name}" if file else f"cut from the tracks, {SIZE} frames each"
    report.notes.append(f"The {part} windows are {source}.")
    report.count(f"{part} windows", len(windows))
    if windows.counted.sum() != len(tracks.lines):
        report.notes.append(
            f"The {part} windows count {windows.counted.sum():,} person-frames; the tracks have "
            f"{len(tracks.lines):,}."
        )
