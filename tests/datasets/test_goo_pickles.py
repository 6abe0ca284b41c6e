"""GOO's pickles: what NumPy writes is read, faults are named, and nothing in them is run."""

import builtins
import copyreg
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from goo_worlds import record, write_pickle
from sightline.datasets.goo_pickles import read_goo_pickle
from sightline.datasets.goo_records import COLUMNS, read_records, write_records

RECONSTRUCT = np.array(0).__reduce__()[0]


class Calls:
    """Pickles as a call of a function, and perhaps a state for what that returns."""

    def __init__(self, function: object, *arguments: object, state: object = None) -> None:
        self.call = function, arguments, state

    def __reduce__(self):
        return self.call


def forged(shape: tuple, dtype: np.dtype, data: object) -> Calls:
    return Calls(RECONSTRUCT, np.ndarray, (0,), b"b", state=(1, shape, dtype, False, data))


def with_boxes(boxes: object) -> dict:
    return record(ann={"bboxes": boxes, "labels": record()["ann"]["labels"]})


def with_labels(*labels: object) -> dict:
    return record(ann={"bboxes": record()["ann"]["bboxes"], "labels": np.array(labels)})


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_records_of_every_protocol_become_columns(tmp_path: Path, protocol: int) -> None:
    file = write_pickle(tmp_path / "a.pkl", [record(0), record(5)], protocol)
    records = read_goo_pickle(file)
    assert records.files.tolist() == ["0.png", "5.png"]
    assert records.broken == []
    assert records.sizes.tolist() == [[640, 480]] * 2
    assert (records.starts.tolist(), records.ends.tolist()) == ([0, 4], [4, 8])
    both = [record(0)["ann"]["bboxes"], record(5)["ann"]["bboxes"]]
    assert records.boxes.tolist() == np.concatenate(both).tolist()
    assert records.labels.tolist() == [4, 7, 12, 25] * 2
    assert records.eyes.tolist() == [[330, 80], [335, 80]]
    assert records.gaze.tolist() == [[140, 220]] * 2
    assert records.gaze_rows.tolist() == [1, 1]
    assert records.gaze_items.tolist() == [7, 7]
    assert records.occluded.tolist() == [0, 0]
    assert records.labelled.all()


def test_names_of_numpy_2_are_those_of_numpy_1(tmp_path: Path) -> None:
    data = pickle.dumps([record()], protocol=2)  # names in lines of text
    data = data.replace(b"numpy._core.", b"numpy.core.")
    file = tmp_path / "a.pkl"
    for module in (b"numpy.core.", b"numpy._core."):
        file.write_bytes(data.replace(b"numpy.core.", module))
        assert len(read_goo_pickle(file)) == 1


def test_numbers_of_numpy_and_lists_are_taken(tmp_path: Path) -> None:
    ann = {"bboxes": [[1, 2, 3, 4], [5, 6, 7, 8]], "labels": [3, -1]}
    entry = record(ann=ann, gazeIdx=np.int64(0), hx=np.float32(1.5), occluded=np.bool_(False))
    records = read_goo_pickle(write_pickle(tmp_path / "a.pkl", [entry]))
    assert records.boxes.tolist() == ann["bboxes"]
    assert records.eyes[0].tolist() == [1.5, 80]


def test_minus_one_is_a_head_no_point_and_an_object_that_is_not_seen(tmp_path: Path) -> None:
    hidden = with_labels(4, 7, 12, -1) | {"gaze_cx": -1, "gaze_cy": -1, "gazeIdx": -1}
    records = read_goo_pickle(write_pickle(tmp_path / "a.pkl", [hidden | {"occluded": 1}]))
    assert records.labels.tolist() == [4, 7, 12, 25]
    assert np.isnan(records.gaze).all()
    assert records.labelled.all()
    assert records.gaze_rows.tolist() == [-1]
    assert records.occluded.tolist() == [1]


def test_backslashes_in_names_are_slashes(tmp_path: Path) -> None:
    file = write_pickle(tmp_path / "a.pkl", [record(filename="cab1\\hum2\\7.png")])
    assert read_goo_pickle(file).files.tolist() == ["cab1/hum2/7.png"]


