"""Dwell time: the looks of a film added up."""

from pathlib import Path

from sightline.coding.dwell import Dwell, dwell_times, write_dwell_times
from sightline.coding.events import Event

EVENTS = [
    Event("Ann", "looks at", "cup", 0.0, 1.5),
    Event("Ann", "looks elsewhere", "", 1.5, 9.0),
    Event("Ann", "looks at", "door", 9.0, 12.0),
    Event("Ann", "looks at", "cup", 12.0, 12.25),
    Event("Ben", "looks at", "cup", 3.0, 4.0),
    Event("Ann + Ben", "joint attention", "cup", 0.5, 1.0),
]


def test_looks_at_one_target_are_added_up_and_other_behaviour_is_not() -> None:
    assert dwell_times(EVENTS) == [
        Dwell("Ann", "door", 1, 3.0),
        Dwell("Ann", "cup", 2, 1.75),
        Dwell("Ben", "cup", 1, 1.0),
    ]


def test_nobody_looks_at_anything() -> None:
    assert dwell_times([Event("Ann", "looks outside", "", 0.0, 1.0)]) == []


def test_dwell_times_are_written_as_a_table(tmp_path: Path) -> None:
    write_dwell_times(EVENTS, tmp_path / "dwell.csv")
    header, first, *_ = (tmp_path / "dwell.csv").read_text("utf-8").splitlines()
    assert (header, first) == ("person,target,looks,seconds", "Ann,door,1,3.000")
