from pathlib import Path

import pytest

from sightline.coding.boris import TABULAR, write_boris, write_boris_lines
from sightline.coding.events import Event
from sightline.coding.files import read_events

EVENTS = [
    Event("Ann", "looks at", "red toy", 0.0, 1.52),
    Event("Ann", "looks outside", "", 1.52, 2.0),
    Event("Ann", "looks at", "red toy", 2.0, 3.5),
    Event("Ann + Ben", "mutual gaze", "", 1.0, 2.25),
]

KINDS = [("START", 1), ("STOP", 2)]


def export(folder: Path, *lines: str, name: str = "export.tsv") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def by_start(events: list[Event]) -> list[Event]:
    return sorted(events, key=lambda event: (event.start, event.person))


def test_events_come_back_from_the_tabular_form(tmp_path: Path):
    write_boris(EVENTS, tmp_path / "ann.tsv", media="film.mp4")
    assert by_start(read_events(tmp_path / "ann.tsv")) == by_start(EVENTS)


def test_the_tabular_form_has_the_columns_and_words_of_boris(tmp_path: Path):
    write_boris(EVENTS[:1], tmp_path / "ann.tsv", media="film.mp4")
    header, *rows = [line.split("\t") for line in (tmp_path / "ann.tsv").read_text().splitlines()]
    assert header == list(TABULAR)
    start, stop = (dict(zip(header, row, strict=True)) for row in rows)
    assert (start["Behavior type"], start["Time"]) == ("START", "0.000")
    assert (stop["Behavior type"], stop["Time"]) == ("STOP", "1.520")
    assert (start["Subject"], start["Behavior"]) == ("Ann", "looks at")
    assert (start["Modifier #1"], start["Source"]) == ("red toy", "player #1:film.mp4")


def test_lines_to_paste_have_six_columns_and_no_last_line_break(tmp_path: Path):
    write_boris_lines(EVENTS, tmp_path / "paste.txt")
    lines = (tmp_path / "paste.txt").read_text().split("\n")
    assert len(lines) == 2 * len(EVENTS)
    assert lines[0] == "0.000\tAnn\tlooks at\tred toy\t\tNA"
    assert {line.count("\t") for line in lines} == {5}
    assert [float(line.split("\t")[0]) for line in lines] == sorted(
        t for event in EVENTS for t in (event.start, event.end)
    )


def test_pasted_lines_take_turns_as_start_and_stop(tmp_path: Path):
    write_boris_lines(EVENTS, tmp_path / "paste.txt")
    found, open_since = [], {}
    for line in (tmp_path / "paste.txt").read_text().split("\n"):  # as BORIS pairs state events
        time, *key = line.split("\t")
        if tuple(key) in open_since:
            found.append(Event(*key[:3], open_since.pop(tuple(key)), float(time)))
        else:
            open_since[tuple(key)] = float(time)
    assert by_start(found) == by_start(EVENTS)
    assert not open_since


def test_tabs_in_a_name_do_not_shift_columns(tmp_path: Path):
    write_boris([Event("Ann\tLee", "looks at", "a\nb", 0, 1)], tmp_path / "ann.tsv")
    assert read_events(tmp_path / "ann.tsv") == [Event("Ann Lee", "looks at", "a b", 0, 1)]


def test_aggregated_events_are_read_also_as_csv(tmp_path: Path):
    header = "Observation id,Subject,Behavior,Modifier #1,Behavior type,Start (s),Stop (s)"
    rows = ["o,Ann,looks at,toy,STATE,1.5,3.25", "o,Ann,sneezes,,POINT,2,2"]
    path = export(tmp_path, header, *rows, name="aggregated.csv")
    assert read_events(path) == [Event("Ann", "looks at", "toy", 1.5, 3.25)]


def test_the_form_of_version_7_is_read_with_what_comes_before_its_header(tmp_path: Path):
    path = export(
        tmp_path,
        "Observation id\tobservation #1\t\t\t",
        "Player #1\tfilm.mp4\t\t\t",
        "Time\tSubject\tBehavior\tModifiers\tStatus",
        "3.300\tAnn\tlooks at\ttoy\tSTART",
        "7.750\tAnn\tlooks at\ttoy\tSTOP",
    )
    assert read_events(path) == [Event("Ann", "looks at", "toy", 3.3, 7.75)]


def test_the_modifier_none_is_no_target(tmp_path: Path):
    header = "Subject\tBehavior\tModifier #1\tBehavior type\tTime"
    rows = [f"A + B\tjoint attention\tNone\t{kind}\t{time}" for kind, time in KINDS]
    found = read_events(export(tmp_path, header, *rows))
    assert found == [Event("A + B", "joint attention", "", 1, 2)]


def test_a_target_may_be_part_of_the_behaviours_name(tmp_path: Path):
    header = "Subject\tBehavior\tBehavior type\tTime"
    rows = [f"Ann\tlooks at toy\t{kind}\t{time}" for kind, time in KINDS]
    assert read_events(export(tmp_path, header, *rows)) == [Event("Ann", "looks at", "toy", 1, 2)]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["o\tAnn\tlooks at\tSTART\t1"], "Ann, looks at starts at 1 s and never stops"),
        (["o\tAnn\tlooks at\tSTOP\t1"], "stops without a start"),
        (["o\tAnn\tlooks at\tSTART\t1", "o\tAnn\tlooks at\tSTART\t2"], "starts twice"),
        (["o\tAnn\tlooks at\tSTART\t3", "o\tAnn\tlooks at\tSTOP\t2"], "no stretch of time"),
        (["o\tAnn\tlooks at\tSTART\tNA", "o\tAnn\tlooks at\tSTOP\t2"], "are no times"),
        (["o\tAnn\tlooks at\tBEGIN\t1"], "its type is 'BEGIN'"),
        (["o\tAnn\tsneezes\tPOINT\t1", "p\tAnn\tsneezes\tPOINT\t1"], "2 observations"),
    ],
)
def test_a_wrong_export_is_refused_with_the_place(tmp_path: Path, rows: list, message: str):
    path = export(tmp_path, "Observation id\tSubject\tBehavior\tBehavior type\tTime", *rows)
    with pytest.raises(ValueError, match=rf"export\.tsv: .*{message}"):
        read_events(path)
