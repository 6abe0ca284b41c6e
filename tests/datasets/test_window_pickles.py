"""Window pickles: what several pandas write is read, and nothing that a pickle asks for is run."""

import os
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sightline.datasets import window_pickles
from sightline.datasets.window_pickles import read_window_pickle

PICTURES = [f"{i:08d}.jpg" for i in range(8)]
ROWS = [
    [name, i, 2.5, i + 30, 40, *((-1, -1) if i == 3 else (2 * i, 7))]
    for i, name in enumerate(PICTURES)
]
FLAGS = [[1, 1, 1, 1, 1], [0, 0, 1, 1, 1]]


def write(folder: Path, content: object, protocol: int = 4) -> Path:
    file = folder / "windows.pkl"
    file.write_bytes(pickle.dumps(content, protocol=protocol))
    return file


def expect_both_windows(file: Path) -> None:
    windows = read_window_pickle(file)
    assert windows.folders.tolist() == ["A show/1_2"] * 2
    assert windows.counted.tolist() == [[flag == 1 for flag in flags] for flags in FLAGS]
    assert windows.pictures.tolist() == [PICTURES[:5], PICTURES[3:]]
    assert windows.values[0].tolist() == [row[1:] for row in ROWS[:5]]
    assert windows.values[1].tolist() == [row[1:] for row in ROWS[3:]]


@pytest.mark.parametrize(
    "file", sorted((Path(__file__).parent / "window_pickles").glob("*.pkl")), ids=lambda f: f.stem
)
def test_what_earlier_pandas_wrote_is_read(file: Path) -> None:
    expect_both_windows(file)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("kind", ["mixed", "slices", "objects", "array", "text", "lists"])
def test_tables_of_any_kind_are_read(tmp_path: Path, kind: str, protocol: int) -> None:
    frame = pd.DataFrame(ROWS)
    objects = pd.DataFrame(np.array(ROWS, dtype=object))
    make = {
        "mixed": lambda a, b: pd.DataFrame(ROWS[a:b]),
        "slices": lambda a, b: frame.iloc[a:b],
        "objects": lambda a, b: objects.iloc[a:b].reset_index(drop=True),
        "array": lambda a, b: np.array(ROWS[a:b], dtype=object),
        "text": lambda a, b: np.array(ROWS[a:b], dtype=str),
        "lists": lambda a, b: ROWS[a:b],
    }[kind]
    entries = [("A show", "1_2", FLAGS[0], make(0, 5)), ["A show", "1_2", FLAGS[1], make(3, 8)]]
    expect_both_windows(write(tmp_path, entries, protocol))


def test_flags_may_be_an_array_or_numbers_of_numpy(tmp_path: Path) -> None:
    flags = np.array(FLAGS[0]), [np.int64(flag) for flag in FLAGS[1]]
    tables = ROWS[:5], ROWS[3:]
    entries = [("A show", "1_2", *both) for both in zip(flags, tables, strict=True)]
    expect_both_windows(write(tmp_path, entries))


class Calls:
    """Pickles as a call of a function, and perhaps a state for what that returns."""

    def __init__(self, function: object, *arguments: object, state: object = None) -> None:
        self.call = function, arguments, state

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (os.system, ("touch ran",)),
        (exec, ("open('ran', 'w')",)),
        (getattr, ("", "join")),
        (np.save, ("ran", 1)),
        (np.ndarray.tofile, (np.ones(1), "ran")),
        (pd.read_pickle, ("ran",)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_call_that_no_table_needs_is_refused_and_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function, arguments: tuple
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"it names \S+, which no table of numbers needs"):
        read_window_pickle(write(tmp_path, [Calls(function, *arguments)]))
    assert not list(tmp_path.glob("ran*"))


def test_every_name_that_is_known_stands_for_a_class_of_ours() -> None:
    assert {known.__module__ for known in window_pickles._KNOWN.values()} == {
        "sightline.datasets.pickle_notes",
        "sightline.datasets.window_pickles",
    }


