"""Training on stored features: the same weights, made once, resumable, never of something else."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from PIL import Image

from sightline.datasets import load_dataset
from sightline.encoding import Encoding, encode_pictures
from sightline.feature_store import FeatureScenes, FeatureStore, Origin, picture_names
from sightline.feature_training import keep_pictures
from sightline.media.image import ImageError
from sightline.models import create
from sightline.models.gazelle.loss import gazelle_loss
from sightline.models.gazelle.model import GazeLLE
from sightline.recipe import Recipe, Stage
from sightline.scene import Scene, blank_picture
from sightline.stage_module import StageModule
from sightline.train import Resources, train
from sightline.transforms import Chain, ColourJitter, GazeSafeCrop, HeadJitter, HorizontalFlip, Yaw
from worlds import write_tiny_gazefollow, write_tiny_videoattentiontarget

VIT = {"backbone": "test_vit", "depth": 2, "image_size": 64, "width": 32, "layers": 1, "heads": 2}
ONE = Resources(accelerator="cpu", workers=0, precision="float32", checkpoint_every=3)


def tiny_gazelle(**overrides: object) -> GazeLLE:
    return create("gazelle-vitb14-inout", **(VIT | overrides))


def adamw(model: GazeLLE) -> torch.optim.Optimizer:
    return torch.optim.AdamW(model.decoder.parameters(), lr=1e-3)


def tiny_recipe(**changes: object) -> Recipe:
    stage = Stage(
        "decoder",
        loss=gazelle_loss,
        dataset="gazefollow",
        optimizer=adamw,
        epochs=2,
        batch_size=8,
        trainable=("decoder.",),
        augment=HeadJitter(0.2),
    )
    return Recipe(
        "tiny", f"{__file__}:tiny_gazelle", (replace(stage, **changes),), "gazefollow-val"
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_gazefollow(tmp_path_factory.mktemp("data"), train=48)


@pytest.fixture(scope="module")
def finished(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on stored features, and the folder of these beside it."""
    out = tmp_path_factory.mktemp("finished")
    train(tiny_recipe(), data, out / "run", resources=ONE, features=out / "features")
    return out


def weights(run: Path) -> dict[str, torch.Tensor]:
    return torch.load(run / "decoder" / "last.ckpt", weights_only=True)["state_dict"]


