"""How far an exported file is from the model that it was made of, and how fast each is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, groupby
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torchvision.ops import box_iou

from sightline.export.heads import HeadsGraph
from sightline.gaze import Gaze
from sightline.gaze_objects import only_sure
from sightline.geometry.boxes import to_unit
from sightline.models.base import GazeModel
from sightline.models.head_detector.model import HeadDetectorModel
from sightline.onnx_model import Answer, Found, OnnxModel
from sightline.scene import Clip, Objects, Scene
from sightline.synthetic.all_around import render_panoramas
from sightline.synthetic.render import render_clips, render_scenes

SIZES = ((320, 240), (250, 330), (1280, 720))
"""Width and height of the rendered pictures; none is the one that a graph is traced with."""


@dataclass(frozen=True)
class Parity:
    """The largest differences over some people; None where the model gives no such thing.

    heatmap_error: of any cell, where `heatmap_range` is the largest minus the smallest value.
    point_shift: in pixels of the picture, with half of all people below `median_shift`.
    inside_error: of the probability. angle: in degrees between the directions.
    objects: found by torch, and of these `same_objects` also by the file (IoU above 0.9).
    """

    pictures: int
    people: int
    heatmap_error: float | None = None
    heatmap_range: float | None = None
    point_shift: float | None = None
    median_shift: float | None = None
    inside_error: float | None = None
    angle: float | None = None
    objects: int | None = None
    same_objects: int | None = None


def scenes_for(model: GazeModel, *, seed: int = 0) -> list[Clip]:
    """Rendered pictures (clips for a video model) with people, that `model` can read."""
    length = model.clip_length or 3
    if model.projections[0] == "equirectangular":
        return [
            [scene]
            for size in ((512, 256), (1600, 800))
            for scene in render_panoramas(2, seed, size)
        ]
    if length > 1:
        return [clip for size in SIZES for clip in render_clips(1, seed, size, length=length)]
    return [[scene] for size in SIZES for scene in render_scenes(3, seed, size)]


def compare(model: GazeModel, exported: OnnxModel, clips: list[Clip]) -> Parity:
    """The largest differences; pictures of one size are given to the file together."""
    pairs: list[tuple[Scene, Gaze, Answer]] = []
    for _, group in groupby(clips, key=lambda clip: clip[0].size):
        found = list(group)
        for scenes in [list(chain(*found))] if model.clip_length == 1 else found:
            pairs += zip(scenes, predict(model, scenes), answers(exported, scenes), strict=True)
    people = [pair for pair in pairs if len(pair[1])]
    counts = {"pictures": len(pairs), "people": sum(len(gaze) for _, gaze, _ in pairs)}
    facts = _people(people) if people else {}
    return Parity(**counts, **facts, **_objects(pairs))


def predict(model: GazeModel, scenes: list[Scene]) -> list[Gaze]:
    """What torch says; of a head detector the heads as objects, as `OnnxModel` gives them."""
    if not isinstance(model, HeadDetectorModel):
        return model.predict(scenes)
    graph = HeadsGraph(model).eval()
    with torch.inference_mode():
        found = [graph(scene.image / 255) for scene in scenes]
    gazes = [
        replace(Gaze.nobody(), objects=Objects(to_unit(boxes, scene.size), labels, scores))
        for scene, (boxes, labels, scores) in zip(scenes, found, strict=True)
    ]
    return [only_sure(gaze, model.least_score) for gaze in gazes]


def answers(exported: OnnxModel, scenes: list[Scene]) -> list[Answer]:
    """What the file says about scenes of one size."""
    pictures = [scene.image.permute(1, 2, 0).numpy() for scene in scenes]
    heads = [scene.heads.numpy() for scene in scenes]
    depths = [scene.depth[0].numpy() for scene in scenes if scene.depth is not None]
    reads_depth = "depth" in exported.inputs
    return exported.predict_all(pictures, heads, depths=depths if reads_depth else None)


def _people(pairs: list[tuple[Scene, Gaze, Answer]]) -> dict[str, Any]:
    wanted, got = (
        {
            name: np.concatenate([np.asarray(getattr(pair[i], name)) for pair in pairs])
            for name in ("heatmaps", "points", "inside", "directions")
            if getattr(pairs[0][1], name) is not None
        }
        for i in (1, 2)
    )
    apart = np.abs(wanted["points"] - got["points"])
    if pairs[0][1].projection == "equirectangular":
        apart[:, 0] = np.minimum(apart[:, 0], 1 - apart[:, 0])
    sizes = np.concatenate([np.tile(scene.size, (len(gaze), 1)) for scene, gaze, _ in pairs])
    shift = np.linalg.norm(apart * sizes, axis=1)
    facts = {
        "heatmap_error": float(np.abs(wanted["heatmaps"] - got["heatmaps"]).max()),
        "heatmap_range": float(np.ptp(wanted["heatmaps"])),
        "point_shift": float(shift.max()),
        "median_shift": float(np.median(shift)),
    }
    if "inside" in wanted:
        facts["inside_error"] = float(np.abs(wanted["inside"] - got["inside"]).max())
    if "directions" in wanted:
        chord = np.linalg.norm(wanted["directions"] - got["directions"], axis=1)
        facts["angle"] = float(np.degrees(2 * np.arcsin((chord / 2).clip(max=1))).max())
    return facts


def _objects(pairs: list[tuple[Scene, Gaze, Answer]]) -> dict[str, int]:
    if pairs[0][1].objects is None:
        return {}
    count = same = 0
    for _, gaze, answer in pairs:
        assert gaze.objects is not None
        assert answer.objects is not None
        count += len(gaze.objects)
        same += _matches(gaze.objects, answer.objects)
    return {"objects": count, "same_objects": same}


def _matches(wanted: Objects, got: Found) -> int:
    """How many objects are also among the others, of the same class."""
    if not len(wanted) or not len(got.boxes):
        return 0
    near = box_iou(wanted.boxes, torch.from_numpy(got.boxes)) > 0.9
    return int((near & (wanted.labels[:, None] == torch.from_numpy(got.labels))).any(1).sum())


@dataclass(frozen=True)
class Latency:
    """Milliseconds from the pixels of one picture with `people` to answers."""

    people: int
    torch_ms: float
    onnx_ms: float


def latencies(
    model: GazeModel, exported: OnnxModel, clip: Clip, *, counts: tuple[int, ...] = (1, 5)
) -> list[Latency]:
    """The fastest of five calls each, in turn, after one that does not count."""
    rows = []
    for people in counts:
        scenes = [_crowd(scene, people) for scene in clip]
        seconds = _best(partial(predict, model, scenes), partial(answers, exported, scenes))
        rows.append(Latency(people, *(round(1000 * s / len(clip), 1) for s in seconds)))
    return rows


def _crowd(scene: Scene, people: int) -> Scene:
    """The scene with so many heads, its own over and over."""
    heads = scene.heads.repeat(people, 1)[:people]
    return Scene(scene.image, heads, depth=scene.depth, projection=scene.projection)


def _best(*ways: Callable[[], object], repeats: int = 5) -> list[float]:
    seconds = [float("inf")] * len(ways)
    for repeat in range(repeats + 1):
        for number, way in enumerate(ways):
            start = time.perf_counter()
            way()
            if repeat:
                seconds[number] = min(seconds[number], time.perf_counter() - start)
    return seconds


def report(model: GazeModel, path: Path, *, seed: int = 0) -> tuple[Parity, list[Latency]]:
    """Both for a file just written, on rendered pictures; both run on as many threads as torch."""
    exported = OnnxModel(path, threads=torch.get_num_threads())
    clips = scenes_for(model, seed=seed)
    return compare(model, exported, clips), latencies(model, exported, clips[-1])
