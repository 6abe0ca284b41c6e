"""GazeFollow360 reads a panorama once, and its forward pass leaves disk and processes alone."""

import sys
from multiprocessing.process import BaseProcess
from pathlib import Path
from unittest.mock import Mock

import pytest
import torch

import sightline
from sightline import Scene, create
from sightline.media import image
from sightline.media.image import write_image
from sightline.models.base import GazeModel

HEADS = torch.tensor([[20.0, 50, 44, 74], [150, 40, 170, 66]])
OUTSIDE = ("open", "os.fork", "os.posix_spawn", "subprocess.Popen")


@pytest.fixture(params=[False, True], ids=["corrected", "as released"])
def model(request: pytest.FixtureRequest) -> GazeModel:
    torch.manual_seed(0)
    return create("gazefollow360-small", as_released=request.param).eval()


def random_scene(width: int, people: int = 2) -> Scene:
    generator = torch.Generator().manual_seed(width)
    size = (3, width // 2, width)
    picture = torch.randint(0, 256, size, generator=generator, dtype=torch.uint8)
    return Scene(picture, HEADS[:people] * width / 256, projection="equirectangular")


def test_a_panorama_is_decoded_once_for_all_people_in_it(
    model: GazeModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, scene = tmp_path / "panorama.jpg", random_scene(256)
    write_image(file, scene.image)
    decoded, contents = Mock(wraps=image.decode_jpeg), Mock(wraps=image.read_file)
    monkeypatch.setattr(image, "decode_jpeg", decoded)
    monkeypatch.setattr(image, "read_file", contents)
    gaze = sightline.predict(file, scene.heads, model=model, projection="equirectangular")
    assert len(gaze) == 2
    assert decoded.call_count == contents.call_count == 1


def test_forward_opens_no_file_and_starts_no_process(
    model: GazeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, seen, watching = model.preprocess([random_scene(256)]), [], [False]
    sys.addaudithook(lambda event, _: seen.append(event) if watching[0] else None)
    monkeypatch.setattr(BaseProcess, "start", lambda self: seen.append("os.fork"))
    with torch.inference_mode():
        model(batch)  # imports what is imported late
        watching[0] = True
        model(batch)
        watching[0] = False
    assert not set(seen) & set(OUTSIDE)


def test_panoramas_of_different_sizes_in_a_batch_give_what_each_gives_alone(
    model: GazeModel,
) -> None:
    scenes = [random_scene(640), random_scene(256, people=1), random_scene(384)]
    together = model.predict(scenes)
    for scene, gaze in zip(scenes, together, strict=True):
        [alone] = model.predict([scene])
        torch.testing.assert_close(gaze.points, alone.points)
        torch.testing.assert_close(gaze.heatmaps, alone.heatmaps, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(gaze.directions, alone.directions, rtol=1e-4, atol=1e-5)
