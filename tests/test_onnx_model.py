"""What runs exported models without torch; the models themselves are in tests/export."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.ops import nms

from sightline.gaze import Gaze
from sightline.media.decoding import read_array
from sightline.media.image import read_image
from sightline.onnx_model import Answer, Found, OnnxModel, heads_of, main, suppress

ORIENTATION = 0x0112


def test_it_imports_no_torch() -> None:
    modules = "sys, sightline.onnx_model, sightline.media.headrows"
    code = f"import {modules}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_upright_as_by_read_image(orientation: int, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (24, 40, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    path = tmp_path / "photo.jpg"
    Image.fromarray(pixels).save(path, exif=exif)
    wanted = read_image(path).permute(1, 2, 0).numpy()
    assert np.array_equal(read_array(path), wanted)


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "I;16"])
def test_pictures_of_any_kind_are_read_as_by_read_image(mode: str, tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 65535, (24, 40), dtype=np.uint16)
    picture = Image.fromarray(values)
    if mode != "I;16":
        picture = Image.fromarray((values // 257).astype(np.uint8)).convert(mode)
    if mode == "RGBA":
        picture.putalpha(100)
    picture.save(tmp_path / "picture.png")
    wanted = read_image(tmp_path / "picture.png").permute(1, 2, 0).numpy()
    assert np.array_equal(read_array(tmp_path / "picture.png"), wanted)


def test_overlapping_boxes_are_left_out_as_by_torchvision() -> None:
    corners = torch.rand(200, 2)
    boxes, scores = torch.cat([corners, corners + 0.3], 1), torch.rand(200)
    wanted = nms(boxes.double(), scores.double(), 0.5)
    assert suppress(boxes.numpy(), scores.numpy(), 0.5).tolist() == wanted.tolist()


def test_an_answer_is_read_as_a_gaze() -> None:
    random = np.random.default_rng(0)
    answer = Answer(
        heads=random.random((2, 4), dtype=np.float32),
        points=random.random((2, 2), dtype=np.float32),
        heatmaps=random.random((2, 8, 8), dtype=np.float32),
        inside=np.array([0.25, np.nan], np.float32),
        objects=Found(
            np.ones((1, 4), np.float32), np.ones(1, np.float32), np.array([1]), ("a", "b")
        ),
    )
    gaze = Gaze.from_dict(answer.to_dict())
    assert np.array_equal(gaze.points.numpy(), answer.points)
    assert gaze.inside is not None
    assert gaze.inside.isnan().tolist() == [False, True]
    assert np.abs(gaze.heatmaps.numpy() - answer.heatmaps).max() < 1e-3
    assert gaze.objects is not None
    assert gaze.objects.name(0) == "b"


def test_heads_come_from_words_or_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "heads.csv"
    file.write_text("image,x_min,y_min,x_max,y_max\na.jpg,1,2,30,40\nb.jpg,5,6,70,80\n")
    assert heads_of("photos/b.jpg", [str(file)]) == [[5, 6, 70, 80]]
    assert heads_of("b.jpg", ["1,2,30,40", "5,6,70,80"]) == [[1, 2, 30, 40], [5, 6, 70, 80]]
    with pytest.raises(ValueError, match="neither a file nor"):
        heads_of("b.jpg", ["1,2"])


def test_another_file_is_refused_with_a_sentence(tmp_path: Path, capsys) -> None:
    path = tmp_path / "text.onnx"
    path.write_text("no network")
    with pytest.raises(ValueError, match="cannot load this as a network"):
        OnnxModel(path)
    with pytest.raises(SystemExit, match="1"):
        main([str(tmp_path / "none.onnx"), "photo.jpg"])
    assert "there is no such file" in capsys.readouterr().err
