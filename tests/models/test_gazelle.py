"""Gaze-LLE: encoders of timm, people without a box, official files in parts, losses, pictures."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torchvision.transforms.v2 import functional as tvf

from sightline.batch import Batch
from sightline.models import convert, create
from sightline.models.gazelle.backbone import Backbone, resample_position
from sightline.models.gazelle.convert import BACKBONES, DECODER, initialise
from sightline.models.gazelle.decoder import HeatmapHead, sinusoid
from sightline.models.gazelle.loss import gazelle_loss, patch_divergence
from sightline.models.gazelle.model import GazeLLE
from sightline.models.gazelle.preprocess import WholePicture
from sightline.models.preprocess import MEAN, STD
from sightline.models.weights import WeightsError
from sightline.registry import UnknownNameError
from sightline.scene import Scene, Truth

VIT = {"backbone": "test_vit", "depth": 2, "image_size": 64, "width": 32, "layers": 1, "heads": 2}
VIT |= {"patch_grid": 2}


def tiny(inside: str = "score", **overrides: object) -> GazeLLE:
    torch.manual_seed(0)
    return create("gazelle-vitb14", **(VIT | {"inside": inside} | overrides)).eval()


def picture(*heads: list[float], seed: int = 0, size: tuple[int, int] = (80, 60)) -> Scene:
    image = torch.randint(
        0, 256, (3, size[1], size[0]), generator=torch.Generator().manual_seed(seed)
    )
    return Scene(image.to(torch.uint8), torch.tensor(heads).view(-1, 4))


def labelled(inside: list[float]) -> Scene:
    scene = picture(*[[10.0, 10, 30, 30]] * len(inside))
    points = torch.full((len(inside), 1, 2), 40.0)
    return replace(scene, truth=Truth(points, torch.tensor(inside)))


NOWHERE = [torch.nan] * 4


@pytest.mark.parametrize(
    ("name", "size", "prefix"),
    [
        ("vit_small_patch14_dinov2", 56, 1),
        ("vit_small_patch14_reg4_dinov2", 56, 5),
        ("vit_small_patch16_dinov3", 64, 5),
    ],
)
def test_the_encoder_is_any_vision_transformer_of_timm(name: str, size: int, prefix: int) -> None:
    encoder = Backbone(name, size, depth=1).eval()
    images = torch.rand(2, 3, size, size)
    features = encoder(images)
    assert features.shape == (2, 384, 4, 4)
    assert encoder.grid == 4
    tokens = encoder.vit.forward_features(images)[:, prefix:]
    assert torch.equal(features[:, :, 1, 2], tokens[:, 6])  # row by row


@pytest.mark.parametrize("name", ["vit_base_patch14", "hf-hub:somebody/something"])
def test_an_encoder_that_timm_does_not_have_is_refused(name: str) -> None:
    with pytest.raises(UnknownNameError, match="timm has no model named"):
        Backbone(name, 64)


def test_a_size_that_is_no_multiple_of_the_patches_is_refused() -> None:
    with pytest.raises(
        ValueError, match="image_size is 72, and test_vit sees patches of 16 pixels"
    ):
        Backbone("test_vit", 72)


@pytest.mark.parametrize("name", ["resnet18", "swin_tiny_patch4_window7_224"])
def test_an_encoder_that_is_no_vision_transformer_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is no vision transformer"):
        Backbone(name, 224)


def test_eps_of_layer_norms_are_the_published_ones() -> None:
    model = create("gazelle-vitb14", depth=1, layers=1)
    encoder, decoder = (
        {m.eps for m in part.modules() if isinstance(m, nn.LayerNorm)}
        for part in (model.backbone, model.decoder)
    )
    assert (encoder, decoder) == ({1e-6}, {1e-5})


def test_a_person_without_a_box_is_decoded_without_a_prompt() -> None:
    model = tiny()
    scene = picture([10.0, 10, 40, 40], NOWHERE, [41.0, 41, 42, 42])  # the last is within no cell
    gaze = model.predict([scene])[0]
    assert gaze.heads[1].isnan().all()
    assert not gaze.points.isnan().any()
    assert torch.equal(gaze.heatmaps[1], gaze.heatmaps[2])
    assert not torch.equal(gaze.heatmaps[0], gaze.heatmaps[1])


def test_pictures_are_encoded_once_however_many_people_they_hold() -> None:
    model = tiny()
    seen = []
    model.backbone.register_forward_hook(lambda _, inputs, __: seen.append(len(inputs[0])))
    model.predict([picture(*[[5.0, 5, 25, 25]] * 7), picture()])
    assert seen == [2]


@pytest.mark.parametrize("inside", ["none", "score", "patches"])
def test_people_decoded_in_parts_are_the_same_people(inside: str) -> None:
    model = tiny(inside)
    heads = [[float(x), 5, x + 20.0, 30] for x in range(0, 50, 10)]
    scenes = [picture(*heads), picture(*heads[:2], seed=1)]
    model.people_at_once = 7
    whole = model.predict(scenes)
    model.people_at_once = 2
    for one, other in zip(whole, model.predict(scenes), strict=True):
        assert torch.allclose(one.heatmaps, other.heatmaps, atol=1e-6)
        assert (one.inside is None) == (inside == "none")
        if one.inside is not None:
            assert torch.allclose(one.inside, other.inside, atol=1e-6)


def test_known_features_take_the_place_of_the_picture() -> None:
    model = tiny()
    scene = picture([10.0, 10, 40, 40])
    batch = model.preprocess([scene])
    with torch.inference_mode():
        features = model.backbone(batch.images)[0]
    unread = replace(scene, image=torch.zeros_like(scene.image), features=features)
    assert torch.equal(model.predict([unread])[0].heatmaps, model.predict([scene])[0].heatmaps)


def test_pictures_are_standardised_then_resized_as_floats() -> None:
    scene = picture(size=(301, 97))
    mean, std = (torch.tensor(v)[:, None, None] for v in (MEAN, STD))
    expected = tvf.resize((scene.image / 255 - mean) / std, [64, 64], antialias=True)
    assert torch.allclose(WholePicture(64)([scene]).images[0], expected, atol=1e-5)


def test_a_head_far_outside_the_picture_is_refused_and_one_without_a_box_is_not() -> None:
    WholePicture(64)([picture(NOWHERE, [-5.0, -5, 20, 20])])
    with pytest.raises(ValueError, match="far outside the picture of 80 x 60"):
        WholePicture(64)([picture([0.0, 0, 9000, 9000])])


def test_the_heatmap_head_is_the_two_convolutions() -> None:
    torch.manual_seed(0)
    head, tokens = HeatmapHead(8), torch.randn(3, 16, 8)
    maps = tokens.mT.unflatten(-1, (4, 4))
    expected = head.squeeze(head.upscale(maps))[:, 0]
    assert torch.allclose(head(tokens), expected, atol=1e-6)


def test_positions_of_the_same_grid_stay_as_they_are() -> None:
    places = torch.randn(1, 37 * 37, 8)
    assert resample_position(places, (37, 37)) is places


def official(model: GazeLLE) -> dict[str, Tensor]:
    """The model's state as an official merged file has it, with the positions of 518 x 518."""
    ours = {new: old for old, new in DECODER.items()}
    state = {}
    for name, tensor in model.state_dict().items():
        start = next((s for s in ours if name.startswith(s)), "backbone.vit.")
        prefix = ours.get(start, "backbone.model.")
        state[prefix + name.removeprefix(start)] = tensor
    width = model.backbone.channels
    state["backbone.model.pos_embed"] = torch.randn(1, 1370, width)
    state["backbone.model.mask_token"] = torch.zeros(1, width)
    return state | {"pos_embed": sinusoid(model.config.width, model.backbone.grid)}


