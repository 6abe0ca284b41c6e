"""A model as one traceable function from pixels and head boxes to gaze."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sightline.export.read import Inputs, read
from sightline.models.base import GazeModel


class PeopleGraph(nn.Module):
    """preprocess, forward and decode in a row, without loops and lists."""

    def __init__(self, model: GazeModel, *, half: bool = False) -> None:
        super().__init__()
        self.model, self.half = model, half

    def forward(
        self, images: Tensor, heads: Tensor, image_of: Tensor, depth: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Fields of `Gaze` over all people, by name."""
        batch = read(self.model.preprocess, Inputs(images, heads, image_of, depth))
        with torch.autocast(images.device.type, torch.float16, enabled=self.half):
            output = self.model(batch)
        return {name: value.float() for name, value in self.model.answer(output, batch).people().items()}