def test_a_record_without_gaze_holds_boxes(tmp_path: Path) -> None:
    boxes_only = {key: record()[key] for key in ("filename", "width", "height", "ann")}
    records = read_goo_pickle(write_pickle(tmp_path / "a.pkl", [boxes_only, record()]))
    assert records.labelled.tolist() == [False, True]
    assert len(records.boxes) == 8


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (os.system, ("touch ran",)),
        (builtins.eval, ("open('ran', 'w')",)),
        (getattr, ("", "join")),
        (np.save, ("ran", 1)),
        (np.load, ("ran",)),
        (np.memmap, ("ran",)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_call_that_no_array_needs_is_refused_and_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function, arguments: tuple
) -> None:
    monkeypatch.chdir(tmp_path)
    file = write_pickle(tmp_path / "a.pkl", [record(), Calls(function, *arguments)])
    with pytest.raises(ValueError, match=r"it names \S+, which no table of numbers needs"):
        read_goo_pickle(file)
    assert not list(tmp_path.glob("ran*"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no pickle",
        b"\x80\x04]",
        b"\x80\x02Pname\n.",  # a persistent id
        b"\x80\x02K\x01Q.",
        b"\x80\x02\x82\x05.",  # an extension code
        b"cnumpy\ndtype\n}S'value'\nS'ran'\nsb.",  # BUILD, on a class
        b"\x80\x04\x8e" + (1 << 62).to_bytes(8, "little") + b".",  # more bytes than there are
        b"\x80\x04\x95" + (1 << 62).to_bytes(8, "little") + b".",
        b"\x80\x05\x97.",  # a buffer from outside
    ],
)
def test_a_file_that_is_no_plain_pickle_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.pkl").write_bytes(data)
    with pytest.raises(ValueError, match=r"a\.pkl is no pickle of GOO's annotations"):
        read_goo_pickle(tmp_path / "a.pkl")


def test_a_registered_extension_code_is_refused_like_its_name(tmp_path: Path) -> None:
    copyreg.add_extension("os", "getcwd", 250)
    try:
        (tmp_path / "a.pkl").write_bytes(b"\x80\x02\x82\xfa)R.")
        with pytest.raises(ValueError, match=r"it names os\.getcwd"):
            read_goo_pickle(tmp_path / "a.pkl")
    finally:
        copyreg.remove_extension("os", "getcwd", 250)


FLOAT = np.dtype(float)


@pytest.mark.parametrize(
    ("boxes", "why"),
    [
        (forged((10**9, 4), FLOAT, b"\0" * 128), "cannot reshape"),
        (forged((-1, 4), FLOAT, b"\0" * 120), "cannot reshape"),
        (forged((4, 4), FLOAT, b"\0" * 127), "buffer size must be a multiple"),
        (forged((4, 4), FLOAT, 10**15), "object"),
        (forged((1, 1), np.dtype(object), b"\x01"), "no array of numbers"),
        (forged((4, 4), Calls(np.dtype, "V8", False, True), b"\0" * 128), "an array of type"),
        (forged((4, 4), Calls(np.dtype, "U999999999", False, True), b""), "an array of type"),
        (Calls(bytearray, 10**15), "object"),
        (np.array([[{}] * 4] * 4), "bboxes are no array of numbers"),
        (np.zeros((4, 4), dtype=[("a", float)]), "an array of type"),
        (np.full((4, 4), "1"), "bboxes are no array of numbers"),
        (np.zeros((4, 4), complex), "an array of type"),
    ],
)
def test_a_forged_array_breaks_its_record_only(tmp_path: Path, boxes: object, why: str) -> None:
    records = read_goo_pickle(write_pickle(tmp_path / "a.pkl", [with_boxes(boxes), record()]))
    assert len(records) == 1
    assert len(records.broken) == 1
    assert records.broken[0].startswith("a.pkl: record 0: ")
    assert why in records.broken[0]


