"""Small datasets that tests write to disk."""

from pathlib import Path

import numpy as np
from PIL import Image

SIZE = (96, 72)


def write_tiny_gazefollow(folder: Path, *, train: int = 24, test: int = 4, seed: int = 0) -> Path:
    """A GazeFollow layout of noise pictures with a bright target: enough to run every step."""
    random = np.random.default_rng(seed)
    for part, count in (("train", train), ("test", test)):
        lines = []
        for number in range(count):
            path = f"{'test2' if part == 'test' else part}/00000000/{number:08d}.jpg"
            lines += _rows(random, folder, path, number, part)
        (folder / f"{part}_annotations_release.txt").write_text("\n".join(lines) + "\n")
    return folder


def _rows(random, folder: Path, path: str, number: int, part: str) -> list[str]:
    width, height = SIZE
    pixels = random.integers(0, 80, (height, width, 3), dtype=np.uint8)
    x, y = random.uniform(0.1, 0.9, 2)
    head = random.uniform(0.1, 0.6, 2)
    row, column = int(y * height), int(x * width)
    pixels[max(row - 4, 0) : row + 4, max(column - 4, 0) : column + 4] = 255
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)
    depth = folder / "depth" / (path[:-3] + "png")
    depth.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(random.integers(0, 65535, (height, width), dtype=np.uint16)).save(depth)
    box = [head[0] * width, head[1] * height, head[0] * width + 24, head[1] * height + 24]
    inside = 0 if part == "train" and number % 4 == 3 else 1
    annotators = 3 if part == "test" else 1
    rows = []
    for _ in range(annotators):
        gaze = (x, y) if inside else (-1, -1)
        values = [path, number, 0, 0, 1, 1, *head, *gaze, *box]
        values += [inside, "synthetic", path] if part == "train" else ["synthetic", path]
        rows.append(",".join(map(str, values)))
    return rows


def write_tiny_videoattentiontarget(
    folder: Path, *, train_shows: int = 3, tracks: tuple[int, ...] = (12, 3), seed: int = 0
) -> Path:
    """A VideoAttentionTarget layout of noise: a clip per show, a track of each given length in it.

    There is one show for the test; the heads drift, and every fourth gaze is outside.
    """
    random = np.random.default_rng(seed)
    shows = [("train", f"Show {number}") for number in range(train_shows)] + [("test", "Finale")]
    for part, show in shows:
        clip = f"{show}/10_90"
        for frame in range(max(tracks)):
            for kind, size, dtype in (
                ("images", (*SIZE[::-1], 3), "u1"),
                ("depth", SIZE[::-1], "u2"),
            ):
                file = folder / kind / clip / f"{frame:08d}.{'jpg' if kind == 'images' else 'png'}"
                file.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(random.integers(0, 255, size, dtype=dtype)).save(file)
        for number, length in enumerate(tracks):
            file = folder / "annotations" / part / clip / f"s{number:02d}.txt"
            file.parent.mkdir(parents=True, exist_ok=True)
            lines = [_track_line(random, frame, number) for frame in range(length)]
            file.write_text("".join(lines))
    return folder


def _track_line(random, frame: int, number: int) -> str:
    left, top = 5 + 2 * frame + 30 * number, 8 + frame
    gaze = (-1, -1) if frame % 4 == 3 else random.integers(0, SIZE)
    return ",".join(map(str, (f"{frame:08d}.jpg", left, top, left + 20, top + 24, *gaze))) + "\n"
