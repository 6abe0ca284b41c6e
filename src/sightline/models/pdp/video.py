"""PDP on video: the patch tokens of five frames attend to one another before the two heads.

No recurrent network (that is the CVPR 2020 baseline's); every frame sees all frames of its window.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import softmax

from sightline.batch import Batch
from sightline.models.pdp.model import PDP, PDPConfig, PDPOutput


@dataclass(frozen=True)
class PDPVideoConfig(PDPConfig):
    """PDP's settings, without enlargement of head boxes, and those of the temporal part.

    frames: consecutive frames of a window. temporal: attention between frames; off, every frame is
    predicted by itself.
    """

    head_margin: float = 0.0
    frames: int = 5
    temporal: bool = True


class PDPVideo(PDP):
    """PDP whose tokens are mixed over the frames of a window."""

    config: PDPVideoConfig

    def __init__(self, config: PDPVideoConfig) -> None:
        super().__init__(config)
        if config.temporal:
            places = config.grid**2 + 1
            self.temporal = TemporalAttention(8 * config.width, places, config.frames)

    @property
    def clip_length(self) -> int:
        """Consecutive frames that are seen together."""
        return self.config.frames if self.config.temporal else 1

    def forward(self, batch: Batch) -> PDPOutput:
        """Heatmaps and patch logits of every person in every frame of the batch."""
        code = self.encode(batch)
        with torch.autocast(code.device.type, enabled=False):
            tokens = self.tokens(code.float())
            if self.config.temporal:
                rows = batch.sequences()
                tokens = torch.empty_like(tokens).index_put((rows,), self.temporal(tokens[rows]))
            return self.heads(tokens)


class TemporalAttention(nn.Module):
    """Adds to the tokens of each frame those of all frames, place by place: (S, T, places, size).

    The weights between two frames come from one number per place. LayerNorm is over places and
    channels together.
    """

    def __init__(self, size: int, places: int, frames: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(size, 1)
        self.position = nn.Parameter(torch.randn(frames, places))
        self.query_key = nn.Linear(places, 2 * places)
        self.value = nn.Linear(size, size)
        self.norm = nn.LayerNorm([places, size])

    def forward(self, tokens: Tensor) -> Tensor:
        """The mixed tokens of each frame."""
        attended = torch.einsum("sij,sjpc->sipc", self.weights(tokens), self.value(tokens))
        return self.norm(tokens + attended)

    def weights(self, tokens: Tensor) -> Tensor:
        """How much each frame takes from each frame: (S, T, T), rows sum to 1."""
        frames = self.squeeze(tokens).squeeze(-1) + self.position
        query, key = self.query_key(frames).chunk(2, -1)
        return softmax(query @ key.mT / query.shape[-1] ** 0.5, -1)


def pdp_video(**overrides: object) -> PDPVideo:
    """PDP on video with depth, 61.9 M parameters."""
    return PDPVideo(PDPVideoConfig(**overrides))  # pyright: ignore[reportArgumentType]


def pdp_video_nodepth(**overrides: object) -> PDPVideo:
    """PDP on video from the picture alone, 61.9 M parameters."""
    return pdp_video(**({"depth": False} | overrides))
