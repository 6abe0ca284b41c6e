from pathlib import Path

import numpy as np
import torch

from sightline.gaze import Gaze
from sightline.media.heads import Heads
from sightline.media.image import LONGEST_JPEG, read_size
from sightline.pictures import Found
from sightline.results import VIEWED, ResultsFolder
from sightline.scene import Scene
from sightline.table import NAMES
from sightline.views import Views, views_sheet

SIZE = (400, 200)


def found(path: Path, projection, people: int = 2) -> Found:
    unit = torch.tensor([[0.1, 0.4, 0.2, 0.6], [0.95, 0.4, 1.05, 0.6]])[:people]
    gaze = Gaze(unit, torch.tensor([[0.5, 0.5]]).repeat(people, 1), torch.rand(people, 8, 16))
    gaze.projection = projection
    boxes = unit * torch.tensor([*SIZE, *SIZE])
    heads = Heads(boxes, torch.ones(people), names=["Ann", "Bob"][:people])
    scene = Scene(torch.zeros(3, SIZE[1], SIZE[0], dtype=torch.uint8), boxes, projection=projection)
    return Found(path, scene, heads, gaze)


def written(folder: Path, *, projection, people: int = 2) -> dict[str, Path]:
    path = folder / "in" / "a.jpg"
    results = ResultsFolder(folder / "out", [path], origin={"model": "m", "weights": "w"})
    results.write(found(path, projection, people))
    assert results.has(path)
    return {file.name.removeprefix("a.jpg.gaze."): file for file in (folder / "out").iterdir()}


def test_of_a_panorama_views_and_a_page_are_written(tmp_path: Path):
    files = written(tmp_path, projection="equirectangular")
    assert set(files) == {"jpg", "json", "views.jpg", "html", "gaze.csv", "run.json"}
    assert read_size(files["views.jpg"]) == (2 * 480 + 12, 2 * 360 + 12)
    page = files["html"].read_text("utf-8")
    assert '"name": "Bob"' in page
    assert "<title>a.jpg</title>" in page
    header, first, _ = files["gaze.csv"].read_text("utf-8").splitlines()
    assert header == ",".join(NAMES)
    assert dict(zip(NAMES, first.split(","), strict=True))["head_yaw"] == "-126.0"


def test_the_sheet_of_views_has_no_more_people_than_a_jpeg_can_hold(tmp_path: Path, monkeypatch):
    row = torch.zeros(3, 360, 480, dtype=torch.uint8)
    assert LONGEST_JPEG - 364 < views_sheet([Views(row, row)] * VIEWED).shape[1] <= LONGEST_JPEG
    monkeypatch.setattr("sightline.results.VIEWED", 1)
    files = written(tmp_path, projection="equirectangular")
    assert read_size(files["views.jpg"]) == (2 * 480 + 12, 360 + 8)


def test_a_panorama_of_nobody_has_a_page_and_no_views(tmp_path: Path):
    files = written(tmp_path, projection="equirectangular", people=0)
    assert set(files) == {"jpg", "json", "html", "gaze.csv", "run.json"}


def test_what_is_overwritten_leaves_no_files_of_the_earlier_run(tmp_path: Path):
    written(tmp_path, projection="equirectangular")
    np.save(tmp_path / "out" / "a.jpg.gaze.npy", np.zeros(1))
    path = tmp_path / "in" / "a.jpg"
    ResultsFolder(tmp_path / "out", [path], origin={}, existing="overwrite")
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"gaze.csv", "run.json"}


def test_of_an_ordinary_picture_neither_is_written(tmp_path: Path):
    assert set(written(tmp_path, projection="perspective")) == {
        "jpg",
        "json",
        "gaze.csv",
        "run.json",
    }
