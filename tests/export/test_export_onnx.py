"""Every kind of graph against its model, at other sizes and numbers than it was traced with."""

import os
from functools import cache
from pathlib import Path

import pytest
import torch

from sightline.export.onnx import export_onnx
from sightline.export.parity import compare, scenes_for
from sightline.models import create
from sightline.models.base import GazeModel
from sightline.onnx_model import OnnxModel
from sightline.scene import Clip

TINY = {"width": 4, "blocks": (1, 1, 1, 1, 1), "image_size": 64}
PANORAMA = {"head_size": 32, "width": 4, "region_size": 16, "heatmap_size": 16}
GAZELLE = {"depth": 1, "image_size": 64, "width": 32, "heads": 2, "patch_grid": 2}
CASES = {  # one of each kind: the others of a kind differ in sizes only
    "pdp-video": TINY,
    "gatector-small": TINY,
    "gazelle-small": GAZELLE,
    "chong2020-video": TINY,
    "gatector-detector": TINY,
    "gazefollow360-small": PANORAMA,
    "head-detector": {},
}
BY_HAND = {"chong2020-video", "gatector-detector", "gazefollow360-small", "head-detector"}
by_hand = pytest.mark.skipif(
    "SIGHTLINE_EXPORT" not in os.environ, reason="tracing takes long: `make test-onnx`"
)


def model_of(name: str) -> GazeModel:
    torch.manual_seed(1)
    return create(name, **CASES[name]).eval()


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory):
    """Files by name and precision, each written once."""
    folder, files = tmp_path_factory.mktemp("onnx"), {}

    def get(name: str, *, half: bool = False) -> OnnxModel:
        if (name, half) not in files:
            path = folder / f"{name}-{half}.onnx"
            export_onnx(model_of(name), path, half=half, notes={"model": name})
            files[name, half] = OnnxModel(path, threads=1)
        return files[name, half]

    return get


@cache
def clips(name: str) -> list[Clip]:
    """Rendered ones, few and small."""
    found = scenes_for(model_of(name))
    return [clip for clip in found if clip[0].size[0] <= 512][:4]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[by_hand] if n in BY_HAND else []) for n in CASES]
)
def test_a_file_says_what_its_model_says(name: str, exported) -> None:
    model = model_of(name)
    parity = compare(model, exported(name), clips(name))
    assert parity.pictures >= 2
    if model.tells_gaze and name != "head-detector":
        assert parity.people > 0
        assert parity.heatmap_error <= 0.01 * parity.heatmap_range
        assert parity.median_shift < 0.1
    if model.finds_objects:
        assert parity.same_objects >= 0.98 * parity.objects


@by_hand
@pytest.mark.parametrize("name", ["pdp-video", "gatector-small", "gazelle-small"])
def test_float16_is_near_and_takes_less_room(name: str, exported) -> None:
    full, half = exported(name), exported(name, half=True)
    parity = compare(model_of(name), half, clips(name))
    assert parity.heatmap_error <= 0.05 * parity.heatmap_range
    sizes = [Path(each.path).stat().st_size for each in (full, half)]
    assert sizes[1] < 0.8 * sizes[0]


def test_a_file_says_what_it_is(exported) -> None:
    about = exported("pdp-video").about
    assert about["model"] == "pdp-video"
    assert about["config"]["width"] == 4
    assert set(about["inputs"]) == {"images", "heads", "image_of", "depth"}
    assert set(about["outputs"]) == {"heatmaps", "inside", "points"}


def test_a_picture_without_people_costs_the_others_nothing(exported) -> None:
    scene = clips("gatector-small")[0][0]
    picture = scene.image.permute(1, 2, 0).numpy()
    model = exported("gatector-small")
    alone = model.predict(picture, scene.heads)
    nobody, somebody = model.predict_all([picture, picture], [[], scene.heads])
    assert len(nobody.points) == 0
    assert abs(somebody.points - alone.points).max() < 1e-6
    assert len(model.predict(picture).objects.boxes) == len(alone.objects.boxes)


def test_what_cannot_be_traced_is_refused_with_a_sentence(tmp_path: Path) -> None:
    class Mute(GazeModel):
        pass

    with pytest.raises(ValueError, match="Mute cannot be exported: it has no `answer`"):
        export_onnx(Mute(), tmp_path / "mute.onnx")


@pytest.mark.parametrize(
    ("heads", "words"),
    [([[float("nan")] * 4], "no number"), ([], "heads"), ([[0, 0, 9, 9]] * 2, "reads depth")],
)
def test_wrong_inputs_are_refused_with_a_sentence(heads, words: str, exported) -> None:
    scene = clips("pdp-video")[0][0]
    picture = scene.image.permute(1, 2, 0).numpy()
    with pytest.raises(ValueError, match=words):
        exported("pdp-video").predict_all([picture], [heads] if heads else [])
