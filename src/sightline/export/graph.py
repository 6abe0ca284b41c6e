"""Models as traceable functions from pixels and head boxes to gaze, with examples to trace by."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim

from sightline.export.read import Inputs, read
from sightline.models.base import GazeModel
from sightline.models.chong2020.video import Chong2020Video
from sightline.models.gatector.detector import GaTectorDetector

Shapes = dict[int, Any]
"""The free lengths of a tensor, by axis."""


DESCRIPTIONS = {
    "images": "(B, 3, H, W) uint8 RGB, upright",
    "heads": "(N, 4) float32, XYXY in pixels",
    "image_of": "(N,) int64, the row of the picture each head is in; sorted",
    "depth": "(B, 1, H, W) float32 in [0, 1], near is large",
    "hidden": "(layers, N, C, h, w) float32, memory of each head; zeros before the first frame",
    "cell": "(layers, N, C, h, w) float32, memory of each head; zeros before the first frame",
    "points": "(N, 2) float32, gaze targets as fractions of the picture",
    "heatmaps": "(N, h, w) float32, over the whole picture, as the model scores it",
    "inside": "(N,) float32, probability that the target is in the picture",
    "directions": "(N, 3) float32, unit sight lines",
    "hidden_after": "(layers, N, C, h, w) float32, `hidden` of the next frame",
    "cell_after": "(layers, N, C, h, w) float32, `cell` of the next frame",
    "object_boxes": "(B, K, 4) float32, XYXY as fractions, before non-maximum suppression",
    "object_scores": "(B, K) float32",
    "object_labels": "(B, K) int64",
    "image": "(3, H, W) float32 RGB in [0, 1], upright",
    "boxes": "(P, 4) float32, heads, XYXY in pixels, the surest first",
    "labels": "(P,) int64, 1 for a head",
    "scores": "(P,) float32",
}
"""Of inputs and outputs."""


class Graph(nn.Module):
    """preprocess, forward and answer in a row, without loops over pictures or people.

    half: compute in float16 what the model does not insist on in float32; reading pictures and
    points stays in float32.
    """

    def __init__(self, model: GazeModel, *, half: bool = False) -> None:
        super().__init__()
        self.model, self.halved = model, half

    def compute(self, given: Inputs) -> tuple[Any, Any]:
        """The batch of the inputs and the model's raw output."""
        batch = read(self.model.preprocess, given)
        with torch.autocast(given.images.device.type, torch.float16, enabled=self.halved):
            return batch, self.model(batch)

    def example(self) -> dict[str, Tensor]:
        """Inputs to trace by: two or more in every free length, or it would be fixed."""
        count = 2 * (self.model.clip_length or 1)
        corners = torch.rand(2 * count, 2) * 20
        inputs = {
            "images": torch.randint(0, 256, (count, 3, 60, 80), dtype=torch.uint8),
            "heads": torch.cat([corners, corners + 25], 1),
            "image_of": torch.arange(count).repeat_interleave(2),
        }
        return inputs | ({"depth": torch.rand(count, 1, 60, 80)} if self.model.uses_depth else {})

    def shapes(self) -> dict[str, Shapes]:
        """What is free of each input; the pictures of clips come in multiples of their length."""
        pictures, people = Dim("pictures"), Dim("people")
        if (length := self.model.clip_length or 1) > 1:
            pictures, people = length * Dim("clips"), length * Dim("sequences")
        image = {0: pictures, 2: Dim("height"), 3: Dim("width")}
        return {"images": image, "heads": {0: people}, "image_of": {0: people}, "depth": image}


class PeopleGraph(Graph):
    """Of a model that sees pictures or clips of a fixed length."""

    def forward(
        self, images: Tensor, heads: Tensor, image_of: Tensor, depth: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Fields of `Gaze` over all people, and of a model that finds objects the candidates."""
        batch, output = self.compute(Inputs(images, heads, image_of, depth))
        found = self.model.answer(output, batch).people()
        if self.model.finds_objects:
            found |= objects_of(self.model, output)
        return {name: _plain(values) for name, values in found.items()}


class MemoryGraph(Graph):
    """One frame of each of several films, with what is remembered of each person so far."""

    model: Chong2020Video

    def forward(
        self, images: Tensor, heads: Tensor, image_of: Tensor, hidden: Tensor, cell: Tensor
    ) -> dict[str, Tensor]:
        """Fields of `Gaze` over all people, and what is remembered now."""
        batch = read(self.model.preprocess, Inputs(images, heads, image_of))
        everybody = torch.arange(heads.shape[0], device=heads.device)[None]
        with torch.autocast(images.device.type, torch.float16, enabled=self.halved):
            output, after = self.model.step(batch, everybody, (hidden, cell))
        found = self.model.answer(output, batch).people()
        found |= {"hidden_after": after[0], "cell_after": after[1]}
        return {name: _plain(values) for name, values in found.items()}

    def example(self) -> dict[str, Tensor]:
        """Two frames of two people each."""
        config, layers = self.model.config, len(self.model.lstm.layers)
        memory = torch.rand(layers, 4, 8 * config.width, config.grid, config.grid)
        return super().example() | {"hidden": memory, "cell": memory.clone()}

    def shapes(self) -> dict[str, Shapes]:
        """Everybody has a memory."""
        free = super().shapes()
        return free | {"hidden": {1: free["heads"][0]}, "cell": {1: free["heads"][0]}}


class ObjectsGraph(Graph):
    """Of a model that finds objects and nobody's gaze."""

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """The candidates for objects."""
        nobody = images.new_zeros(0, 4, dtype=torch.float32)
        _, output = self.compute(Inputs(images, nobody, images.new_zeros(0, dtype=torch.int64)))
        return {n: _plain(values) for n, values in objects_of(self.model, output).items()}

    def example(self) -> dict[str, Tensor]:
        """Two pictures."""
        return {"images": super().example()["images"]}


def objects_of(model: Any, output: Any) -> dict[str, Tensor]:
    """Candidates for objects by the names of outputs."""
    boxes, scores, labels = model.candidates(output)
    return {"object_boxes": boxes, "object_scores": scores, "object_labels": labels}


def _plain(values: Tensor) -> Tensor:
    return values.float() if values.is_floating_point() else values


@singledispatch
def graph_of(model: GazeModel, *, half: bool = False) -> Graph:
    """The graph that a model is exported as; raises ValueError for one that gives no `answer`."""
    if type(model).answer is GazeModel.answer:
        raise ValueError(
            f"{type(model).__name__} cannot be exported: it has no `answer`, the traceable part of "
            "`decode`; see docs/export.md"
        )
    return PeopleGraph(model, half=half)


@graph_of.register
def _(model: Chong2020Video, *, half: bool = False) -> Graph:
    return MemoryGraph(model, half=half)


@graph_of.register
def _(model: GaTectorDetector, *, half: bool = False) -> Graph:
    return ObjectsGraph(model, half=half)
