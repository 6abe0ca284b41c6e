"""What may stand for a folder: a source of rendered pictures, read strictly."""

import pytest

from sightline.datasets import is_rendered, load_dataset
from sightline.registry import UnknownNameError
from sightline.synthetic.difficulty import HARD
from sightline.synthetic.source import EXAMPLE, Source, read_source


def test_a_source_says_seed_images_size_and_difficulty() -> None:
    assert read_source(EXAMPLE) == Source(3, 10_000, (224, 224), HARD)


def test_what_is_left_out_has_its_usual_value() -> None:
    assert read_source("rendered:") == Source()
    assert read_source("rendered:size=64x48") == Source(size=(64, 48))


@pytest.mark.parametrize(
    "words",
    [
        *("seed", "seed=", "seed=-1", "seed=1.5", "images=0", "size=224", "size=0x4"),
        *("size=64x48x3", "difficulty=brutal", "colour=red", "seed=1,", ",", "seed=1,seed=1"),
        *(" seed=1", "seed=١"),
    ],
)
def test_anything_else_is_refused_with_an_example(words: str) -> None:
    with pytest.raises(ValueError, match="write for example rendered:seed=3") as error:
        read_source(f"rendered:{words}")
    assert str(error.value).count("\n") == 0


def test_a_folder_is_no_source() -> None:
    assert not is_rendered("rendered")
    with pytest.raises(ValueError, match="lie in no folder"):
        load_dataset("rendered-rooms", "rendered", "train")


def test_what_cannot_be_rendered_is_named() -> None:
    with pytest.raises(UnknownNameError, match="dataset that can be rendered named 'voc'"):
        load_dataset("voc", "rendered:", "train")
