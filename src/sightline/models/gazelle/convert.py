"""Official Gaze-LLE decoders and DINOv2 encoders into ours, by name, apart or in one file."""

from __future__ import annotations

import torch
from torch import Tensor

from sightline.models.gazelle.backbone import resample_position
from sightline.models.gazelle.decoder import sinusoid
from sightline.models.gazelle.model import GazeLLE, GazeLLEConfig
from sightline.models.names import rename
from sightline.models.weights import State, WeightsError, load_part, require_match

DECODER = {  # official beginning: ours
    "linear": "decoder.project",
    "head_token.weight": "decoder.head_prompt",
    "inout_token.weight": "decoder.frame_token",
    "transformer": "decoder.blocks",
    "heatmap_head.0": "decoder.heatmap_head.upscale",
    "heatmap_head.1": "decoder.heatmap_head.squeeze",
    "inout_head": "decoder.inside_head",
}
MERGED = "backbone.model."
"""The beginning of the encoder's names in an official file that holds both."""
BACKBONES = {  # channels and blocks of official DINOv2: timm's name, without and with registers
    (384, 12): ("vit_small_patch14_dinov2", "vit_small_patch14_reg4_dinov2"),
    (768, 12): ("vit_base_patch14_dinov2", "vit_base_patch14_reg4_dinov2"),
    (1024, 24): ("vit_large_patch14_dinov2", "vit_large_patch14_reg4_dinov2"),
}


def convert(official: State) -> tuple[GazeLLE, list[str]]:
    """The model of an official decoder and its DINOv2 encoder, and notes on what was left out.

    official: the decoder's names as released, the encoder's with `backbone.model.` before them.
    Raises WeightsError, listing the names, when anything is missing, unknown or of another shape.
    """
    if "linear.weight" not in official:
        raise WeightsError("this is not a Gaze-LLE checkpoint: it has no linear.weight")
    if not any(name.startswith(MERGED) for name in official):
        raise WeightsError(
            "this Gaze-LLE checkpoint holds the decoder alone; give the encoder "
            "(dinov2_vitb14_pretrain.pth or dinov2_vitl14_pretrain.pth) beside it: "
            "sightline models add NAME DECODER ENCODER"
        )
    model = GazeLLE(
        GazeLLEConfig(
            backbone=_backbone_name(official),
            inside="score" if "inout_token.weight" in official else "none",
        )
    )
    ours, notes = _ours(official, model.backbone.grid)
    require_match(model, ours)
    model.load_state_dict(ours)
    return model, notes


def initialise(model: GazeLLE, state: State) -> list[str]:
    """Start `model` from an encoder, a decoder or both, official or ours; notes name what it keeps.

    A decoder that was trained without "in frame" leaves that part fresh. Raises WeightsError for
    what is not of this model.
    """
    if any(name.startswith(("decoder.", "backbone.vit.")) for name in state):
        return load_part(model, state)
    ours, notes = _ours(state, model.backbone.grid)
    return notes + load_part(model, ours)


def _ours(official: State, grid: int) -> tuple[State, list[str]]:
    """Official tensors, of the decoder, the encoder or both, under our names; notes in words.

    grid: patches per side, for which the encoder's positions are resampled. Unknown names stay.
    """
    ours, rest = rename(official, DECODER)
    notes = []
    if ours and "pos_embed" in rest:  # an encoder alone has positions under the same name
        _check_sinusoid(rest.pop("pos_embed"))
        notes.append("left out pos_embed: a fixed sinusoid, which the model makes itself")
    vit, more = _encoder({n.removeprefix(MERGED): t for n, t in rest.items()}, grid)
    return ours | {f"backbone.vit.{name}": tensor for name, tensor in vit.items()}, notes + more


def _check_sinusoid(position: Tensor) -> None:
    width, grid, _ = position.shape
    if (position - sinusoid(width, grid)).abs().max() > 1e-4:
        raise WeightsError("pos_embed is not the fixed sinusoid of Gaze-LLE: another model")


def _encoder(official: State, grid: int) -> tuple[State, list[str]]:
    """An official DINOv2 under timm's names, with positions for the grid; notes in words."""
    ours, notes = dict(official), []
    if ours.pop("mask_token", None) is not None:
        notes.append("left out mask_token: used only to train the encoder")
    registers = ours.pop("register_tokens", None)
    if registers is not None:
        ours["reg_token"] = registers
    if "pos_embed" not in ours:
        return ours, notes
    first, places = ours["pos_embed"][:, :1], ours["pos_embed"][:, 1:]
    if registers is not None:  # timm has no place for the class token's position there
        ours["cls_token"] = ours["cls_token"] + first
        places = resample_position(places, (grid, grid), offset=0.0, antialias=True)
        return ours | {"pos_embed": places}, notes
    places = resample_position(places, (grid, grid))
    return ours | {"pos_embed": torch.cat([first, places], 1)}, notes


def _backbone_name(official: State) -> str:
    encoder = {n.removeprefix(MERGED): t for n, t in official.items() if n.startswith(MERGED)}
    blocks = {name.split(".")[1] for name in encoder if name.startswith("blocks.")}
    width = encoder["cls_token"].shape[-1] if "cls_token" in encoder else 0
    if (width, len(blocks)) not in BACKBONES:
        raise WeightsError(
            f"the encoder has {len(blocks)} blocks of width {width}, which no DINOv2 of "
            "dinov2_vits14, -b14 and -l14 has"
        )
    return BACKBONES[width, len(blocks)]["register_tokens" in encoder]
