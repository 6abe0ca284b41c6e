"""Panoramas and 360 films as a user meets them at the command line and from Python."""

import csv
import json
import warnings
from pathlib import Path

import pytest
import torch
from PIL import Image

import sightline
from panoramas import gpano, with_discs
from sightline.cli import run
from sightline.media.film_writer import FilmWriter
from sightline.models import create
from sightline.models.weights import save_weights

TINY = {"width": 4, "blocks": (1, 1, 1, 1, 1), "image_size": 64}
HEADER = "image,x_min,y_min,x_max,y_max\n"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("weights")
    for name in ("pdp-nodepth", "pdp-video-nodepth"):
        save_weights(create(name, **TINY), folder / name, name=name)
    return {name: folder / name for name in ("pdp-nodepth", "pdp-video-nodepth")}


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A panorama, an ordinary picture and a part of a panorama, with a head in each."""
    folder = tmp_path / "photos"
    folder.mkdir()
    pixels = with_discs([(0.0, 0.5, 20.0, (200, 150, 100))], 512).permute(1, 2, 0).numpy()
    Image.fromarray(pixels).save(folder / "around.png")
    Image.fromarray(pixels[:200, :300]).save(folder / "ordinary.png")
    part = gpano(
        ProjectionType="equirectangular", FullPanoWidthPixels=512, CroppedAreaImageWidthPixels=300
    )
    Image.fromarray(pixels[:, :300]).save(folder / "part.jpg", xmp=part)
    rows = ["around.png,498,114,14,142", "ordinary.png,10,10,40,50", "part.jpg,10,10,40,50"]
    (tmp_path / "heads.csv").write_text(HEADER + "\n".join(rows))
    return folder


def predict(source: Path, weights: dict[str, Path], *words: str, model: str = "pdp-nodepth") -> int:
    options = ["--model", model, "--weights", str(weights[model]), "--precision", "float32"]
    base = source.parent
    files = ["--heads", str(base / "heads.csv"), "--out", str(base / "out")]
    return run(["predict", str(source), *options, *files, *words])


def gazes(source: Path) -> dict[str, sightline.Gaze]:
    files = (source.parent / "out").rglob("*.gaze.json")
    contents = {f.name[:-10]: json.loads(f.read_text(encoding="utf-8")) for f in files}
    return {name: sightline.Gaze.from_dict(content["gaze"]) for name, content in contents.items()}


def test_a_folder_may_mix_panoramas_and_ordinary_pictures(photos, weights, capsys) -> None:
    assert predict(photos, weights) == 1
    errors = capsys.readouterr().err
    found = gazes(photos)
    assert {name: gaze.projection for name, gaze in found.items()} == {
        "around.png": "equirectangular",
        "ordinary.png": "perspective",
    }
    assert found["around.png"].heads[0, [0, 2]].tolist() == pytest.approx([498 / 512, 526 / 512])
    assert "around.png: taken for a panorama because it is exactly twice as wide" in errors
    assert "pdp-nodepth reads ordinary pictures: of a panorama it sees views" in errors
    assert "part.jpg: its metadata call it a part of a panorama" in errors


def test_what_is_said_to_be_no_panorama_is_none(photos, weights, capsys) -> None:
    (photos.parent / "heads.csv").write_text(HEADER + "around.png,498,114,510,142\n")
    assert predict(photos, weights, "--projection", "perspective") == 0
    assert {gaze.projection for gaze in gazes(photos).values()} == {"perspective"}
    assert "panorama" not in capsys.readouterr().err


def test_a_reversed_box_is_refused_in_ordinary_pictures(photos, weights, capsys) -> None:
    (photos.parent / "heads.csv").write_text(HEADER + "ordinary.png,40,10,10,50\n")
    assert predict(photos, weights) == 1
    assert "ordinary.png: the head box [40.0, 10.0, 10.0, 50.0] is reversed" in (
        capsys.readouterr().err
    )
    assert predict(photos, weights, "--projection", "perspective", "--overwrite") == 1
    assert "line 2: the box [40.0, 10.0, 10.0, 50.0] is reversed" in capsys.readouterr().err


def test_a_model_that_cannot_read_panoramas_costs_the_others_nothing(
    photos, weights, capsys
) -> None:
    (photos / "part.jpg").unlink()
    assert predict(photos, weights, model="pdp-video-nodepth") == 1
    assert "several frames together, which it cannot in panoramas" in capsys.readouterr().err


def test_without_a_model_each_picture_has_the_default_of_its_projection(photos, capsys) -> None:
    (photos / "part.jpg").unlink()
    words = ["--heads", str(photos.parent / "heads.csv"), "--out", str(photos.parent / "out")]
    assert run(["predict", str(photos), *words]) == 0
    assert {len(gaze) for gaze in gazes(photos).values()} == {1}
    assert "reads ordinary pictures" not in capsys.readouterr().err
    with (photos.parent / "out" / "gaze.csv").open() as file:
        models = {Path(row["image"]).name: row["model"] for row in csv.DictReader(file)}
    assert models == {
        "around.png": "gazefollow360-small.synthetic",
        "ordinary.png": "pdp-small.synthetic",
    }


def test_objects_are_not_looked_at_in_panoramas(photos, weights, capsys) -> None:
    (photos.parent / "things.json").write_text('{"around.png": [[1, 1, 50, 50]]}')
    things = ["--objects", str(photos.parent / "things.json")]
    assert predict(photos, weights, *things) == 1
    assert "Objects are looked at in ordinary pictures only" in capsys.readouterr().err


def test_python_warns_of_a_guess_and_takes_what_it_is_told(photos: Path) -> None:
    model = create("pdp-nodepth", **TINY)
    heads = [[498, 114, 526, 142]]
    with pytest.warns(UserWarning, match="taken for a panorama"):
        gaze = sightline.predict(photos / "around.png", heads, model=model)
    assert gaze.projection == "equirectangular"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for projection in ("perspective", "equirectangular"):
            gaze = sightline.predict(
                photos / "around.png", heads, model=model, projection=projection
            )
            assert gaze.projection == projection


FRAMES = 12
STEP = 8


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Somebody goes to the right over the seam of a film all around."""
    path = tmp_path / "walk.mp4"
    writer = FilmWriter(path, (512, 256))
    rows = ["frame,x_min,y_min,x_max,y_max"]
    for frame in range(FRAMES):
        left = 450 + STEP * frame
        u = (left + 15) / 512
        writer.write(with_discs([(u, 0.5, 20.0, (220, 120, 60))], 512), frame / 25)
        rows.append(f"{frame},{left % 512},113,{(left + 30) % 512},143")
    writer.close(FRAMES / 25)
    (tmp_path / "heads.csv").write_text("\n".join(rows) + "\n")
    return path


