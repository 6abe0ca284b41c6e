"""Cameras at this computer, read by OpenCV."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from sightline.media.film import Film, FilmError, Picture


@dataclass(kw_only=True)
class CameraFilm(Film):
    """A camera; times are seconds by the computer's clock since the first picture.

    OpenCV and not PyAV, whose packages for Linux come without drivers for cameras.
    """

    camera: Any
    first: np.ndarray

    @classmethod
    def open(cls, number: int | str) -> Self:
        """Take the first picture; raises `FilmError` when there is no such camera."""
        try:
            import cv2
        except ImportError as error:
            raise ImportError("Cameras need OpenCV: `pip install 'sightline[opencv]'`.") from error
        logs: Any = cv2 if hasattr(cv2, "setLogLevel") else cv2.utils.logging  # OpenCV 4, 5
        logs.setLogLevel(0)  # silent: what went wrong is said below in one line
        camera = cv2.VideoCapture(number)
        there, first = camera.read()
        if not there:
            raise FilmError(f"camera {number}: there is none, or another program uses it.")
        film = cls(
            source=f"camera:{number}",
            size=(first.shape[1], first.shape[0]),
            rate=max(0.0, camera.get(cv2.CAP_PROP_FPS)) or None,  # not -1 or NaN
            duration=None,
            frames_expected=None,
            live=True,
            camera=camera,
            first=first,
        )
        film.resources.callback(camera.release)
        return film

    def _pictures(self, start: float) -> Iterator[Picture]:  # noqa: ARG002, it starts when it does
        began = monotonic()
        index, time, there, pixels = 0, 0.0, True, self.first
        while there:
            yield Picture(index, time, partial(to_rgb, pixels))
            there, pixels = self.camera.read()
            index, time = index + 1, monotonic() - began
        self.notes.tell(f"The camera stopped at {time:.3f} s.")


def to_rgb(pixels: np.ndarray) -> Tensor:
    """OpenCV's blue, green, red (H, W, 3) as RGB (3, H, W)."""
    return torch.from_numpy(pixels[..., ::-1].copy()).permute(2, 0, 1)
