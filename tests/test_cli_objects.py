"""`sightline predict --objects` as a user meets it: pictures, films, detectors, events."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import sightline
from sightline import Gaze, Objects, Scene, object_sources
from sightline.cli import run
from sightline.films import watch
from sightline.media.heads import Heads
from sightline.models import base, create
from sightline.models.weights import save_weights
from sightline.object_sources import choose_objects
from sightline.pictures import Failed, predict_pictures
from small_films import write_film

TINY = {"width": 4, "blocks": (1, 1, 1, 1, 1), "image_size": 64}
WALL = {"box": [-10, -10, 200, 200], "label": "wall", "score": 0.5}  # wherever a tiny model looks
FAR = {"box": [300, 300, 310, 310], "label": "far"}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    model = create("pdp-nodepth", **TINY)
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_weights(model, path, name="pdp-nodepth")
    return path


@pytest.fixture(autouse=True)
def everybody_looks_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random weights say anything about it."""
    predict_batch = base.GazeModel.predict_batch

    def inside(self: base.GazeModel, batch: sightline.Batch) -> list[Gaze]:
        return [replace(gaze, inside=torch.ones(len(gaze))) for gaze in predict_batch(self, batch)]

    monkeypatch.setattr(base.GazeModel, "predict_batch", inside)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two pictures with two heads and one head."""
    folder = tmp_path / "photos"
    folder.mkdir()
    random = np.random.default_rng(0)
    for name in ("a.png", "b.png"):
        pixels = random.integers(0, 255, (60, 80, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / name)
    (tmp_path / "heads.json").write_text(
        json.dumps({"a": [[10, 10, 30, 30], [40, 10, 60, 30]], "b": [[5, 5, 25, 25]]})
    )
    return folder


def predict(source: Path, weights: Path, *words: str, out: str = "out") -> int:
    here = source.parent
    options = ["--model", "pdp-nodepth", "--weights", str(weights), "--precision", "float32"]
    heads = ["--heads", str(here / "heads.json"), "--out", str(here / out)]
    return run(["predict", str(source), *options, *heads, *words])


def write(path: Path, content: object) -> str:
    path.write_text(json.dumps(content))
    return str(path)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_object_looked_at_is_in_table_and_json(
    photos: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    objects = write(tmp_path / "objects.json", {"a.png": [FAR, WALL]})
    assert predict(photos, weights, "--objects", objects) == 0
    assert "1 of 2 pictures have no objects" in capsys.readouterr().err
    rows = table(tmp_path / "out" / "gaze.csv")
    assert [row["gaze_object"] for row in rows] == ["wall", "wall", ""]
    assert [row["gaze_object_index"] for row in rows] == ["1", "1", ""]
    assert [row["gaze_object_score"] for row in rows] == ["0.5", "0.5", ""]
    sides = ("x_min", "y_min", "x_max", "y_max")
    box = [float(rows[0][f"gaze_object_{side}"]) for side in sides]
    assert box == pytest.approx([-10, -10, 200, 200], rel=1e-5)
    content = json.loads((tmp_path / "out" / "a.png.gaze.json").read_text())
    gaze = Gaze.from_dict(content["gaze"])
    assert gaze.objects is not None
    assert [gaze.objects.name(row) for row in range(2)] == ["far", "wall"]


def test_without_objects_the_columns_are_empty(photos: Path, weights: Path, tmp_path: Path) -> None:
    assert predict(photos, weights) == 0
    assert {row["gaze_object"] for row in table(tmp_path / "out" / "gaze.csv")} == {""}


def test_a_run_with_other_objects_is_not_continued(
    photos: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    objects = write(tmp_path / "objects.json", [WALL])
    assert predict(photos, weights, "--objects", objects) == 0
    assert predict(photos, weights, "--objects", objects, "--resume") == 0
    write(tmp_path / "objects.json", [FAR])
    for words in ((), ("--objects", objects), ("--objects", objects, "--object-method", "mean")):
        assert predict(photos, weights, *words, "--resume") != 0
        assert "other weights, heads or objects" in capsys.readouterr().err


def test_a_method_without_objects_is_wrong_use(
    photos: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert predict(photos, weights, "--object-method", "mean") == 2
    assert "mean has no objects to choose from; name some with --objects" in capsys.readouterr().err
    assert run(["predict", str(photos), "--object-method", "mean"]) == 2, "of any model of auto"
    assert not (tmp_path / "out").exists()


def test_a_method_needs_no_objects_where_the_model_finds_them(photos: Path, tmp_path: Path) -> None:
    save_weights(create("gatector", **TINY), tmp_path / "gatector", name="gatector")
    options = ["--model", "gatector", "--weights", str(tmp_path / "gatector")]
    heads = ["--heads", str(tmp_path / "heads.json"), "--out", str(tmp_path / "out")]
    assert run(["predict", str(photos), *options, *heads, "--object-method", "mean"]) == 0


def test_a_broken_file_of_objects_is_told_in_a_sentence(
    photos: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    objects = write(tmp_path / "objects.json", {"a.png": [{"label": "cup"}]})
    assert predict(photos, weights, "--objects", objects) != 0
    assert "a.png, object 0: the box is missing" in capsys.readouterr().err
    assert predict(photos, weights, "--objects", "gone.json") != 0
    assert "gone.json: no such file, folder or model" in capsys.readouterr().err


def test_python_takes_boxes_or_a_file(photos: Path, weights: Path, tmp_path: Path) -> None:
    model = sightline.load("pdp-nodepth", weights)
    boxes = Objects(torch.tensor([WALL["box"]]).float(), torch.tensor([0]), torch.ones(1), ("x",))
    for objects in (boxes, write(tmp_path / "objects.json", [WALL])):
        gaze = sightline.predict(
            photos / "a.png", heads=[[10, 10, 30, 30]], model=model, objects=objects
        )
        assert gaze.gaze_object is not None
        assert gaze.gaze_object.tolist() == [0]


class FindsCups:
    """Stands in for a model of ours that detects."""

    def __init__(self, objects: Objects | None) -> None:
        self.objects, self.finds_objects = objects, objects is not None

    def predict(self, scenes: list[Scene]) -> list[Gaze]:
        nobody = Gaze(torch.zeros(0, 4), torch.zeros(0, 2), torch.zeros(0, 0, 0))
        assert all(len(scene) == 0 for scene in scenes)
        return [replace(nobody, objects=self.objects) for _ in scenes]


CUPS = Objects(torch.tensor([[0.0, 0, 0.5, 1]]), torch.tensor([0]), torch.tensor([0.8]), ("cup",))


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> Callable[[Objects | None], list]:
    calls: list = []

    def install(objects: Objects | None) -> list:
        def load(name: str, weights: str | None, *, device: str) -> FindsCups:
            calls.append((name, weights, device))
            return FindsCups(objects)

        monkeypatch.setattr(object_sources, "load", load)
        return calls

    return install


@pytest.mark.parametrize(
    ("spec", "call"),
    [
        ("gatector.tag", ("gatector.tag", None, "cpu")),
        ("gatector-detector:w.safetensors", ("gatector-detector", "w.safetensors", "cpu")),
    ],
)
def test_a_model_of_ours_finds_objects_in_pixels(loaded, spec: str, call: tuple) -> None:
    calls = loaded(CUPS)
    found = choose_objects(spec)(Path("a.png"), torch.zeros(3, 60, 80, dtype=torch.uint8))
    assert calls == [call]
    assert found.boxes.tolist() == [[0, 0, 40, 60]]
    assert found.name(0) == "cup"


def test_a_picture_whose_objects_cannot_be_found_costs_nobody_else(
    photos: Path, weights: Path
) -> None:
    heads = Heads(torch.tensor([[10.0, 10, 30, 30]]), torch.ones(1))
    paths = sorted(photos.glob("*.png"))

    def objects(path: Path, image: torch.Tensor) -> Objects:
        if path.name == "a.png":
            return CUPS
        raise RuntimeError("no memory left")

    model = sightline.load("pdp-nodepth", weights)
    found = list(predict_pictures(paths, model, lambda *_: heads, objects=objects))
    (failed,) = [one for one in found if isinstance(one, Failed)]
    assert failed.path.name == "b.png"
    assert "no memory left" in failed.reason


def test_a_model_that_finds_no_objects_is_refused_before_any_work(loaded) -> None:
    loaded(None)
    with pytest.raises(ValueError, match="is a model that finds no objects"):
        choose_objects("pdp.tag")


def test_a_detector_tells_nobodys_gaze(
    photos: Path, film: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    save_weights(create("gatector-detector", **TINY), tmp_path / "d", name="gatector-detector")
    options = ["--model", "gatector-detector", "--weights", str(tmp_path / "d")]
    for source in (photos, film):
        heads = [
            "--heads",
            str(tmp_path / "heads.json"),
            "--out",
            str(tmp_path / f"out-{source.name}"),
        ]
        assert run(["predict", str(source), *options, *heads]) == 1
        assert "tells nobody's gaze; give it as --objects" in capsys.readouterr().err
    model = sightline.load("gatector-detector", tmp_path / "d")
    with pytest.raises(ValueError, match="tells nobody's gaze"):
        sightline.predict(photos / "a.png", heads=[[10, 10, 30, 30]], model=model)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Ten frames of one person."""
    heads = [["frame", "person", "x1", "y1", "x2", "y2"]] + [
        [n, 0, 5, 5, 25, 25] for n in range(10)
    ]
    (tmp_path / "heads.json").write_text(
        json.dumps([dict(zip(heads[0], row, strict=True)) for row in heads[1:]])
    )
    return write_film(tmp_path / "film.mp4")


