"""Official GaTector checkpoints and ImageNet's ResNet-50 into ours, by name.

The release saves two networks under one name: gaze with a one-scale detector (GOO-Synth), and a
three-scale detector whose gaze head is there but never used (GOO-Real). Nothing is skipped
silently: what has no effect on the outputs is listed below by name.
"""

from __future__ import annotations

from sightline.models.gatector.detector import GaTectorDetector, GaTectorDetectorConfig
from sightline.models.gatector.model import GaTector, GaTectorConfig
from sightline.models.names import left_out, rename
from sightline.models.weights import State, WeightsError, load_part, require_match

BACKBONE = {  # official beginning: ours
    "backbone.model.conv1": "scene_stem.0",
    "backbone.model.bn1": "scene_stem.1",
    "backbone.model.conv2": "head_stem.0",
    "backbone.model.bn2": "head_stem.1",
    **{f"backbone.model.layer{i}": f"layers.{i - 1}" for i in range(1, 5)},
    "backbone.model.layer5_scene": "scene_layer",
    "backbone.model.layer5_face": "head_layer",
}
NECK = {
    "conv1": "deep.before",
    "conv2": "deep.after",
    "conv_for_P4": "lateral_4",
    "make_five_conv1": "merge_4",
    "conv_for_P3": "lateral_3",
    "make_five_conv2": "merge_3",
}
DEFOCUS = NECK | {
    "ps1.pixel_shuffle.1": "up_4",
    "ps2.pixel_shuffle.1": "up_3",
    "yolo_head3.0": "before",
    "yolo_head3.1": "head",
}
PYRAMID = NECK | {
    "upsample1.upsample.0": "up_4",
    "upsample2.upsample.0": "up_3",
    "down_sample1": "down_4",
    "make_five_conv3": "again_4",
    "down_sample2": "down_5",
    "make_five_conv4": "again_5",
    **{f"yolo_head{i}.0": f"before.{i - 1}" for i in (1, 2, 3)},
    **{f"yolo_head{i}.1": f"head.{i - 1}" for i in (1, 2, 3)},
}
GAZE = {
    "attn": "attention.linear",
    "conv_block": "place",
    "conv_face_scene": "fusion",
    "compress_conv1": "encoder.0",
    "compress_bn1": "encoder.1",
    "compress_conv2": "encoder.3",
    "compress_bn2": "encoder.4",
    "deconv1": "decoder.0",
    "deconv_bn1": "decoder.1",
    "deconv2": "decoder.3",
    "deconv_bn2": "decoder.4",
    "deconv3": "decoder.6",
    "deconv_bn3": "decoder.7",
    "conv4": "decoder.9",
}
INOUT = "an in/out branch that nothing is made of"
UNUSED_BY_GATECTOR = {
    **dict.fromkeys(("compress_conv1_inout", "compress_bn1_inout", "fc_inout"), INOUT),
    **dict.fromkeys(("compress_conv2_inout", "compress_bn2_inout"), INOUT),
    **dict.fromkeys(
        ("upsample1", "upsample2", "down_sample1", "make_five_conv3", "down_sample2"),
        "a part of the three-scale detector",
    ),
    "make_five_conv4": "a part of the three-scale detector",
}
UNUSED_BY_DETECTOR = {
    **{prefix: INOUT for prefix, why in UNUSED_BY_GATECTOR.items() if why == INOUT},
    **dict.fromkeys(GAZE, "a part of the gaze head"),
    **{
        name: "the head branch of the backbone, or its layer for gaze"
        for name, ours in BACKBONE.items()
        if ours in ("head_stem.0", "head_stem.1", "scene_layer", "head_layer")
    },
}


TWO_TRUNKS = {  # of our models with two trunks: the face's is what scene and head share
    "face_trunk.stem": "backbone.head_stem",
    "face_trunk.layers": "backbone.layers",
    "face_trunk.layers.4": "backbone.head_layer",
    "scene_trunk.stem": "backbone.scene_stem",
    "scene_trunk.layers.4": "backbone.scene_layer",
}


