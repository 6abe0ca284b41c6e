"""The model contract: preprocess, forward, decode; predict chains them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from sightline.batch import Batch
from sightline.gaze import Gaze
from sightline.gaze_objects import only_sure
from sightline.models.hub import OnHub
from sightline.scene import Projection, Scene


class GazeModel(nn.Module, OnHub):
    """Base of all models. A subclass gives `config`, `preprocess`, `forward` and `decode`.

    name: the model's, or that of its weights, as `sightline.load` knows them; "" for your own.
    config: a frozen dataclass that rebuilds the module.
    preprocess: scenes -> batch; small and picklable, also the collate function of the data loader.
    precision: the number format of the forward pass in `predict`, set by `sightline.load`.
    least_score: from which score on objects are given by `predict`, and can be looked at.
    projections: of the pictures that it reads.
    tells_gaze, finds_objects: what it is good for; a detector alone tells nobody's gaze.
    """

    name: str = ""
    config: Any
    preprocess: Callable[[list[Scene]], Batch]
    precision: torch.dtype = torch.float32
    least_score: float = 0.3
    projections: tuple[Projection, ...] = ("perspective",)
    tells_gaze: bool = True
    finds_objects: bool = False

    @property
    def clip_length(self) -> int | None:
        """Consecutive frames that are seen together; 1 for pictures, None for any number."""
        return 1

    @property
    def uses_depth(self) -> bool:
        """Whether `Scene.depth` is read; readers load depth maps only then."""
        return False

    @property
    def head_boxes(self) -> str:
        """What it makes of the head boxes that it is given, in words for its card."""
        margin = getattr(self.config, "head_margin", 0.0)
        if not margin:
            return "The model takes boxes as they are and does not enlarge them."
        return f"The model enlarges boxes itself, by about {margin:.0%} on each side."

    @property
    def encoder(self) -> nn.Module | None:
        """The part that makes `Batch.features` of `Batch.images`, each picture by itself.

        Its `extra_repr` says in words how it is built. None for a model that takes no features.
        """
        return None

    def answer(self, output: Any, batch: Batch) -> Gaze:
        """The raw output of `forward` as one `Gaze` of all people of the batch, on its device.

        Tensor code that can be traced: `sightline models export` takes it into the graph.
        """
        raise NotImplementedError

    def decode(self, output: Any, batch: Batch) -> list[Gaze]:
        """The raw output of `forward` as one `Gaze` per image, on the CPU."""
        gaze = self.answer(output, batch)
        return split_by_image(batch, gaze.projection, **gaze.people())

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return next(self.parameters()).device

    def predict(self, scenes: list[Scene]) -> list[Gaze]:
        """Where the people of each scene look: one `Gaze` on the CPU per scene, in order.

        Scenes of a model with a `clip_length` are clips, one after the other: that many consecutive
        frames of the same people. Of the objects that a model finds, those that it is sure of.
        """
        if isinstance(scenes, Scene):
            raise TypeError("predict takes a list of scenes; give [scene]")
        other = next((s for s in scenes if s.projection not in self.projections), None)
        if other is not None:
            raise ValueError(
                f"Scene {other.key!r}: this model reads {' or '.join(self.projections)} pictures, "
                f"and this one is {other.projection}; take another model, or sightline.predict"
            )
        gazes = self.predict_batch(self.preprocess(scenes)) if scenes else []
        return [only_sure(gaze, self.least_score) for gaze in gazes]

    @torch.inference_mode()
    def predict_batch(self, batch: Batch) -> list[Gaze]:
        """The same from a batch that is ready: evaluation mode, forward in `precision`, decode.

        All objects are given, for scoring, also those that the model is hardly sure of.
        """
        self.eval()
        batch = batch.to(self.device)
        mixed = self.precision != torch.float32
        with torch.autocast(self.device.type, self.precision, enabled=mixed):
            output = self(batch)
        return self.decode(output, batch)


def split_by_image(
    batch: Batch, projection: Projection = "perspective", **people: Tensor
) -> list[Gaze]:
    """Fields of `Gaze` over all people (N, ...) as one `Gaze` per image of the batch, on the CPU.

    The heads are those of the batch.
    """
    counts = torch.bincount(batch.image_of, minlength=len(batch.images)).tolist()
    columns = {"heads": batch.heads, **people}
    parts = {name: values.float().cpu().split(counts) for name, values in columns.items()}
    rows = [{name: of[image] for name, of in parts.items()} for image in range(len(counts))]
    return [Gaze(**row, projection=projection) for row in rows]  # pyright: ignore[reportArgumentType]
