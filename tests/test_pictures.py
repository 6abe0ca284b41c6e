"""Prediction on pictures from Python: given heads, shared batches, failures on their own."""

from pathlib import Path

import pytest
import torch

import sightline
from sightline.media.heads import Heads
from sightline.media.image import ImageError, write_image
from sightline.models import create
from sightline.pictures import Failed, Found, predict_pictures
from sightline.scene import Scene

TINY = {"width": 4, "blocks": (1, 1, 1, 1, 1), "image_size": 64}


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    files = [tmp_path / f"{number}.png" for number in range(7)]
    for file in files:
        write_image(file, torch.randint(0, 256, (3, 40, 50), dtype=torch.uint8))
    return files


def one_head(scene: Scene) -> Heads:
    return Heads(torch.tensor([[5.0, 5, 20, 20]]), torch.ones(1))


def test_one_picture_with_given_heads(paths: list[Path]) -> None:
    model = create("pdp-nodepth", **TINY)
    gaze = sightline.predict(paths[0], heads=[[5, 5, 20, 20], [25, 5, 40, 20]], model=model)
    assert gaze.heads[0].tolist() == pytest.approx([0.1, 0.125, 0.4, 0.5])
    assert len(gaze) == 2


def test_no_heads_are_no_people(paths: list[Path]) -> None:
    assert len(sightline.predict(paths[0], heads=[], model=create("pdp-nodepth", **TINY))) == 0


def test_a_file_that_is_no_picture_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="there is no such file"):
        sightline.predict(tmp_path / "gone.jpg", heads=[])


def test_people_of_several_pictures_share_batches_in_order(paths: list[Path]) -> None:
    model = create("pdp-nodepth", **TINY)
    sizes = []
    model.register_forward_pre_hook(lambda _, inputs: sizes.append(len(inputs[0])))
    found = list(predict_pictures(paths, model, one_head, people_per_batch=3))
    assert [picture.path for picture in found] == paths
    assert sizes == [3, 3, 1]


def test_a_picture_that_cannot_be_predicted_costs_nobody_else(paths: list[Path]) -> None:
    def heads(scene: Scene) -> Heads:
        lost = Path(scene.key).name == "2.png"
        return Heads(torch.full((1, 4), torch.nan), torch.ones(1)) if lost else one_head(scene)

    model = create("pdp-nodepth", **TINY)
    found = list(predict_pictures(paths, model, heads, people_per_batch=4))
    assert [type(picture) for picture in found].count(Found) == 6
    (failed,) = [picture for picture in found if isinstance(picture, Failed)]
    assert failed.path.name == "2.png"
    assert "no head box" in failed.reason


def test_large_pictures_of_few_people_do_not_pile_up(
    paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sightline.pictures.MOST_BYTES", 2 * 3 * 40 * 50)  # two of them
    model = create("pdp-nodepth", **TINY)
    sizes = []
    model.register_forward_pre_hook(lambda _, inputs: sizes.append(len(inputs[0])))
    assert len(list(predict_pictures(paths, model, one_head))) == 7
    assert sizes == [3, 3, 1]


def test_reading_stays_a_few_pictures_ahead(paths: list[Path]) -> None:
    begun = []

    def heads(scene: Scene) -> Heads:
        begun.append(scene.key)
        return one_head(scene)

    stream = predict_pictures(
        paths, create("pdp-nodepth", **TINY), heads, people_per_batch=1, readers=1
    )
    next(stream)
    assert len(begun) <= 6


def test_the_public_surface_is_small_and_lazy() -> None:
    assert len(sightline.__all__) <= 15
    for name in sightline.__all__:
        assert getattr(sightline, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        sightline.nonsense  # noqa: B018
