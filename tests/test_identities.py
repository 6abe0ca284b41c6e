import json
from pathlib import Path

import pytest

from sightline.identities import read_identities


def corrections(folder: Path, *entries: object) -> Path:
    file = folder / "corrections.json"
    file.write_text(json.dumps(entries), encoding="utf-8")
    return file


def test_names_and_corrections_are_applied_in_order(tmp_path: Path):
    file = corrections(
        tmp_path,
        {"do": "merge", "track": 5, "into": 3},
        {"do": "split", "track": 3, "at": 12.5, "into": 9},
        {"do": "drop", "track": 4, "from": 1, "to": 2},
        {"do": "drop", "track": 6},
        {"do": "rename", "track": 9, "name": "child"},
    )
    who = read_identities(["3=mother"], file)
    assert [who.track(5, 12.4), who.track(5, 12.5), who.track(3, 20)] == [3, 9, 9]
    assert [who.track(4, t) for t in (0.9, 1, 1.9, 2)] == [4, None, None, 4]
    assert who.track(6, 0) is None
    assert who.track(7, 0) == 7
    assert who.names == {9: "child", 3: "mother"}
    assert json.loads(json.dumps(who.to_dict())) == who.to_dict()


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ({"do": "join", "track": 1}, 'correction 0: "do" must be one of merge, split'),
        ({"do": "merge", "track": 1}, "into is missing"),
        ({"do": "drop", "track": -1}, "track is -1, not the number of a track"),
        ({"do": "drop", "track": True}, "track is True"),
        ({"do": "split", "track": 1, "at": "noon", "into": 2}, "at is 'noon', not seconds"),
        ({"do": "rename", "track": 1, "name": " "}, "name is ' ', not a name"),
        ({"do": "drop", "track": 1, "until": 3}, "until is not known here"),
        (["drop", 1], '"do" must be one of'),
    ],
)
def test_a_wrong_correction_is_named(tmp_path: Path, entry: object, complaint: str):
    with pytest.raises(ValueError, match=r"corrections\.json") as error:
        read_identities((), corrections(tmp_path, entry))
    assert complaint in str(error.value)


@pytest.mark.parametrize("name", ["mother", "=mother", "3=", "x=y"])
def test_a_name_needs_a_track(name: str):
    with pytest.raises(ValueError, match="TRACK=NAME"):
        read_identities([name])


def test_a_file_that_is_no_list_or_not_there_is_refused(tmp_path: Path):
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "b.json").write_text("[{]")
    with pytest.raises(ValueError, match="a JSON list"):
        read_identities((), tmp_path / "a.json")
    with pytest.raises(ValueError, match="no valid JSON"):
        read_identities((), tmp_path / "b.json")
    with pytest.raises(FileNotFoundError, match="no such file of corrections"):
        read_identities((), tmp_path / "c.json")
