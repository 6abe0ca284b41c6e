"""Official PDP checkpoints and CVPR 2020 initial weights into ours, by name.

The release and the CVPR 2020 baseline (Chong et al.) share the layout of trunks, attention, fusion
and decoder; nothing is skipped silently: what each has beyond the other is listed below by name.
"""

from __future__ import annotations

import torch
from torch import Tensor

from sightline.models.pdp.model import PDP, PDPConfig
from sightline.models.pdp.temporal import PDPVideo, PDPVideoConfig
from sightline.models.weights import WeightsError, load_part, require_match

State = dict[str, Tensor]

NAMES = {  # official prefix: ours, in the order of the network
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
TEMPORAL_NAMES = {
    "temporal_pos_embed": "temporal.position",
    "temporal_mapping": "temporal.squeeze",
    "temporal_attention": "temporal.query_key",
    "temporal_proj_1": "temporal.value",
    "temporal_norm_1": "temporal.norm",
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


def rename(official: State) -> tuple[State, State]:
    """Official tensors under our names, and those without a place, under theirs."""
    ours, rest = {}, {}
    for name, tensor in official.items():
        prefix, _, leaf = name.partition(".")
        if prefix in NAMES:
            linear = NAMES[prefix].startswith("patch_head")  # stored as 1-D convolutions
            new = NAMES[prefix] + (f".{leaf}" if leaf else "")
            ours[new] = tensor.squeeze(-1) if linear and leaf == "weight" else tensor
        elif prefix in TEMPORAL_NAMES and not name.startswith(tuple(UNUSED)):
            ours |= _temporal(TEMPORAL_NAMES[prefix], leaf, tensor)
        else:
            rest[name] = tensor
    return ours, rest


def _temporal(prefix: str, leaf: str, tensor: Tensor) -> State:
    """A tensor of the temporal part in our shape."""
    if not leaf:
        return {prefix: tensor.squeeze(1)}  # the position, stored as (frames, 1, places)
    if prefix == "temporal.norm":
        return {f"{prefix}.{leaf}": tensor.mT}  # stored as (channels, places)
    if prefix == "temporal.query_key":
        used = 2 * len(tensor) // 3  # the rest makes values that are thrown away
        return {f"{prefix}.{leaf.removeprefix('in_proj_')}": tensor[:used]}
    # 1-D convolutions of kernel 1
    return {f"{prefix}.{leaf}": tensor.squeeze(-1) if leaf == "weight" else tensor}


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
    ours, rest = rename(official)
    unused = {name for name in rest if name.startswith(tuple(UNUSED))}
    require_match(model, ours | {name: rest[name] for name in rest.keys() - unused})
    model.load_state_dict(ours)
    return model, [f"left out {name}: {_why(name)}" for name in sorted(unused)]


def _why(unused: str) -> str:
    return next(why for start, why in UNUSED.items() if unused.startswith(start))


def initialise(model: PDP, official: State) -> list[str]:
    """Start `model` from weights of the baseline or of another PDP; the notes say what went where.

    official: initial weights as released, a PDP checkpoint (video starts from pictures), or ours.
    A file made without depth enters the model with depth at the positions that the channels have
    there; what the file cannot give keeps its random values and is named.
    """
    is_ours = "scene_trunk.stem.0.weight" in official
    ours, rest = (dict(official), {}) if is_ours else rename(official)
    notes = _make_room_for_depth(ours, model.state_dict()) if model.config.depth else []
    unknown = {n: t for n, t in rest.items() if not n.startswith((*BASELINE_ONLY, *UNUSED))}
    notes += load_part(model, ours | unknown)
    if rest:
        notes.append(f"left out (in/out branches that PDP does not use): {', '.join(sorted(rest))}")
    return notes


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