def test_a_film_names_the_objects_of_each_frame_and_so_do_its_events(
    film: Path, weights: Path, tmp_path: Path
) -> None:
    other = WALL | {"label": "door"}
    frames = {str(n): [FAR, WALL if n < 5 else other] for n in range(10)}
    objects = write(tmp_path / "objects.json", frames)
    assert predict(film, weights, "--objects", objects, "--no-video") == 0
    path = tmp_path / "out" / "film.mp4.gaze.csv"
    assert [row["gaze_object"] for row in table(path)] == ["wall"] * 5 + ["door"] * 5
    lines = (tmp_path / "out" / "film.mp4.gaze.jsonl").read_text().splitlines()
    assert [json.loads(line)["objects"]["classes"] for line in lines[4:6]] == [["wall"], ["door"]]
    dwell = tmp_path / "dwell.csv"
    words = ["events", str(path), "--out", str(tmp_path / "events.csv"), "--dwell", str(dwell)]
    assert run(words) == 0
    events = (tmp_path / "events.csv").read_text()
    assert "wall" in events
    assert "door" in events
    with dwell.open() as file:
        seconds = {row["target"]: float(row["seconds"]) for row in csv.DictReader(file)}
    assert seconds == {"wall": 0.2, "door": 0.2}, "five frames each of 25 a second"


