"""From samples of a dataset to a batch for a model, in training and in scoring alike."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sightline.batch import Batch
from sightline.models.base import GazeModel
from sightline.scene import Clip, Scene, as_clip
from sightline.shards import PackedScenes, pack_scenes


def collate_clips(preprocess: Any, clip_length: int | None, clips: list[Clip]) -> Batch:
    """Clips as one flat batch; a model of any `clip_length` (None) takes that of the clips.

    Raises ValueError when these differ.
    """
    batch = preprocess([scene for clip in clips for scene in clip])
    if clip_length:
        return batch
    lengths = sorted({len(clip) for clip in clips})
    if len(lengths) > 1:
        raise ValueError(
            f"clips of {lengths[0]} to {lengths[-1]} frames do not go into one batch; take a "
            "dataset of windows, or one clip per batch"
        )
    return replace(batch, clip_length=lengths[0])


def collate_with_scenes(
    preprocess: Any, clip_length: int | None, samples: list[Scene] | list[Clip]
) -> tuple[Batch, PackedScenes]:
    """A batch of scenes or of clips, one after the other, and the scenes to score against."""
    clips = [as_clip(sample) for sample in samples]
    scenes = pack_scenes([scene for clip in clips for scene in clip])
    return collate_clips(preprocess, clip_length, clips), scenes


def clip_length_for(model: GazeModel, dataset: Any) -> int | None:
    """Frames of each sample of the dataset, None if they differ (`clip_length`; 1 for pictures).

    Raises ValueError when the model joins another number of frames.
    """
    given, joined = getattr(dataset, "clip_length", 1), model.clip_length
    if joined not in (1, None, given):
        raise ValueError(
            f"the model sees {joined} consecutive frames together and {type(dataset).__name__} "
            f"gives {given or 'whole tracks'}; take a dataset or benchmark with windows of {joined}"
        )
    return given
