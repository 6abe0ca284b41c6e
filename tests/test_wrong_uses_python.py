"""Wrong uses of the Python interface: each raises one sentence that says how to mend it."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import sightline
from sightline import Objects, Scene
from sightline.media.image import ImageError, write_image
from sightline.models.base import GazeModel

IMAGE = torch.zeros(3, 60, 80, dtype=torch.uint8)
HEADS = torch.tensor([[10.0, 10.0, 40.0, 40.0]])
SCENE = Scene(IMAGE, HEADS, key="a scene")


@pytest.fixture(scope="module")
def model() -> GazeModel:
    """The small model that ships."""
    return sightline.load("pdp-small.synthetic")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    write_image(tmp_path / "a.jpg", IMAGE)
    return tmp_path / "a.jpg"


BOXES = {
    # what is wrong with the heads: (heads, the sentence)
    "fractions": ([[0.1, 0.1, 0.4, 0.4]], "fractions of the picture; give pixels"),
    "reversed": ([[40, 40, 10, 10]], "is reversed"),
    "outside": ([[1000, 10, 1100, 40]], "outside the picture of 80 x 60 pixels"),
    "three numbers": ([[10, 10, 40]], r"boxes \(P, 4\) of x_min, y_min, x_max, y_max in pixels"),
    "names": ([["anna", "ben", "carla", "dora"]], r"boxes \(P, 4\)"),
    "of nobody": ([[float("nan")] * 4], "no head box"),
}


@pytest.mark.parametrize("what", BOXES)
def test_head_boxes_that_cannot_be_right_are_refused(
    what: str, picture: Path, model: GazeModel
) -> None:
    heads, sentence = BOXES[what]
    with pytest.raises(ValueError, match=sentence):
        sightline.predict(picture, heads, model=model)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"image": IMAGE.float()}, r"tensor \(3, 60, 80\) of float32; give .* of uint8"),
        ({"image": IMAGE.movedim(0, -1)}, r"tensor \(60, 80, 3\) .*\(3, H, W\)"),
        ({"image": IMAGE.numpy()}, r"image is a ndarray; give .*read_image"),
        ({"heads": HEADS[0]}, r"heads are a tensor \(4,\) of float32; give a tensor \(P, 4\)"),
        ({"heads": HEADS.tolist()}, "heads are a list; give a tensor"),
    ],
)
def test_a_scene_says_what_it_is_made_of(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=f"Scene 'a scene': .*{sentence}"):
        replace(SCENE, **changed)


def test_a_scene_by_itself_is_no_list_of_scenes(model: GazeModel) -> None:
    with pytest.raises(TypeError, match=r"give \[scene\]"):
        model.predict(SCENE)  # pyright: ignore[reportArgumentType]


def test_a_model_for_pictures_refuses_a_panorama(model: GazeModel) -> None:
    with pytest.raises(ValueError, match=r"reads perspective pictures.*sightline\.predict"):
        model.predict([replace(SCENE, projection="equirectangular")])


def test_pictures_of_several_sizes_go_together(model: GazeModel) -> None:
    wide = Scene(torch.zeros(3, 40, 120, dtype=torch.uint8), HEADS)
    assert [len(gaze) for gaze in model.predict([SCENE, wide])] == [1, 1]


def test_objects_are_asked_for_as_objects(picture: Path, model: GazeModel) -> None:
    with pytest.raises(TypeError, match=r"sightline\.Objects.*a list"):
        sightline.predict(picture, HEADS, model=model, objects=[[1, 2, 3, 4]])  # pyright: ignore
    objects = Objects(HEADS + 5, torch.zeros(1, dtype=torch.int64), torch.ones(1))
    gaze = sightline.predict(picture, HEADS, model=model, objects=objects)
    assert gaze.gaze_object is not None


def test_a_method_needs_objects_to_choose_from(picture: Path, model: GazeModel) -> None:
    with pytest.raises(ValueError, match=r"method='mean' has no objects.*leave it out"):
        sightline.predict(picture, HEADS, model=model, method="mean")


def test_heads_may_be_a_file(picture: Path, model: GazeModel) -> None:
    file = picture.with_name("heads.csv")
    file.write_text("image,x_min,y_min,x_max,y_max\na.jpg,10,10,40,40\nb.jpg,1,1,9,9\n")
    gaze = sightline.predict(picture, file, model=model)
    given = sightline.predict(picture, HEADS, model=model)
    torch.testing.assert_close(gaze.points, given.points)


CALLS: dict[str, tuple[Callable[[], object], type[Exception], str]] = {
    "a picture that is not there": (
        lambda: sightline.predict("nope.jpg", HEADS),
        ImageError,
        r"nope\.jpg: there is no such file",
    ),
    "a folder as a picture": (lambda: sightline.read_image("."), ImageError, "a folder"),
    "a film that is not there": (
        lambda: next(iter(sightline.stream("nope.mp4"))),
        FileNotFoundError,
        r"nope\.mp4: there is no such file or folder",
    ),
    "an unknown model": (
        lambda: sightline.load("pdp-smal"),
        ValueError,
        "'pdp-smal'; did you mean pdp-small",
    ),
    "a model without weights": (lambda: sightline.load("pdp"), ValueError, "names no weights"),
    "weights that are not there": (
        lambda: sightline.load("pdp-small", "nope.safetensors"),
        FileNotFoundError,
        r"nope\.safetensors",
    ),
    "a GPU where none is": (
        lambda: sightline.load("pdp-small.synthetic", device="cuda:7"),
        ValueError,
        "take the device",
    ),
    "an unknown precision": (
        lambda: sightline.load("pdp-small.synthetic", precision="float8"),
        ValueError,
        "float8.*bfloat16",
    ),
    "a text that is no gaze": (
        lambda: sightline.Gaze.from_json("nope"),
        ValueError,
        "not JSON",
    ),
    "JSON of something else": (
        lambda: sightline.Gaze.from_json('{"a": 1}'),
        ValueError,
        r"give what Gaze\.to_dict wrote",
    ),
    "a picture without its depth": (
        lambda: sightline.create("pdp").predict([SCENE]),
        ValueError,
        r"a scene: this model reads depth.*Scene\.depth",
    ),
    "half a clip": (
        lambda: sightline.create("pdp-video-nodepth").predict([SCENE] * 3),
        ValueError,
        "5 consecutive frames",
    ),
}


@pytest.mark.parametrize("what", CALLS)
def test_a_wrong_call_raises_a_sentence(what: str) -> None:
    call, kind, sentence = CALLS[what]
    with pytest.raises(kind, match=sentence):
        call()


MISSING = """
import sys
sys.modules |= dict.fromkeys(["lightning", "facenet_pytorch", "av", "onnx"])
from sightline.cli import run
for words in (
    ["train", "pdp-small-synthetic", "--data", "."],
    ["predict", "a.jpg", "--model", "pdp-small.synthetic", "--out", "out"],
    ["predict", "film.mp4", "--heads", "heads.csv", "--model", "pdp-small.synthetic"],
    ["models", "export", "pdp-small.synthetic"],
):
    assert run(words) in (1, 2), words
"""


def test_a_missing_extra_is_named_with_the_command_that_installs_it(picture: Path) -> None:
    picture.with_name("film.mp4").write_bytes(b"\0" * 64)
    picture.with_name("heads.csv").write_text("frame,x_min,y_min,x_max,y_max\n0,1,1,9,9\n")
    command = [sys.executable, "-c", MISSING]
    done = subprocess.run(command, cwd=picture.parent, capture_output=True, text=True, check=True)
    lines = done.stderr.splitlines()
    for install in ("sightline[train]", "facenet-pytorch", "sightline[video]", "sightline[export]"):
        assert [line for line in lines if install in line], (install, lines)
    assert "Traceback" not in done.stderr
