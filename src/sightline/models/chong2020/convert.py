"""Official checkpoints of the baseline into ours, by name, strictly."""

from __future__ import annotations

import re

from sightline.models.chong2020.model import Chong2020, Chong2020Config
from sightline.models.chong2020.video import Chong2020Video, Chong2020VideoConfig
from sightline.models.names import rename
from sightline.models.weights import State, WeightsError, load_part, require_match

TRUNKS = ("scene", "face")
NAMES = {  # official beginning: ours, in the order of the network
    **{f"conv1_{trunk}": f"{trunk}_trunk.stem.0" for trunk in TRUNKS},
    **{f"bn1_{trunk}": f"{trunk}_trunk.stem.1" for trunk in TRUNKS},
    **{
        f"layer{i}_{trunk}": f"{trunk}_trunk.layers.{i - 1}"
        for trunk in TRUNKS
        for i in range(1, 6)
    },
    "attn": "scene_attention.linear",
    "compress_conv1": "fusion.0",
    "compress_bn1": "fusion.1",
    "compress_conv2": "fusion.3",
    "compress_bn2": "fusion.4",
    "compress_conv1_inout": "inside_head.0",
    "compress_bn1_inout": "inside_head.1",
    "compress_conv2_inout": "inside_head.3",
    "compress_bn2_inout": "inside_head.4",
    "fc_inout": "inside_head.7",
    "deconv1": "decoder.0",
    "deconv_bn1": "decoder.1",
    "deconv2": "decoder.3",
    "deconv_bn2": "decoder.4",
    "deconv3": "decoder.6",
    "deconv_bn3": "decoder.7",
    "conv4": "decoder.9",
    **{
        f"convlstm_scene.{kind}_{official}_l{layer}": f"lstm.layers.{layer}.{ours}.{kind}"
        for kind in ("weight", "bias")
        for official, ours in (("ih", "input"), ("hh", "hidden"))
        for layer in range(2)
    },
}
UNUSED = re.compile(r"(layer[1-5]_(?:scene|face)\.[1-9]\d*\.bn_ds)\.")
"""BatchNorm that the release stores in bottlenecks without a shortcut and never applies."""


def convert(official: State) -> tuple[Chong2020, list[str]]:
    """The model of a complete official checkpoint, and notes on what was left out.

    Video is told by the ConvLSTM. Raises WeightsError, listing the names, when anything is missing,
    unknown or of another shape.
    """
    if (branch := "compress_conv2_inout.weight") not in official:
        raise WeightsError(f"this is not a checkpoint of Chong et al. 2020: it has no {branch}")
    video = any(name.startswith("convlstm_scene.") for name in official)
    model = Chong2020Video(Chong2020VideoConfig()) if video else Chong2020(Chong2020Config())
    ours, unknown, notes = _ours(official)
    require_match(model, ours | unknown)
    model.load_state_dict(ours)
    return model, notes


def initialise(model: Chong2020, state: State) -> list[str]:
    """Start `model` from official initial weights, or video from pictures; notes say how.

    state: initial weights as released, a checkpoint, or weights of ours. What it cannot give keeps
    its initial value and is named.
    """
    if "scene_trunk.stem.0.weight" in state:
        return load_part(model, state)
    ours, unknown, notes = _ours(state)
    return load_part(model, ours | unknown) + notes


def _ours(official: State) -> tuple[State, State, list[str]]:
    """Official tensors under our names, those without a place, and notes on what is not used."""
    unused = {found[1] for name in official if (found := UNUSED.match(name))}
    used = {name: tensor for name, tensor in official.items() if not UNUSED.match(name)}
    ours, unknown = rename(used, NAMES)
    ours = {name.replace(".bn_ds.", ".downsample.2."): tensor for name, tensor in ours.items()}
    reason = "BatchNorm that the release stores in bottlenecks without a shortcut and never applies"
    return ours, unknown, [f"left out {', '.join(sorted(unused))}: {reason}"] if unused else []