NAN = np.full((4, 4), np.nan)


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("text", "it is no dict"),
        ({}, "it has no ann with bboxes and labels"),
        (record(ann={"bboxes": np.zeros((4, 4))}), "labels are no array of numbers"),
        (with_boxes(np.zeros((4, 3))), r"bboxes have the shape (4, 3), not (boxes, 4)"),
        (with_boxes(np.zeros((3, 4))), "there are 3 boxes and labels of the shape (4,)"),
        (with_boxes(NAN), "a coordinate of its boxes is no number of pixels"),
        (with_labels(4, 26, 12, 25), "a label is 26; the classes of GOO are 1 to 25"),
        (with_labels(4, 0, 12, 25), "a label is 0;"),
        (with_labels(4, 7.5, 12, 25), "a label is 7.5;"),
        (with_labels(4, np.nan, 12, 25), "a label is nan;"),
        (with_labels(4, 7, 12, 3), "its last box is no head (label 25 or -1)"),
        (record(ann={"bboxes": np.zeros((0, 4)), "labels": np.zeros(0)}), "its last box is no"),
        (record(width=0), "its size is 0 x 480"),
        (record(width="640"), "width is '640', not a number of pixels"),
        (record(hx=None), "hx is None, not a number of pixels"),
        (record(hy=10**400), "not a number of pixels"),
        (record(gaze_cx=float("inf")), "gaze_cx is inf, not a number of pixels"),
        (record(gazeIdx=4), "gazeIdx is 4, and there are 4 boxes"),
        (record(gazeIdx=-2), "gazeIdx is -2,"),
        (record(gazeIdx=1.5), "gazeIdx is 1.5,"),
        (record(gaze_item=30), "gaze_item is 30, not from -1 to 24"),
        (record(occluded=2), "occluded is 2, not from 0 to 1"),
        ({key: value for key, value in record().items() if key != "hx"}, "it has no hx"),
        (record(filename=7), "filename is 7, not the name of a picture"),
        (record(filename="/etc/0.png"), "which is outside the folder of pictures"),
        (record(filename="..\\0.png"), "which is outside the folder of pictures"),
        (record(filename="C:\\0.png"), "which is outside the folder of pictures"),
    ],
)
def test_a_record_that_breaks_the_schema_is_named_and_left_out(
    tmp_path: Path, entry: object, why: str
) -> None:
    records = read_goo_pickle(write_pickle(tmp_path / "a.pkl", [record(0), entry, record(2)]))
    assert records.files.tolist() == ["0.png", "2.png"]
    assert records.numbers.tolist() == [0, 2]
    assert records.broken[0].startswith("a.pkl: record 1: ")
    assert why in records.broken[0]


@pytest.mark.parametrize("content", [{}, [], "text"])
def test_something_else_than_a_list_is_refused(tmp_path: Path, content: object) -> None:
    with pytest.raises(ValueError, match="holds no list of records; give the released"):
        read_goo_pickle(write_pickle(tmp_path / "a.pkl", content))


def test_a_list_of_broken_records_only_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no readable record \(a\.pkl: record 0: it is no dict\)"):
        read_goo_pickle(write_pickle(tmp_path / "a.pkl", [1, 2]))


def test_the_file_of_ours_holds_the_same(tmp_path: Path) -> None:
    hidden = record(1, gaze_cx=-1, gaze_cy=-1, gazeIdx=-1, filename="ä/1.png")
    records = read_goo_pickle(write_pickle(tmp_path / "a.pkl", [record(), 5, hidden]))
    write_records(tmp_path / "a.safetensors", records)
    again = read_records(tmp_path / "a.safetensors")
    assert again.files.tolist() == ["0.png", "ä/1.png"]
    assert again.broken == records.broken
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(again, name), getattr(records, name))


def test_some_records_keep_their_boxes(tmp_path: Path) -> None:
    records = read_goo_pickle(write_pickle(tmp_path / "a.pkl", [record(i) for i in range(3)]))
    some = records[np.array([2, 1])]
    heads = some.boxes[some.ends - 1]
    assert some.files.tolist() == ["2.png", "1.png"]
    assert heads[:, 0].tolist() == [302, 301]


@pytest.mark.parametrize("change", ["starts", "gaze_rows", "labels", "files"])
def test_a_file_of_ours_that_does_not_fit_together_is_refused(tmp_path: Path, change: str) -> None:
    from safetensors.torch import load_file, save_file

    file = tmp_path / "a.safetensors"
    write_records(file, read_goo_pickle(write_pickle(tmp_path / "a.pkl", [record()])))
    tensors = {name: tensor.clone() for name, tensor in load_file(file).items()}
    changed = {"starts": -1, "gaze_rows": 9}
    if change in changed:
        tensors[change] += changed[change]
    else:
        tensors[change] = tensors[change].repeat(2)
        tensors[change][: len(tensors[change]) // 2] = 10
    save_file(tensors, file, metadata={"kind": "goo-records", "broken": "[]"})
    with pytest.raises(ValueError, match=r"holds no annotations of GOO that sightline wrote"):
        read_records(file)


def test_any_other_file_in_the_place_of_ours_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(b"no tensors at all")
    with pytest.raises(ValueError, match="remove it and convert the released pickles again"):
        read_records(tmp_path / "a.safetensors")
