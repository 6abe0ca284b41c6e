"""EAF files against pympi, and against the structure of EAFv3.0.xsd written down here."""

from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pympi
import pytest

from sightline.coding.elan import read_elan, write_elan
from sightline.coding.events import Event

EVENTS = [
    Event("Ann", "looks at", "red <toy> & co", 0.0, 1.52),
    Event("Ann", "looks outside", "", 1.52, 2.0),
    Event("Bén", "looks elsewhere", "", 0.4, 0.6),
    Event("Ann + Bén", "mutual gaze", "", 1.0, 2.2504),
]
ROUNDED = [*EVENTS[:3], Event("Ann + Bén", "mutual gaze", "", 1.0, 2.25)]

SCHEMA = {  # element: (children in order, required attributes, further attributes)
    "ANNOTATION_DOCUMENT": (
        "LICENSE HEADER TIME_ORDER TIER LINGUISTIC_TYPE LOCALE LANGUAGE CONSTRAINT "
        "CONTROLLED_VOCABULARY LEXICON_REF REF_LINK_SET EXTERNAL_REF",
        "DATE AUTHOR VERSION",
        "FORMAT {http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation",
    ),
    "HEADER": ("MEDIA_DESCRIPTOR LINKED_FILE_DESCRIPTOR PROPERTY", "", "MEDIA_FILE TIME_UNITS"),
    "MEDIA_DESCRIPTOR": ("", "MEDIA_URL MIME_TYPE", "RELATIVE_MEDIA_URL TIME_ORIGIN"),
    "PROPERTY": ("", "", "NAME"),
    "TIME_ORDER": ("TIME_SLOT", "", ""),
    "TIME_SLOT": ("", "TIME_SLOT_ID", "TIME_VALUE"),
    "TIER": ("ANNOTATION", "TIER_ID LINGUISTIC_TYPE_REF", "PARTICIPANT ANNOTATOR PARENT_REF"),
    "ANNOTATION": ("ALIGNABLE_ANNOTATION", "", ""),
    "ALIGNABLE_ANNOTATION": (
        "ANNOTATION_VALUE",
        "ANNOTATION_ID TIME_SLOT_REF1 TIME_SLOT_REF2",
        "",
    ),
    "ANNOTATION_VALUE": ("", "", ""),
    "LINGUISTIC_TYPE": ("", "LINGUISTIC_TYPE_ID", "TIME_ALIGNABLE CONSTRAINTS GRAPHIC_REFERENCES"),
    "CONSTRAINT": ("", "STEREOTYPE", "DESCRIPTION"),
}


def check_structure(element: Element) -> None:
    """Assert order of children and attributes as the schema has them, all the way down."""
    children, required, further = (part.split() for part in SCHEMA[element.tag])
    order = [children.index(child.tag) for child in element]
    assert order == sorted(order), element.tag
    assert set(required) <= set(element.attrib) <= {*required, *further}, element.tag
    for child in element:
        check_structure(child)


@pytest.fixture
def eaf(tmp_path: Path) -> Path:
    (tmp_path / "films").mkdir()
    write_elan(EVENTS, tmp_path / "gaze.eaf", media=tmp_path / "films" / "my film.mp4")
    return tmp_path / "gaze.eaf"


def test_events_come_back_to_the_millisecond(eaf: Path):
    assert read_elan(eaf) == [*ROUNDED]


def test_the_structure_is_that_of_the_schema(eaf: Path):
    root = ElementTree.parse(eaf).getroot()
    check_structure(root)
    assert root.attrib["VERSION"] == root.attrib["FORMAT"] == "3.0"
    assert datetime.fromisoformat(root.attrib["DATE"]).tzinfo is not None
    for tag in ("HEADER", "TIME_ORDER"):
        assert len(root.findall(tag)) == 1


def test_identifiers_are_unique_and_references_lead_somewhere(eaf: Path):
    root = ElementTree.parse(eaf).getroot()
    slots = {slot.get("TIME_SLOT_ID"): slot.get("TIME_VALUE") for slot in root.iter("TIME_SLOT")}
    annotations = list(root.iter("ALIGNABLE_ANNOTATION"))
    names = [*slots, *(a.get("ANNOTATION_ID") for a in annotations)]
    names += [c.get("STEREOTYPE") for c in root.iter("CONSTRAINT")]  # all are xsd:ID
    assert len(set(names)) == len(names) == 3 * len(EVENTS) + 4
    used = [a.get(f"TIME_SLOT_REF{n}") for a in annotations for n in (1, 2)]
    assert sorted(used, key=str) == sorted(slots, key=str)  # each by one annotation
    values = [int(value or -1) for value in slots.values()]
    assert values == sorted(values)
    assert values[0] >= 0
    types = {kind.get("LINGUISTIC_TYPE_ID") for kind in root.iter("LINGUISTIC_TYPE")}
    assert {tier.get("LINGUISTIC_TYPE_REF") for tier in root.iter("TIER")} == types


