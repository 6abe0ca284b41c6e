"""What may be done with known weights: licences of code, backbone, weights and training data."""

from __future__ import annotations

from sightline.models.catalogue import Weights

DATA = {
    "rendered": "scenes rendered by sightline: Apache-2.0",
    "gazefollow": "GazeFollow: pictures of older collections (SUN, COCO, Actions 40, PASCAL, "
    "ImageNet, Places), each with its own terms; see the data set's terms",
    "vat": "VideoAttentionTarget: clips of shows; see the data set's terms",
    "goo-synth": "GOO-Synth: rendered shelves; see the data set's terms",
    "goo-real": "GOO-Real: photographs of people at shelves; see the data set's terms",
    "gazefollow360": "GazeFollow360: panoramas; see the data set's terms",
}
"""Data sets that weights were trained on. None of their terms is repeated here: they may change."""


def licences(weights: Weights) -> dict[str, str]:
    """The licences of code, backbone (if others trained it), weights and data, in this order."""
    return {
        "code": f"{weights.code} (this implementation)",
        **({"backbone": weights.backbone} if weights.backbone else {}),
        "weights": weights.licence,
        "data": "; ".join(DATA[name] for name in weights.data),
    }