def test_the_classes_of_ours_cannot_be_changed_from_a_pickle(tmp_path: Path) -> None:
    file = tmp_path / "windows.pkl"
    file.write_bytes(b"cnumpy\ndtype\n}S'value'\nS'ran'\nsb.")  # BUILD, on a class
    with pytest.raises(ValueError, match="is no pickle of windows"):
        read_window_pickle(file)


def test_a_forged_array_reaches_no_memory(tmp_path: Path) -> None:
    state = (1, (1,), np.dtype(object), False, b"\x01" * 8)  # an address where an object should be
    forged = Calls(np.array(0).__reduce__()[0], np.ndarray, (0,), b"b", state=state)
    with pytest.raises(ValueError, match="entry 0 is no window"):
        read_window_pickle(write(tmp_path, [("A show", "1_2", FLAGS[0], [forged] * 5)]))


def test_a_type_that_numpy_could_misread_is_refused(tmp_path: Path) -> None:
    records = np.zeros(5, dtype=[("a", object), ("b", int)])
    with pytest.raises(ValueError, match="entry 0 is no window: an array of type"):
        read_window_pickle(write(tmp_path, [("A show", "1_2", FLAGS[0], records)]))


def test_a_number_does_not_become_that_many_bytes(tmp_path: Path) -> None:
    many = Calls(bytearray, 10**15)
    with pytest.raises(ValueError, match="entry 0 is no window"):
        read_window_pickle(write(tmp_path, [("A show", "1_2", FLAGS[0], many)]))


def changed(row: int, column: int, value: object) -> list[list]:
    rows = [list(row) for row in ROWS[:5]]
    rows[row][column] = value
    return rows


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (("A show", "1_2", FLAGS[0]), r"it is not \(show, clip, flags, table\)"),
        (("A show", 12, FLAGS[0], ROWS[:5]), "show and clip are 'A show' and 12, not text"),
        (("A show", "1_2", [1, 1, 1, 1], ROWS[:5]), r"its flags are \[1, 1, 1, 1\], not five"),
        (("A show", "1_2", [1, 1, 1, 1, 2], ROWS[:5]), "not five times 0 or 1"),
        (("A show", "1_2", FLAGS[0], ROWS[:6]), "its table has not 5 rows and 7 columns"),
        (("A show", "1_2", FLAGS[0], pd.DataFrame(ROWS)), "its table has not 5 rows"),
        (("A show", "1_2", FLAGS[0], pd.DataFrame(ROWS[:5]).iloc[:, :6]), "and 7 columns"),
        (("A show", "1_2", FLAGS[0], pd.DataFrame(ROWS[:5]).assign(n=1)), "and 7 columns"),
        (("A show", "1_2", FLAGS[0], changed(2, 0, 7)), "first column of its table is not text"),
        (("A show", "1_2", FLAGS[0], changed(2, 3, "left")), "could not convert"),
        (("A show", "1_2", FLAGS[0], changed(2, 3, np.inf)), "a number in its table is not finite"),
    ],
)
def test_an_entry_of_another_form_is_named(tmp_path: Path, entry: object, why: str) -> None:
    good = ("A show", "1_2", FLAGS[0], ROWS[:5])
    with pytest.raises(ValueError, match=rf"windows\.pkl: entry 1 is no window: .*{why}"):
        read_window_pickle(write(tmp_path, [good, entry]))


@pytest.mark.parametrize("content", [{}, [], "text"])
def test_something_else_than_a_list_is_refused(tmp_path: Path, content: object) -> None:
    with pytest.raises(ValueError, match="holds no list of windows; give the released sequences"):
        read_window_pickle(write(tmp_path, content))


@pytest.mark.parametrize("data", [b"", b"no pickle", b"\x80\x04]"], ids=["empty", "text", "cut"])
def test_a_file_that_is_no_pickle_is_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "windows.pkl"
    file.write_bytes(data)
    with pytest.raises(ValueError, match="is no pickle of windows"):
        read_window_pickle(file)