def assert_same(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert torch.equal(found[name], tensor), name


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_training_on_stored_features_gives_the_weights_of_training_on_pictures(
    data: Path, tmp_path: Path, precision: str
) -> None:
    resources = replace(ONE, precision=precision)
    train(tiny_recipe(), data, tmp_path / "pictures", resources=resources)
    train(tiny_recipe(), data, tmp_path / "stored", resources=resources, features=tmp_path / "maps")
    assert_same(weights(tmp_path / "stored"), weights(tmp_path / "pictures"))


class Breaks:
    """A loss that raises at a given call, as a machine that goes down would."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self, model, batch):
        self.left -= 1
        if self.left == 0:
            raise ConnectionAbortedError
        return gazelle_loss(model, batch)


def test_a_broken_run_on_stored_features_resumes_to_the_same_weights(
    finished: Path, data: Path, tmp_path: Path
) -> None:
    given = {"resources": ONE, "features": finished / "features"}
    with pytest.raises(ConnectionAbortedError):
        train(tiny_recipe(loss=Breaks(8)), data, tmp_path, **given)
    train(tiny_recipe(), data, tmp_path, resume=True, **given)
    assert_same(weights(tmp_path), weights(finished / "run"))


def test_training_on_stored_features_decodes_no_picture(
    finished: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sightline.datasets.gazefollow.read_image", None)
    train(tiny_recipe(epochs=1), data, tmp_path, resources=ONE, features=finished / "features")
    assert (tmp_path / "decoder" / "best.safetensors").exists()


def encoding(**overrides: object) -> Encoding:
    torch.manual_seed(0)
    return Encoding(tiny_gazelle(**overrides), "cpu", torch.float32)


encode = partial(encode_pictures, workers=0)


def test_both_readings_of_gazefollow_share_a_row_per_picture(data: Path, tmp_path: Path) -> None:
    people = load_dataset("gazefollow", data, "trainval")
    store = encode(encoding(), [people], data, tmp_path)
    size = (tmp_path / "features.bin").stat().st_size
    pictures = load_dataset("gazefollow-pictures", data, "trainval")
    encode(encoding(), [pictures], data, tmp_path)
    assert (tmp_path / "features.bin").stat().st_size == size == 48 * store.row_bytes
    scene = FeatureScenes(pictures, data, store)[3]
    expected = encoding()(encoding().preprocess([pictures[3]]).images)
    torch.testing.assert_close(scene.features, expected[0])
    assert (scene.size, scene.key) == (pictures[3].size, pictures[3].key)
    assert torch.equal(scene.heads, pictures[3].heads)


def test_frames_that_several_windows_show_are_stored_once(tmp_path: Path) -> None:
    films = write_tiny_videoattentiontarget(tmp_path / "films", train_shows=1, tracks=(7, 3))
    dataset = load_dataset("videoattentiontarget", films, "trainval")
    store = encode(encoding(), [dataset], films, tmp_path / "maps")
    assert len(store.rows) == 7
    clip = FeatureScenes(dataset, films, store)[1]
    expected = encoding()(encoding().preprocess(dataset[1]).images)
    torch.testing.assert_close(torch.stack([scene.features for scene in clip]), expected)
    assert [scene.key for scene in clip] == [scene.key for scene in dataset[1]]


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"depth": 1}, "another encoder and weights"),
        ({"image_size": 80}, "another encoder and weights and preprocess and shape"),
    ],
)
def test_features_of_another_encoder_are_refused(
    data: Path, tmp_path: Path, changed: dict[str, object], named: str
) -> None:
    dataset = load_dataset("gazefollow", data, "val")
    encode(encoding(), [dataset], data, tmp_path)
    with pytest.raises(ValueError, match=named):
        encode(encoding(**changed), [dataset], data, tmp_path)


def test_features_of_other_weights_are_refused(data: Path, tmp_path: Path) -> None:
    dataset = load_dataset("gazefollow", data, "val")
    encode(encoding(), [dataset], data, tmp_path)
    other = encoding()
    next(other.encoder.parameters()).data.add_(1e-3)
    with pytest.raises(ValueError, match="another weights"):
        encode(other, [dataset], data, tmp_path)


def test_features_of_other_pictures_with_the_same_names_are_refused(tmp_path: Path) -> None:
    first = write_tiny_gazefollow(tmp_path / "first", train=8)
    other = write_tiny_gazefollow(tmp_path / "other", train=8, seed=1)
    datasets = [load_dataset("gazefollow", root, "trainval") for root in (first, other)]
    encode(encoding(), datasets[:1], first, tmp_path / "maps")
    with pytest.raises(ValueError, match="features of other pictures: train/00000000"):
        encode(encoding(), datasets[1:], other, tmp_path / "maps")


class StopsAfter(Encoding):
    """An encoder whose process is killed after some batches."""

    left = 2

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return super().__call__(images)


def test_a_killed_encoding_goes_on_and_counts_nothing_half_written(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sightline.encoding.TOGETHER", 16)
    dataset = load_dataset("gazefollow", data, "trainval")
    killed = StopsAfter(tiny_gazelle(), "cpu", torch.float32)
    killed.encoder = encoding().encoder
    with pytest.raises(KeyboardInterrupt):
        encode(killed, [dataset], data, tmp_path)
    with (tmp_path / "features.bin").open("ab") as maps:
        maps.write(b"half a row")
    with (tmp_path / "pictures.jsonl").open("ab") as names:
        names.write(b'["train/00000000/0000')
    written = (tmp_path / "features.bin").read_bytes()
    store = encode(encoding(), [dataset], data, tmp_path)
    assert len(store.rows) == 48
    kept = 16 * store.row_bytes
    assert (tmp_path / "features.bin").read_bytes()[:kept] == written[:kept]
    whole = encode(encoding(), [dataset], data, tmp_path / "whole")
    for index in range(48):
        (name,) = picture_names(dataset, data, index)
        torch.testing.assert_close(store[name], whole[name])


def test_a_folder_whose_maps_were_cut_is_refused(data: Path, tmp_path: Path) -> None:
    dataset = load_dataset("gazefollow", data, "val")
    store = encode(encoding(), [dataset], data, tmp_path)
    with store.data.open("r+b") as maps:
        maps.truncate(10)
    with pytest.raises(ValueError, match=r"features\.bin is shorter than"):
        encode(encoding(), [dataset], data, tmp_path)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_broken_picture_is_named_and_costs_no_other(tmp_path: Path, workers: int) -> None:
    data = write_tiny_gazefollow(tmp_path / "data", train=8)
    broken = data / "train" / "00000000" / "00000003.jpg"
    whole = broken.read_bytes()
    broken.write_bytes(whole[:200])
    dataset = load_dataset("gazefollow", data, "trainval")
    with pytest.raises(ImageError, match=r"1 pictures cannot be read.*00000003\.jpg"):
        encode_pictures(encoding(), [dataset], data, tmp_path / "maps", workers=workers)
    broken.write_bytes(whole)
    store = FeatureStore(tmp_path / "maps", encoding().origin())
    assert len(store.rows) == 7
    assert len(encode(encoding(), [dataset], data, tmp_path / "maps").rows) == 8


def test_bfloat16_takes_half_the_space_and_comes_back_as_it_was(tmp_path: Path) -> None:
    origin = Origin("e", "w", "p", "bfloat16", (2, 3, 3))
    store = FeatureStore(tmp_path, origin)
    maps = torch.randn(2, 2, 3, 3)
    with store.alone():
        store.add({"a": 1, "b": 2}, maps)
    assert store.data.stat().st_size == 2 * 18 * 2
    again = FeatureStore(tmp_path, origin)
    assert torch.equal(again["b"], maps[1].bfloat16())


def test_augmentations_that_change_pictures_are_left_out_and_recorded(
    data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    augment = Chain(HeadJitter(0.1), Chain(GazeSafeCrop(), HorizontalFlip()), ColourJitter())
    recipe = tiny_recipe(augment=augment, epochs=1)
    kept, left_out = keep_pictures(recipe, tiny_gazelle())
    assert "left out: GazeSafeCrop, HorizontalFlip, ColourJitter;" in caplog.text
    assert left_out == ["GazeSafeCrop", "HorizontalFlip", "ColourJitter"]
    assert repr(kept.stages[0].augment) == repr(Chain(HeadJitter(0.1)))
    train(recipe, data, tmp_path / "run", resources=ONE, features=tmp_path / "maps")
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["features"]["augmentations_left_out"] == left_out
    assert "GazeSafeCrop" not in json.dumps(record["recipe"])


def darker(clip):
    """A user's own augmentation that does not say that it changes pictures."""
    return [replace(scene, image=scene.image // 2) for scene in clip]


def test_an_augmentation_that_changes_pictures_in_secret_is_an_error(
    finished: Path, data: Path, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="changes_picture = True"):
        train(
            tiny_recipe(augment=darker),
            data,
            tmp_path,
            resources=ONE,
            features=finished / "features",
        )


def test_a_recipe_that_always_trains_the_encoder_is_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="every stage of the recipe trains the encoder"):
        train(
            tiny_recipe(trainable=("",)), data, tmp_path, resources=ONE, features=tmp_path / "maps"
        )


def test_a_stage_that_trains_the_encoder_sees_pictures_and_the_next_one_its_features(
    data: Path, tmp_path: Path
) -> None:
    (decoder,) = tiny_recipe(epochs=1).stages
    everything = replace(decoder, name="all", trainable=("",), augment=HorizontalFlip())
    recipe = replace(tiny_recipe(), stages=(everything, decoder))
    assert keep_pictures(recipe, tiny_gazelle())[0].stages[0] == everything
    train(recipe, data, tmp_path / "pictures", resources=ONE)
    train(recipe, data, tmp_path / "stored", resources=ONE, features=tmp_path / "maps")
    assert_same(weights(tmp_path / "stored"), weights(tmp_path / "pictures"))


@pytest.mark.parametrize(
    "change", [HorizontalFlip(p=0), ColourJitter(p=0), GazeSafeCrop(p=0), Yaw(p=0)]
)
def test_what_changes_pictures_refuses_scenes_with_features(change) -> None:
    scene = Scene(blank_picture((9, 6)), torch.tensor([[1.0, 1.0, 4.0, 4.0]]))
    assert change([scene])[0].size == (9, 6)
    with pytest.raises(ValueError, match="has features of its picture"):
        change([replace(scene, features=torch.zeros(2, 3, 3))])


def test_a_model_without_an_encoder_of_pictures_says_so(data: Path, tmp_path: Path) -> None:
    recipe = replace(tiny_recipe(), model="pdp-small")
    with pytest.raises(ValueError, match="leave --features out"):
        train(recipe, data, tmp_path, resources=ONE, features=tmp_path / "maps")


def test_a_recipe_says_which_weights_it_starts_from(data: Path, tmp_path: Path) -> None:
    recipe = replace(tiny_recipe(), starts_from="an encoder: --init encoder.pth")
    with pytest.raises(ValueError, match=r"starts from an encoder: --init encoder\.pth"):
        train(recipe, data, tmp_path, resources=ONE)


def test_a_decoder_alone_does_not_start_a_recipe_that_needs_an_encoder(
    data: Path, tmp_path: Path
) -> None:
    state = tiny_gazelle().state_dict()
    decoder = {name: t for name, t in state.items() if name.startswith("decoder.")}
    torch.save(decoder, tmp_path / "decoder.pt")
    recipe = replace(tiny_recipe(), starts_from="an encoder")
    with pytest.raises(ValueError, match=r"decoder\.pt holds no encoder, which would stay random"):
        train(recipe, data, tmp_path / "run", resources=ONE, initial=tmp_path / "decoder.pt")
    assert not (tmp_path / "run").exists()


def test_a_frozen_encoder_is_in_evaluation_mode_as_for_stored_features(data: Path) -> None:
    (stage,) = tiny_recipe().stages
    modes = []
    for trainable in (("decoder.",), ("",)):
        part = replace(stage, trainable=trainable)
        module = StageModule(tiny_gazelle(), part, None, data, seed=0, workers=0)
        module.on_train_epoch_start()
        modes.append((module.model.encoder.training, module.model.decoder.training))
    assert modes == [(False, True), (True, True)]


def test_an_outline_is_the_sample_without_its_picture(data: Path) -> None:
    Image.open(data / "train" / "00000000" / "00000000.jpg").verify()
    dataset = load_dataset("gazefollow", data, "train")
    scene, outline = dataset[2], dataset.outline(2)
    assert outline.size == scene.size
    assert not outline.image.any()
    assert torch.equal(outline.truth.points, scene.truth.points)