def convert(official: State) -> tuple[GaTector | GaTectorDetector, list[str]]:
    """The model of a complete official checkpoint, and notes on what was left out.

    Which of the two it is is told by the detector's heads. Raises WeightsError, listing the names,
    when anything is missing, unknown or of another shape.
    """
    if "yolo_head3.1.weight" not in official:
        raise WeightsError("this is not a GaTector checkpoint: it has no yolo_head3.1.weight")
    model = (
        GaTectorDetector(GaTectorDetectorConfig())
        if _three_scales(official)
        else GaTector(GaTectorConfig())
    )
    ours, unknown, notes = _ours(official)
    require_match(model, ours | unknown)
    model.load_state_dict(ours)
    return model, notes


def initialise(model: GaTector | GaTectorDetector, state: State) -> list[str]:
    """Start `model` from ImageNet's ResNet-50, a two-trunk model of ours, or GaTector itself.

    ImageNet's stem and layers go to the scene *and* the head, whose stem has no other source. As
    released they are overwritten at once by random values: the model is left as it was. Of a model
    with two trunks (PDP, Chong et al.), the face trunk becomes what scene and head share.
    """
    if "yolo_head3.1.weight" in state:
        ours, unknown, notes = _ours(state)
        return load_part(model, ours | unknown) + notes
    imagenet = "layer1.0.conv1.weight" in state
    if imagenet and model.config.as_released:
        return ["as released, pretrained weights are overwritten by random ones: none were kept"]
    if imagenet:
        return load_part(model, _from_imagenet(model, state))
    if "face_trunk.stem.0.weight" in state:
        return load_part(model, _from_two_trunks(state))
    return load_part(model, state)


def _three_scales(official: State) -> bool:
    return "yolo_head1.1.weight" in official


def _ours(official: State) -> tuple[State, State, list[str]]:
    """Official tensors under our names, those without a place, and notes on what is not used."""
    three_scales = _three_scales(official)
    ours, rest = rename(official, _names(three_scales))
    ours = {n.replace(".conv.", ".0.").replace(".bn.", ".1."): t for n, t in ours.items()}
    return ours, *left_out(rest, UNUSED_BY_DETECTOR if three_scales else UNUSED_BY_GATECTOR)


def _names(three_scales: bool) -> dict[str, str]:
    """Official beginning: ours, of one of the two networks."""
    if not three_scales:
        groups = {"backbone": BACKBONE, "detection": DEFOCUS, "gaze": GAZE}
        return {o: f"{part}.{ours}" for part, names in groups.items() for o, ours in names.items()}
    shared = {o: ours for o, ours in BACKBONE.items() if ours.startswith("layers")}
    stem = {"backbone.model.conv1": "stem.0", "backbone.model.bn1": "stem.1"}
    return shared | stem | {o: f"detection.{ours}" for o, ours in PYRAMID.items()}


def _from_imagenet(model: GaTector | GaTectorDetector, resnet: State) -> State:
    """What a ResNet has for stems and shared layers, under our names; unknown tensors stay."""
    joint = isinstance(model, GaTector)
    start = "backbone." if joint else ""
    ours, rest = rename(resnet, {f"layer{i}": f"{start}layers.{i - 1}" for i in range(1, 5)})
    _, unknown = rename(rest, dict.fromkeys(("conv1", "bn1", "fc"), ""))
    for stem in ("backbone.scene_stem", "backbone.head_stem") if joint else ("stem",):
        ours |= rename(rest, {"conv1": f"{stem}.0", "bn1": f"{stem}.1"})[0]
    return ours | unknown


def _from_two_trunks(state: State) -> State:
    """The trunks as a backbone."""
    ours, _ = rename(state, TWO_TRUNKS)
    filters = "backbone.scene_stem.0.weight"
    return ours | {filters: ours[filters][:, :3]}  # without depth and head mask