def test_pympi_reads_tiers_times_and_media(eaf: Path):
    read = pympi.Elan.Eaf(str(eaf))
    assert list(read.get_tier_names()) == ["Ann", "Bén", "Ann + Bén"]
    for person in ("Ann", "Bén", "Ann + Bén"):
        expected = [
            (round(e.start * 1000), round(e.end * 1000), e.label)
            for e in EVENTS
            if e.person == person
        ]
        assert sorted(read.get_annotation_data_for_tier(person)) == expected
    (media,) = read.get_linked_files()
    folder = eaf.parent.as_posix().lstrip("/")
    assert media["MEDIA_URL"] == f"file:///{folder}/films/my film.mp4"
    assert media["RELATIVE_MEDIA_URL"] == "./films/my film.mp4"
    assert media["MIME_TYPE"] == "video/mp4"


def test_what_pympi_writes_is_read_without_dependent_tiers_and_empty_annotations(tmp_path: Path):
    written = pympi.Elan.Eaf(author="observer")
    written.add_linguistic_type("note", constraints="Symbolic_Association", timealignable=False)
    written.add_tier("Ann")
    written.add_tier("notes", ling="note", parent="Ann")
    written.add_annotation("Ann", 100, 900, "looks at  toy ")
    written.add_annotation("Ann", 900, 1000, "smiles")
    written.add_annotation("Ann", 1000, 1100, "")
    written.add_ref_annotation("notes", "Ann", 500, "unsure")
    written.to_file(str(tmp_path / "observer.eaf"))
    assert read_elan(tmp_path / "observer.eaf") == [
        Event("Ann", "looks at", "toy", 0.1, 0.9),
        Event("Ann", "smiles", "", 0.9, 1.0),
    ]


def test_a_film_beside_or_above_the_file_is_linked_relatively(tmp_path: Path):
    (tmp_path / "out").mkdir()
    write_elan(EVENTS, tmp_path / "out" / "gaze.eaf", media=tmp_path / "film.nosuchkind")
    (media,) = pympi.Elan.Eaf(str(tmp_path / "out" / "gaze.eaf")).get_linked_files()
    assert (media["RELATIVE_MEDIA_URL"], media["MIME_TYPE"]) == ("../film.nosuchkind", "unknown")


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.MOV", "video/quicktime"), ("a.mpg", "video/mpeg"), ("a.mts", "unknown")],
)
def test_the_type_of_the_film_is_one_that_elan_knows(tmp_path: Path, name: str, kind: str):
    write_elan(EVENTS, tmp_path / "gaze.eaf", media=tmp_path / name)
    (media,) = pympi.Elan.Eaf(str(tmp_path / "gaze.eaf")).get_linked_files()
    assert media["MIME_TYPE"] == kind


def test_no_events_make_a_file_without_tiers(tmp_path: Path):
    write_elan([], tmp_path / "gaze.eaf")
    check_structure(ElementTree.parse(tmp_path / "gaze.eaf").getroot())
    assert read_elan(tmp_path / "gaze.eaf") == []


def test_overlapping_annotations_are_refused(tmp_path: Path):
    events = [Event("Ann", "looks at", "toy", 0, 1), Event("Ann", "smiles", "", 0.5, 2)]
    with pytest.raises(ValueError, match=r"'looks at toy' and 'smiles' overlap at 0\.500 s"):
        write_elan(events, tmp_path / "gaze.eaf")
    assert not (tmp_path / "gaze.eaf").exists()


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BODY = "<ANNOTATION_DOCUMENT>{}</ANNOTATION_DOCUMENT>"
HOSTILE = {
    "laughs": f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>{BODY.format("&l9;")}',
    "outside": f'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]>{BODY.format("&f;")}',
    "empty": "",
    "cut": "<ANNOTATION_DOCUMENT><TIER",
    "other": "<html/>",
    "html": "<!DOCTYPE html><html></html>",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_hostile_and_broken_files_are_refused(tmp_path: Path, text: str, encoding: str):
    (tmp_path / "bad.eaf").write_bytes(text.encode(encoding))
    with pytest.raises(ValueError, match=r"bad\.eaf: this is no EAF file"):
        read_elan(tmp_path / "bad.eaf")


@pytest.mark.parametrize(
    ("slots", "message"),
    [
        ('<TIME_SLOT TIME_SLOT_ID="ts1"/>', "are no times"),
        ('<TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="9"/>', "are no times"),
        (
            '<TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="9"/>'
            '<TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="3"/>',
            "no stretch of time",
        ),
    ],
)
def test_an_annotation_without_a_time_is_named(tmp_path: Path, slots: str, message: str):
    annotation = (
        '<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" '
        'TIME_SLOT_REF2="ts2"><ANNOTATION_VALUE>smiles</ANNOTATION_VALUE>'
        "</ALIGNABLE_ANNOTATION></ANNOTATION>"
    )
    body = f'<TIME_ORDER>{slots}</TIME_ORDER><TIER TIER_ID="Ann">{annotation}</TIER>'
    (tmp_path / "bad.eaf").write_text(BODY.format(body), "utf-8")
    with pytest.raises(ValueError, match=rf"bad\.eaf, tier Ann, a1: .*{message}"):
        read_elan(tmp_path / "bad.eaf")


def test_frames_as_time_units_are_refused(tmp_path: Path):
    (tmp_path / "pal.eaf").write_text(BODY.format('<HEADER TIME_UNITS="PAL-frames"/>'), "utf-8")
    with pytest.raises(ValueError, match="PAL-frames"):
        read_elan(tmp_path / "pal.eaf")
