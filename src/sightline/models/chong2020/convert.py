"""Official checkpoints of the baseline into ours, by name, strictly."""

from __future__ import annotations

from torch import Tensor

from sightline.models.chong2020.model import Chong2020
from sightline.models.chong2020.video import Chong2020Video, Chong2020VideoConfig
from sightline.models.layers import TwoTrunkConfig
from sightline.models.weights import WeightsError, load_part, require_match

State = dict[str, Tensor]

TRUNKS = ("scene", "face")
NAMES = {  # official prefix: ours, in the order of the network
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
}
LSTM_NAMES = {
    f"{kind}_{official}_l{layer}": f"lstm.layers.{layer}.{ours}.{kind}"
    for kind in ("weight", "bias")
    for official, ours in (("ih", "input"), ("hh", "hidden"))
    for layer in range(2)
}


def rename(official: State) -> tuple[State, State, State]:
    """Official tensors under our names; those that are never used and those without a place."""
    ours, unused, unknown = {}, {}, {}
    for name, tensor in official.items():
        prefix, _, leaf = name.partition(".")
        block, second_norm, statistic = leaf.partition(".bn_ds.")
        if prefix == "convlstm_scene" and leaf in LSTM_NAMES:
            ours[LSTM_NAMES[leaf]] = tensor
        elif prefix not in NAMES:
            unknown[name] = tensor
        elif not second_norm:
            ours[f"{NAMES[prefix]}.{leaf}"] = tensor
        elif block == "0":
            ours[f"{NAMES[prefix]}.0.downsample.2.{statistic}"] = tensor
        else:
            unused[name] = tensor
    return ours, unused, unknown


def convert(official: State) -> tuple[Chong2020, list[str]]:
    """The model of a complete official checkpoint, and notes on what was left out.

    Video is told by the ConvLSTM. Raises WeightsError, listing the names, when anything is missing,
    unknown or of another shape.
    """
    if (branch := "compress_conv2_inout.weight") not in official:
        raise WeightsError(f"this is not a checkpoint of Chong et al. 2020: it has no {branch}")
    video = any(name.startswith("convlstm_scene.") for name in official)
    model = Chong2020Video(Chong2020VideoConfig()) if video else Chong2020(TwoTrunkConfig())
    ours, unused, unknown = rename(official)
    require_match(model, ours | unknown)
    model.load_state_dict(ours)
    return model, _left_out(unused)


def initialise(model: Chong2020, official: State) -> list[str]:
    """Start `model` from official initial weights, or video from pictures; the notes say how.

    official: initial weights as released, a checkpoint, or weights of ours. What it cannot give
    keeps its initial value and is named.
    """
    is_ours = "scene_trunk.stem.0.weight" in official
    ours, unused, unknown = (dict(official), {}, {}) if is_ours else rename(official)
    return load_part(model, ours | unknown) + _left_out(unused)


def _left_out(unused: State) -> list[str]:
    norms = sorted({name.rpartition(".")[0] for name in unused})
    reason = "BatchNorm that the release stores in bottlenecks without a shortcut and never applies"
    return [f"left out {', '.join(norms)}: {reason}"] if norms else []