def test_a_person_who_walks_over_the_seam_of_a_film_keeps_the_identity(
    film, weights, capsys
) -> None:
    assert predict(film, weights, "--no-video") == 0
    errors = capsys.readouterr().err
    assert "walk.mp4: taken for a panorama" in errors
    with (film.parent / "out" / "walk.mp4.gaze.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["track"] for row in rows] == ["0"] * FRAMES
    lefts = [float(row["head_x_min"]) for row in rows]
    assert lefts == [(450 + STEP * frame) % 512 for frame in range(FRAMES)]
    lines = (film.parent / "out" / "walk.mp4.gaze.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["projection"] for line in lines} == {"equirectangular"}


def test_a_film_taken_otherwise_does_not_go_on_with_the_results(film, weights, capsys) -> None:
    assert predict(film, weights, "--no-video") == 0
    assert predict(film, weights, "--no-video", "--resume") == 0
    assert predict(film, weights, "--resume", "--projection", "perspective") == 2
    assert "another projection" in capsys.readouterr().err


def test_a_stream_of_a_film_all_around_is_of_panoramas(film: Path) -> None:
    model = create("pdp-nodepth", **TINY)
    heads = film.parent / "heads.csv"
    with pytest.warns(UserWarning, match="taken for a panorama"):
        gaze = next(sightline.stream(film, model, heads=heads))
    assert gaze.projection == "equirectangular"
    with pytest.raises(ValueError, match="reversed or empty"):
        next(sightline.stream(film, model, heads=heads, projection="perspective"))


def test_objects_are_not_looked_at_in_films_all_around(film, weights, capsys) -> None:
    things = film.parent / "things.json"
    things.write_text('[{"frame": 0, "box": [1, 1, 50, 50]}]')
    assert predict(film, weights, "--objects", str(things)) == 1
    assert "objects are looked at in ordinary films only" in capsys.readouterr().err
