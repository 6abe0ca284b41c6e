"""Any object detector of the transformers library that knows heads or faces, from a folder."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sightline.geometry.boxes import head_from_face
from sightline.media.heads import FACE_NOTE, Heads, require


class TransformersDetector:
    """A detector saved by `save_pretrained`, with its image processor, as safetensors.

    Of its classes those with the word "head" in their name are taken, else those with "face", which
    are enlarged to heads. Nothing is downloaded and no code from the folder is run.
    """

    def __init__(self, folder: str | Path, threshold: float = 0.5) -> None:
        self.processor, self.network = open_detector(folder)
        names = self.network.config.id2label
        heads, faces = _named(names, "head"), _named(names, "face")
        if not heads and not faces:
            known = ", ".join(map(str, names.values()))
            raise ValueError(f"{folder}: none of its classes is a head or a face: {known}.")
        self.classes = torch.tensor(heads or faces)
        self.note = "" if heads else FACE_NOTE
        self.threshold = threshold

    @torch.no_grad()
    def __call__(self, image: Tensor) -> Heads:
        """The heads in a picture (3, H, W) uint8 RGB."""
        output = self.network(**self.processor(images=image, return_tensors="pt"))
        found = self.processor.post_process_object_detection(
            output, threshold=self.threshold, target_sizes=[tuple(image.shape[1:])]
        )[0]
        keep = torch.isin(found["labels"], self.classes)
        boxes = found["boxes"][keep]
        return Heads(head_from_face(boxes) if self.note else boxes, found["scores"][keep])


def open_detector(folder: str | Path) -> tuple[Any, Any]:
    """The image processor and the network of a folder; ValueError if they are not there."""
    hub = require("transformers", "pip install 'sightline[transformers]'")
    local = {"local_files_only": True, "trust_remote_code": False}
    try:
        processor = hub.AutoImageProcessor.from_pretrained(folder, **local)
        network = hub.AutoModelForObjectDetection.from_pretrained(
            folder, use_safetensors=True, **local
        )
    except (OSError, ValueError) as error:
        raise ValueError(
            f"{folder}: no detector of the transformers library with its image processor and "
            f"safetensors weights ({str(error).strip().splitlines()[0]})"
        ) from error
    return processor, network.eval()


def _named(names: dict[int, str], word: str) -> list[int]:
    """The classes with a whole word, or its plural, in their name: "Human head", "person_head"."""
    pattern = re.compile(rf"(?<![a-z]){word}s?(?![a-z])")
    return [index for index, name in names.items() if pattern.search(str(name).lower())]
