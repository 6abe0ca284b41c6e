"""Windows: their worked cases, and what holds for every length."""

import numpy as np
import pytest

from sightline.windows import windows


@pytest.mark.parametrize("length", range(1, 24))
@pytest.mark.parametrize("size", [1, 3, 5])
def test_every_frame_is_counted_exactly_once_and_in_order(length: int, size: int) -> None:
    frames, counted = windows(length, size)
    assert frames[counted].tolist() == list(range(length))
    assert len(frames) == -(-length // size), "no window without a new frame"


@pytest.mark.parametrize("length", range(5, 24))
def test_a_window_holds_consecutive_frames(length: int) -> None:
    assert (np.diff(windows(length)[0], axis=1) == 1).all()


def test_a_last_window_that_is_not_full_begins_earlier() -> None:
    frames, counted = windows(7)
    assert frames.tolist() == [[0, 1, 2, 3, 4], [2, 3, 4, 5, 6]]
    assert counted[1].tolist() == [False, False, False, True, True]


def test_a_short_run_repeats_its_last_frame() -> None:
    frames, counted = windows(2)
    assert frames.tolist() == [[0, 1, 1, 1, 1]]
    assert counted.tolist() == [[True, True, False, False, False]]


def test_no_frames_make_no_window() -> None:
    assert [part.shape for part in windows(0)] == [(0, 5), (0, 5)]
