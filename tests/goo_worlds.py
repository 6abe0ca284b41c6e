"""Small folders of GOO, VOC and COCO that tests write to disk."""

import pickle
from pathlib import Path

import numpy as np
from PIL import Image

PATHS = {  # of a release: pickle and pictures of a part
    "goo-synth": ("goosynth/picklefile/goosynth_{}_v2_no_segm.pkl", "goosynth/{}/images"),
    "goo-real": ("gooreal/{}.pickle", "gooreal/{}_data"),
}
SIZES = {"goo-synth": (640, 480), "goo-real": (960, 540)}


def record(number: int = 0, **changes: object) -> dict:
    """A record as released: three products in a row and the head; the second is looked at."""
    boxes = np.array([[100, 200, 120, 240], [130, 200, 150, 240], [160, 200, 180, 240]], float)
    head = np.array([[300.0 + number, 50, 360 + number, 120]])
    values = {
        "filename": f"{number}.png",
        "width": 640,
        "height": 480,
        "ann": {
            "bboxes": np.concatenate([boxes, head]),
            "labels": np.array([4, 7, 12, 25], np.int32),
        },
        "envparams": {"cab": 1, "hum": 1, "light": 0.7, "cam": 3, "env": 2},
        "gaze_item": 7,
        "gazeIdx": 1,
        "gaze_cx": 140,
        "gaze_cy": 220,
        "hx": 330 + number,
        "hy": 80,
        "pitch": -3.5,
        "yaw": 12.0,
        "roll": 0.25,
        "segm_gazeIdx": 60,
        "occluded": 0,
    }
    return values | changes


def write_pickle(file: Path, content: object, protocol: int = 3) -> Path:
    """Anything as a pickle."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(pickle.dumps(content, protocol=protocol))
    return file


def write_tiny_goo(
    root: Path, name: str = "goo-synth", *, train: list[dict] | None = None, test: int = 3
) -> Path:
    """A release of noise pictures: GOO-Synth in RGBA, GOO-Real larger than its coordinates say."""
    random = np.random.default_rng(0)
    parts = {"train": train or [record(i) for i in range(6)], "test": map(record, range(test))}
    annotations, pictures = PATHS[name]
    width, height = SIZES[name]
    for part, records in parts.items():
        records = list(records)
        write_pickle(root / annotations.format(part), records)
        folder = root / pictures.format(part)
        folder.mkdir(parents=True, exist_ok=True)
        for entry in records:
            channels = 4 if name == "goo-synth" else 3
            pixels = random.integers(0, 256, (height // 8, width // 8, channels), dtype=np.uint8)
            pixels = pixels.repeat(8, axis=0)[:height].repeat(8, axis=1)
            pixels = np.pad(pixels, ((0, height - len(pixels)), (0, 0), (0, 0)))
            Image.fromarray(pixels).save(folder / entry["filename"])
    return root
