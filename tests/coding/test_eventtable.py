import re
from dataclasses import asdict
from pathlib import Path

import pytest

from sightline.coding.elan import write_elan
from sightline.coding.events import Event
from sightline.coding.eventtable import COLUMNS, NAMES, write_events
from sightline.coding.files import read_events
from sightline.coding.thresholds import Coding

DOC = Path(__file__).parents[2] / "docs" / "coding.md"
EVENTS = [
    Event("Ann, the 1st", "looks at", 'a "toy"', 0.04, 1.5),
    Event("Ann + Ben", "mutual gaze", "", 1.0, 7200.04),
]


def test_events_come_back_from_the_table(tmp_path: Path):
    write_events(EVENTS, tmp_path / "events.csv")
    text = (tmp_path / "events.csv").read_text("utf-8")
    assert text.splitlines()[0] == ",".join(NAMES)
    assert read_events(tmp_path / "events.csv") == EVENTS


def test_the_duration_is_there_for_people_and_may_be_wrong(tmp_path: Path):
    path = tmp_path / "events.csv"
    write_events(EVENTS, path)
    assert path.read_text("utf-8").splitlines()[1].endswith(",0.040,1.500,1.460")
    path.write_text(path.read_text("utf-8").replace("1.460", "?") + "\n\n", "utf-8")
    assert read_events(path) == EVENTS


def test_a_table_that_a_european_spreadsheet_saved_is_read(tmp_path: Path):
    header, row = "person;behaviour;target;start;end", "Ann, the 1st;looks at;toy;0,04;1,5"
    (tmp_path / "events.csv").write_text(f"{header}\n{row}\n", "utf-8-sig")
    assert read_events(tmp_path / "events.csv") == [
        Event("Ann, the 1st", "looks at", "toy", 0.04, 1.5)
    ]


def test_an_eaf_file_is_told_by_its_name(tmp_path: Path):
    write_elan(EVENTS, tmp_path / "events.EAF")
    assert [e.label for e in read_events(tmp_path / "events.EAF")] == [e.label for e in EVENTS]


def test_the_page_documents_exactly_the_columns():
    types = {str: "text", float: "number"}
    lines = re.findall(r"^\| `(\w+)` \|(.*?)\|(.*?)\|(.*?)\|$", DOC.read_text("utf-8"), re.M)
    documented = [tuple(cell.strip() for cell in line) for line in lines]
    assert documented == [(c.name, types[c.type], c.unit, c.description) for c in COLUMNS]


def test_the_page_names_every_threshold_with_its_value():
    rows = re.findall(r"^\| `--([\w-]+)` \| ([\d.]+) ", DOC.read_text("utf-8"), re.M)
    documented = {name.replace("-", "_"): float(value) for name, value in rows}
    assert documented == asdict(Coding())


HEADER = "person,behaviour,target,start,end\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "nothing in it"),
        ("person,start,end\nAnn,0,1\n", "behaviour, target are missing"),
        (HEADER + "Ann,looks at,toy,0\n", "line 2 has 4 cells"),
        (HEADER + "Ann,looks at,toy,0,1\nAnn,looks at,toy,2,1\n", "line 3: 2 to 1 is no stretch"),
        (HEADER + "Ann,looks at,toy,0,soon\n", "line 2: '0' to 'soon'"),
        (HEADER + "Ann,looks at,toy,0,inf\n", "no stretch of time"),
        (HEADER + "Ann,looks at,toy,-1,1\n", "no stretch of time"),
    ],
)
def test_a_wrong_table_is_refused_with_the_place(tmp_path: Path, text: str, message: str):
    (tmp_path / "events.csv").write_text(text, "utf-8")
    with pytest.raises(ValueError, match=rf"events\.csv: .*{message}"):
        read_events(tmp_path / "events.csv")


def test_what_is_no_text_or_not_there_is_refused(tmp_path: Path):
    (tmp_path / "events.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=r"events\.csv"):
        read_events(tmp_path / "events.csv")
    with pytest.raises(FileNotFoundError, match=r"gone\.csv"):
        read_events(tmp_path / "gone.csv")
