"""Exported models run by onnxruntime: numpy and Pillow are all else that is needed, no torch.

model = OnnxModel("pdp.onnx")
answer = model.predict("photo.jpg", [[412, 80, 470, 150]])

python -m sightline.onnx_model pdp.onnx photo.jpg --heads 412,80,470,150
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from sightline.media.decoding import read_array
from sightline.plain_arrays import array_to_plain, pack_array

Picture: TypeAlias = str | Path | np.ndarray
"""A file, or an upright picture (H, W, 3) uint8 RGB."""
PEOPLE = ("points", "inside", "directions", "heatmaps")


@dataclass
class Found:
    """The objects of a picture: boxes (K, 4) as fractions of it, scores and labels (K,)."""

    boxes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...] = ()


@dataclass
class Answer:
    """Where the P people of a picture look: `sightline.Gaze` as arrays, fractions of the picture.

    heads: (P, 4). points: (P, 2). heatmaps: (P, h, w). inside: (P,). directions: (P, 3).
    """

    heads: np.ndarray
    points: np.ndarray
    heatmaps: np.ndarray
    inside: np.ndarray | None = None
    directions: np.ndarray | None = None
    objects: Found | None = None
    projection: str = "perspective"

    def to_dict(self, *, heatmaps: bool = True) -> dict[str, Any]:
        """Plain data for JSON as `Gaze.to_dict` gives and `Gaze.from_dict` reads."""
        data: dict[str, Any] = {"format": "sightline.gaze", "version": 1}
        data |= {"projection": self.projection} if self.projection != "perspective" else {}
        for name in ("heads", "points", "inside", "directions"):
            if (values := getattr(self, name)) is not None:
                data[name] = array_to_plain(values)
        if self.objects is not None:
            rows = {n: array_to_plain(getattr(self.objects, n)) for n in ("boxes", "labels")}
            scores = array_to_plain(self.objects.scores)
            data["objects"] = {**rows, "scores": scores, "classes": list(self.objects.classes)}
        return data | ({"heatmaps": pack_array(self.heatmaps)} if heatmaps else {})


NOBODY = Answer(
    heads=np.zeros((0, 4), np.float32),
    points=np.zeros((0, 2), np.float32),
    heatmaps=np.zeros((0, 0, 0), np.float32),
)


class OnnxModel:
    """A model from `sightline models export`.

    about: what the file says about itself. threads: of onnxruntime, None as it chooses.
    providers: of onnxruntime, by default the CPU.

    Raises FileNotFoundError, ImportError without onnxruntime, and ValueError for another file.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        threads: int | None = None,
        providers: Sequence[str] = ("CPUExecutionProvider",),
    ) -> None:
        if not Path(path).is_file():
            raise FileNotFoundError(f"{path}: there is no such file; check the path")
        try:
            import onnxruntime
        except ImportError as error:
            raise ImportError("running it needs onnxruntime: pip install onnxruntime") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self.session = onnxruntime.InferenceSession(str(path), options, providers=providers)
        except Exception as error:  # onnxruntime's own errors have no common base
            raise ValueError(f"{path}: onnxruntime cannot load this as a network") from error
        text = self.session.get_modelmeta().custom_metadata_map.get("sightline")
        if text is None:
            raise ValueError(f"{path}: no model of `sightline models export`")
        self.path, self.about = path, json.loads(text)
        self.inputs = {given.name: given for given in self.session.get_inputs()}
        self.outputs = [given.name for given in self.session.get_outputs()]

    def predict(
        self, picture: Picture, heads: Any = (), *, depth: np.ndarray | None = None
    ) -> Answer:
        """Where the people with head boxes (P, 4), pixels, look in one picture.

        depth: (H, W) in [0, 1] for a model that reads it.
        """
        return self.predict_all([picture], [heads], depths=None if depth is None else [depth])[0]

    def predict_all(
        self,
        pictures: Sequence[Picture],
        heads: Sequence[Any],
        *,
        depths: Sequence[np.ndarray] | None = None,
    ) -> list[Answer]:
        """Where people look in pictures of one size; for a video model they are frames in order.

        heads: of each picture (P, 4) in pixels; in all frames of a clip the same people.
        Raises ValueError for what the model cannot read.
        """
        images = [_pixels(picture) for picture in pictures]
        boxes = [np.asarray(each, np.float32).reshape(-1, 4) for each in heads]
        if "image" in self.inputs:
            return [self._heads(image) for image in images]
        self._check(images, boxes, depths)
        nobody = not any(map(len, boxes))
        some = [np.array([[0, 0, 8, 8]], np.float32)] * len(images) if nobody else boxes
        counts = [len(each) for each in some]
        given = {
            "images": np.stack(images).transpose(0, 3, 1, 2),
            "heads": np.concatenate(some),
            "image_of": np.repeat(np.arange(len(images)), counts).astype(np.int64),
        }
        if depths is not None:
            given["depth"] = np.stack(depths).astype(np.float32)[:, None]
        found = self._remembering(given) if "hidden" in self.inputs else self._run(given)
        return self._answers(
            found, images[0].shape, [each[:0] for each in some] if nobody else some
        )

    def _run(self, given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        feeds = {name: np.ascontiguousarray(given[name]) for name in self.inputs}
        arrays = map(np.asarray, self.session.run(self.outputs, feeds))
        return dict(zip(self.outputs, arrays, strict=True))

    def _heads(self, image: np.ndarray) -> Answer:
        """The heads in a picture as objects, and nobody's gaze."""
        found = self._run({"image": image.transpose(2, 0, 1) / np.float32(255)})
        sides = np.array([image.shape[1], image.shape[0]] * 2, np.float32)
        sure = found["scores"] >= self.about["least_score"]
        columns = (found["boxes"] / sides, found["scores"], found["labels"])
        heads = Found(*(column[sure] for column in columns), classes=("", "head"))
        return replace(NOBODY, objects=heads)

    def _remembering(self, given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Frame by frame, each with the memory that the one before left."""
        people = len(given["heads"]) // len(given["images"])
        layers, _, *size = self.inputs["hidden"].shape
        memory = {n: np.zeros((layers, people, *size), np.float32) for n in ("hidden", "cell")}
        by_frame, frames = np.split(given["heads"], len(given["images"])), []
        for image, heads in zip(given["images"], by_frame, strict=True):
            now = {"images": image[None], "heads": heads, "image_of": np.zeros(people, np.int64)}
            frames.append(self._run(now | memory))
            memory = {name: frames[-1].pop(f"{name}_after") for name in memory}
        return {name: np.concatenate([frame[name] for frame in frames]) for name in frames[0]}

    def _answers(
        self, found: dict[str, np.ndarray], shape: tuple[int, ...], boxes: list[np.ndarray]
    ) -> list[Answer]:
        sides = np.array([shape[1], shape[0]] * 2, np.float32)
        ends = np.cumsum([len(each) for each in boxes])
        answers = []
        for row, (heads, end) in enumerate(zip(boxes, ends, strict=True)):
            people = {n: found[n][end - len(heads) : end] for n in PEOPLE if n in found}
            objects = self._objects(found, row) if "object_boxes" in found else None
            projection = self.about["projection"]
            own = {"heads": heads / sides, **people} if "points" in people else {}
            answers.append(replace(NOBODY, objects=objects, projection=projection, **own))
        return answers

    def _objects(self, found: dict[str, np.ndarray], row: int) -> Found:
        """The objects of a picture that the model is sure of, by class and then by score."""
        names = ("object_boxes", "object_scores", "object_labels")
        boxes, scores, labels = (found[name][row] for name in names)
        sure = np.flatnonzero(scores >= self.about["least_score"])
        kept = [
            of_class[kept]
            for label in np.unique(labels[sure])
            for of_class in [sure[labels[sure] == label]]
            for kept in [suppress(boxes[of_class], scores[of_class], self.about["overlap"])]
        ]
        rows = np.concatenate(kept) if kept else sure
        return Found(boxes[rows], scores[rows], labels[rows], tuple(self.about["classes"]))

    def _check(self, images: list[np.ndarray], boxes: list[np.ndarray], depths: Any) -> None:
        if not images or len(images) != len(boxes) or len({image.shape for image in images}) > 1:
            raise ValueError("give one or more pictures of one size, and of each its heads")
        if self.about["needs_heads"] and not all(np.isfinite(each).all() for each in boxes):
            raise ValueError(f"{self.path}: a head box has a value that is no number; leave it out")
        if (depths is not None) != ("depth" in self.inputs):
            word = "reads" if depths is None else "does not read"
            raise ValueError(f"{self.path}: this model {word} depth maps")
        length = self.about["clip_length"]
        if length == 1:
            return
        if len(images) % (length or 1):
            raise ValueError(
                f"{self.path}: this model sees {length} frames together; give a multiple of that"
            )
        if len({len(each) for each in boxes}) > 1:
            raise ValueError("the frames of a clip hold different numbers of people")


def _pixels(picture: Picture) -> np.ndarray:
    pixels = picture if isinstance(picture, np.ndarray) else read_array(picture)
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
        raise ValueError(f"give a picture (H, W, 3) uint8, not {pixels.shape} {pixels.dtype}")
    return pixels


def suppress(boxes: np.ndarray, scores: np.ndarray, overlap: float) -> np.ndarray:
    """Rows of boxes (K, 4), highest score first, less those that overlap (IoU) a better one."""
    boxes = boxes.astype(np.float64)
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    waiting, kept = np.argsort(-scores, kind="stable"), []
    while len(waiting):
        best, waiting = waiting[0], waiting[1:]
        kept.append(best)
        low = np.maximum(boxes[waiting, :2], boxes[best, :2])
        high = np.minimum(boxes[waiting, 2:], boxes[best, 2:])
        shared = np.prod((high - low).clip(min=0), axis=1)
        waiting = waiting[shared / (area[waiting] + area[best] - shared) <= overlap]
    return np.array(kept, dtype=np.int64)


def main(words: Sequence[str] | None = None) -> int:
    """The command: one line of JSON per picture."""
    import argparse

    parser = argparse.ArgumentParser(
        prog="python -m sightline.onnx_model",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", help="a file of `sightline models export`")
    parser.add_argument("pictures", nargs="+", help="pictures; of a video model, frames in order")
    parser.add_argument(
        "--heads", nargs="*", default=[], help="a file of head boxes, or x,y,x,y in pixels"
    )
    parser.add_argument("--heatmaps", action="store_true", help="also give heatmaps, packed")
    given = parser.parse_args(words)
    try:
        model = OnnxModel(given.model)
        heads = [heads_of(picture, given.heads) for picture in given.pictures]
        together = model.about["clip_length"] != 1
        groups = [slice(None)] if together else [slice(i, i + 1) for i in range(len(heads))]
        for group in groups:
            answers = model.predict_all(given.pictures[group], heads[group])
            for picture, answer in zip(given.pictures[group], answers, strict=True):
                data = {"image": picture, **answer.to_dict(heatmaps=given.heatmaps)}
                print(json.dumps(data, allow_nan=False))
    except (ValueError, OSError, ImportError) as error:
        parser.exit(1, f"sightline: {error}\n")
    return 0


def heads_of(picture: str, words: Sequence[str]) -> list[list[float]]:
    """Head boxes in pixels: of a file those of the picture, or else four numbers per word."""
    from sightline.media.boxrows import fitting_name
    from sightline.media.headrows import checked_rows

    if len(words) == 1 and Path(words[0]).exists():
        rows = checked_rows(words[0], over_seam=True)
        name = fitting_name(picture, {row.image for row in rows})
        return [row.box for row in rows if row.image == name]
    try:
        boxes = [[float(number) for number in word.split(",")] for word in words]
    except ValueError:
        boxes = [[]]
    if any(len(box) != 4 for box in boxes):
        raise ValueError(f"--heads {' '.join(words)}: neither a file nor x,y,x,y in pixels")
    return boxes


if __name__ == "__main__":
    raise SystemExit(main())