@pytest.fixture(scope="module")
def whole() -> dict[str, Tensor]:
    """A merged official file with the smallest encoder that is official."""
    return official(create("gazelle-vitb14-inout", backbone=BACKBONES[384, 12][0]))


def test_an_official_file_of_another_size_is_refused_in_words(whole: dict[str, Tensor]) -> None:
    with pytest.raises(WeightsError, match="'backbone': 'vit_small_patch14_dinov2'"):
        convert("gazelle-vitb14-inout", whole)


def test_a_decoder_alone_is_no_whole_model(whole: dict[str, Tensor]) -> None:
    decoder = {name: t for name, t in whole.items() if not name.startswith("backbone.")}
    with pytest.raises(WeightsError, match="holds the decoder alone; give the encoder"):
        convert("gazelle-vitb14", decoder)


@pytest.mark.parametrize("name", ["linear.bias", "backbone.model.blocks.11.ls1.gamma"])
def test_a_file_that_lacks_something_is_refused_by_name(
    whole: dict[str, Tensor], name: str
) -> None:
    with pytest.raises(WeightsError, match="1 missing"):
        convert("gazelle-vitb14-inout", {k: v for k, v in whole.items() if k != name})
    with pytest.raises(WeightsError, match="1 unknown"):
        convert("gazelle-vitb14-inout", whole | {f"{name}.more": whole[name]})


