"""Official PDP checkpoints and CVPR 2020 initial weights into ours, by name.

The release and the CVPR 2020 baseline (Chong et al.) share the layout of trunks, attention, fusion
and decoder; nothing is skipped silently: what each has beyond the other is listed below by name.
"""

from __future__ import annotations

import torch
from torch import Tensor

from sightline.models.names import left_out, rename
from sightline.models.pdp.model import PDP, PDPConfig
from sightline.models.pdp.video import PDPVideo, PDPVideoConfig
from sightline.models.weights import State, WeightsError, load_part, require_match

NAMES = {  # official beginning: ours, in the order of the network
    "conv1_scene": "scene_trunk.stem.0",
    "bn1_scene": "scene_trunk.stem.1",
    **{f"layer{i}_scene": f"scene_trunk.layers.{i - 1}" for i in range(1, 6)},
    "conv1_face": "face_trunk.stem.0",
    "bn1_face": "face_trunk.stem.1",
    **{f"layer{i}_face": f"face_trunk.layers.{i - 1}" for i in range(1, 6)},
    "attn": "scene_attention.linear",
    "compress_conv1": "fusion.0",
    "compress_bn1": "fusion.1",
    "compress_conv2": "fusion.3",
    "compress_bn2": "fusion.4",
    "outside_embedding": "tokens.outside",
    "patch_pos_embedding": "tokens.position",
    "qkv_proj": "tokens.qkv",
    "temporal_pos_embed": "temporal.position",
    "temporal_mapping": "temporal.squeeze",
    "temporal_attention.in_proj_weight": "temporal.query_key.weight",
    "temporal_attention.in_proj_bias": "temporal.query_key.bias",
    "temporal_proj_1": "temporal.value",
    "temporal_norm_1": "temporal.norm",
    "inout_patch_encode": "patch_head.0",
    "inout_patch_pred": "patch_head.2",
    "deconv_encode": "heatmap_head.0",
    "deconv1": "heatmap_head.2",
    "deconv_bn1": "heatmap_head.3",
    "deconv2": "heatmap_head.5",
    "deconv_bn2": "heatmap_head.6",
    "deconv3": "heatmap_head.8",
    "deconv_bn3": "heatmap_head.9",
    "conv4": "heatmap_head.11",
}
UNUSED = {  # in the release's state without an effect on what is predicted
    "compress_conv1_inout": "an in/out branch for comparison, of which nothing else is made",
    "fc_inout": "an in/out branch for comparison, of which nothing else is made",
    "temporal_attention.out_proj": "only the attention weights of that module are used",
}
BASELINE_ONLY = (  # the in/out branch of the baseline, which PDP replaces by the patch head
    "compress_conv1_inout",
    "compress_bn1_inout",
    "compress_conv2_inout",
    "compress_bn2_inout",
    "fc_inout",
)


def convert(official: State) -> tuple[PDP, list[str]]:
    """The model of a complete official checkpoint, and notes on what was left out.

    Depth is told by the channels of the first scene convolution, video by the auxiliary in/out
    branch, temporal attention by its position embedding. Raises WeightsError, listing the names,
    when anything is missing, unknown or of another shape.
    """
    first = official.get("conv1_scene.weight")
    if first is None:
        raise WeightsError("this is not a PDP checkpoint: it has no conv1_scene.weight")
    depth = first.shape[1] == 5
    if "fc_inout.weight" in official and "qkv_proj.weight" in official:
        temporal = "temporal_pos_embed" in official
        model = PDPVideo(PDPVideoConfig(depth=depth, temporal=temporal))
    else:
        model = PDP(PDPConfig(depth=depth))
    ours, rest = _ours(official)
    unknown, notes = left_out(rest, UNUSED)
    require_match(model, ours | unknown)
    model.load_state_dict(ours)
    return model, notes


def initialise(model: PDP, state: State) -> list[str]:
    """Start `model` from weights of the baseline or of another PDP; notes say what went where.

    state: initial weights as released, a PDP checkpoint (video starts from pictures), or ours. A
    file made without depth enters the model with depth at the positions that the channels have
    there; what the file cannot give keeps its random values and is named.
    """
    is_ours = "scene_trunk.stem.0.weight" in state
    ours, rest = (dict(state), {}) if is_ours else _ours(state)
    notes = _make_room_for_depth(ours, model.state_dict()) if model.config.depth else []
    unknown, _ = left_out(rest, UNUSED | dict.fromkeys(BASELINE_ONLY, ""))
    notes += load_part(model, ours | unknown)
    if rest:
        notes.append(f"left out (in/out branches that PDP does not use): {', '.join(sorted(rest))}")
    return notes


def _ours(official: State) -> tuple[State, State]:
    """Official tensors under our names and in our shapes, and those without a place."""
    ours, rest = rename(official, NAMES)
    return {name: _reshaped(name, tensor) for name, tensor in ours.items()}, rest


def _reshaped(name: str, tensor: Tensor) -> Tensor:
    """An official tensor, by our name, in our shape."""
    part = name.rpartition(".")[0]
    if name == "temporal.position":
        return tensor.squeeze(1)  # stored as (frames, 1, places)
    if part == "temporal.norm":
        return tensor.mT  # stored as (channels, places)
    if part == "temporal.query_key":
        return tensor[: 2 * len(tensor) // 3]  # the rest makes values that are thrown away
    linear = ("patch_head.0", "patch_head.2", "temporal.squeeze", "temporal.value")
    one_by_one = part in linear and tensor.ndim == 3  # stored as 1-D convolutions of kernel 1
    return tensor.squeeze(-1) if one_by_one else tensor


def _make_room_for_depth(ours: State, fresh: State) -> list[str]:
    """Spread 4-channel weights over the 5-channel layout: RGB, depth, head; head, depth, face."""
    conv, linear = "scene_trunk.stem.0.weight", "scene_attention.linear.weight"
    if conv not in ours or ours[conv].shape[1] != 4:
        return []
    depth = slice(3, 4)
    ours[conv] = torch.cat([ours[conv][:, :3], fresh[conv][:, depth], ours[conv][:, 3:]], 1)
    maps = fresh[linear].shape[1] - ours[linear].shape[1]  # pixels of one pooled map
    columns = slice(maps, 2 * maps)
    old = ours[linear]
    ours[linear] = torch.cat([old[:, :maps], fresh[linear][:, columns], old[:, maps:]], 1)
    return [
        "the file has no depth: its scene filters fill channels 0-2 (RGB) and 4 (head mask), "
        "channel 3 (depth) keeps random values",
        f"its attention columns fill 0-{maps - 1} (head) and those from {2 * maps} on (face), "
        f"columns {maps}-{2 * maps - 1} (depth) keep random values",
    ]