def test_objects_of_no_frame_are_told(
    film: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    objects = write(tmp_path / "objects.json", {"1000": [WALL]})
    assert predict(film, weights, "--objects", objects, "--no-video") == 0
    assert "film.mp4: no frame has objects of" in capsys.readouterr().err


def test_a_film_that_goes_on_is_the_same(
    film: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "PART", 4)
    words = ("--objects", write(tmp_path / "objects.json", [FAR, WALL]), "--no-video")
    assert predict(film, weights, *words, out="whole") == 0
    assert predict(film, weights, *words) == 0
    for note in (tmp_path / "out" / "film.mp4.gaze.parts").glob("00002.*"):
        note.unlink()  # as if the run had been killed there
    assert predict(film, weights, *words, "--resume") == 0
    for kind in ("csv", "jsonl"):
        whole, again = (tmp_path / out / f"film.mp4.gaze.{kind}" for out in ("whole", "out"))
        assert whole.read_bytes() == again.read_bytes()
    assert predict(film, weights, "--no-video", "--resume") != 0


def test_the_annotated_film_frames_the_object(film: Path, weights: Path, tmp_path: Path) -> None:
    objects = write(tmp_path / "objects.json", [{"box": [2, 2, 62, 46], "label": "wall"}])
    assert predict(film, weights, "--objects", objects) == 0
    assert predict(film, weights, out="without") == 0
    first, second = (
        (tmp_path / out / "film.mp4.gaze.mp4").read_bytes() for out in ("out", "without")
    )
    assert first != second


def test_a_stream_keeps_all_objects(film: Path, weights: Path, tmp_path: Path) -> None:
    objects = write(tmp_path / "objects.json", [FAR, WALL])
    model = sightline.load("pdp-nodepth", weights)
    heads = tmp_path / "heads.json"
    gazes = list(sightline.stream(film, model, heads=heads, objects=objects))
    assert len(gazes) == 10
    for gaze in gazes:
        assert gaze.objects is not None
        assert gaze.gaze_object is not None
        assert len(gaze.objects) == 2
        assert gaze.gaze_object.tolist() == [1]