def test_another_sinusoid_is_refused(whole: dict[str, Tensor]) -> None:
    with pytest.raises(WeightsError, match="not the fixed sinusoid"):
        convert("gazelle-vitb14-inout", whole | {"pos_embed": whole["pos_embed"] + 0.1})


def test_parts_start_a_model_and_what_they_lack_stays_fresh(whole: dict[str, Tensor]) -> None:
    encoder = {
        name.removeprefix("backbone.model."): t
        for name, t in whole.items()
        if name.startswith("backbone.")
    }
    model = create("gazelle-vitb14-inout", backbone=BACKBONES[384, 12][0])
    fresh = model.decoder.head_prompt.clone()
    notes = initialise(model, encoder)
    assert torch.equal(model.backbone.vit.cls_token, encoder["cls_token"])
    assert torch.equal(model.decoder.head_prompt, fresh)
    assert "initial values kept: decoder.blocks.0" in notes[-1]
    without = {n: t for n, t in whole.items() if not n.startswith(("inout", "backbone."))}
    (_, note) = initialise(model, without)
    assert torch.equal(model.decoder.head_prompt, whole["head_token.weight"])
    assert "decoder.frame_token" in note
    assert "decoder.project" not in note


def test_registers_of_an_official_encoder_are_placed_as_timm_has_them() -> None:
    name = BACKBONES[384, 12][1]
    model = create("gazelle-vitb14", backbone=name)
    state = {k.removeprefix("backbone.vit."): t for k, t in model.state_dict().items()}
    state = {k: t.clone() for k, t in state.items() if not k.startswith("decoder.")}
    state["register_tokens"] = state.pop("reg_token") + 1
    state["pos_embed"], state["mask_token"] = torch.randn(1, 1370, 384), torch.zeros(1, 384)
    initialise(model, state)
    vit = model.backbone.vit
    assert torch.equal(vit.reg_token, state["register_tokens"])
    assert torch.equal(vit.cls_token, state["cls_token"] + state["pos_embed"][:, :1])
    assert vit.pos_embed.shape == (1, 1024, 384)


def test_nobody_inside_costs_nothing_and_breaks_nothing() -> None:
    model = tiny()
    terms = gazelle_loss(model, model.preprocess([labelled([0.0, 0.0])]))
    assert terms["heatmap"] == 0
    assert terms["inside"] > 0
    assert gazelle_loss(model, model.preprocess([labelled([])])) == {"heatmap": 0, "inside": 0}


def test_the_heatmap_is_learnt_from_those_who_look_inside_alone() -> None:
    model = tiny()
    terms = [gazelle_loss(model, model.preprocess([labelled(i)])) for i in ([1.0], [1.0, 0.0])]
    assert torch.allclose(terms[0]["heatmap"], terms[1]["heatmap"])
    assert not torch.allclose(terms[0]["inside"], terms[1]["inside"])


def test_patches_are_learnt_by_their_divergence() -> None:
    target = torch.tensor([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
    assert torch.allclose(
        patch_divergence(target, (target + 1e-9).log()), torch.zeros(2), atol=1e-6
    )
    level = patch_divergence(target, torch.zeros(2, 3))
    assert torch.allclose(level, torch.tensor([1.5, 3.0]).log())
    model = tiny("patches")
    outside = gazelle_loss(model, model.preprocess([labelled([0.0])]), patch_weight=1.0)["patch"]
    with torch.no_grad():
        model.decoder.inside_head[-1].weight.zero_()  # every place alike
    level = gazelle_loss(model, model.preprocess([labelled([0.0])]), patch_weight=1.0)["patch"]
    assert torch.allclose(level, torch.tensor(5.0).log())
    assert not torch.allclose(outside, level)


def test_the_share_of_outside_tells_inside() -> None:
    model = tiny("patches")
    batch: Batch = model.preprocess([picture([10.0, 10, 40, 40])])
    output = model(batch)
    output.patches = torch.tensor([[0.0, 0, 0, 0, torch.tensor(4.0).log()]])
    assert model.decode(output, batch)[0].inside.item() == pytest.approx(0.5)
