"""Loading GOO-Synth: ours, from PNG and from stored pictures, beside a plain loader.

A sample is what training GaTector needs: the picture and the crop around the eyes, both resized to
224 x 224 and normalised, the heatmap of 64 x 64 and the boxes, in process, one picture after the
other. The plain loader is written as the release is described: Pillow, bicubic, the heatmap as a
patch of NumPy. The pictures are noisy renderings as RGBA, of about the size in bytes of the
release's; `--folder` takes a real copy. Differences are in grey levels, cells and pixels.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from PIL import Image
from timing import Row, best_of, headline, parser, report
from torch import Tensor
from torchvision.transforms.v2 import functional as F

from sightline.datasets.goo import FRAME, GOOSynth
from sightline.datasets.goo_convert import convert_goo
from sightline.geometry.heatmap import gaussian_heatmaps
from sightline.models.preprocess import MEAN, STD
from sightline.scene import Scene
from sightline.synthetic.render import render_scenes

SIDE, CELLS, PICTURES = 224, 64, 24
Sample = tuple[Tensor, Tensor, Tensor, Tensor]
"""Picture and crop (3, 224, 224), heatmap (64, 64), boxes (K, 4) on the unit square."""


def write_goo(root: Path) -> None:
    """Renderings in the released layout, with as much noise as makes the PNGs 500 to 600 kB."""
    random = np.random.default_rng(0)
    records = []
    folder = root / "goosynth/train/images"
    folder.mkdir(parents=True)
    for number, scene in enumerate(render_scenes(PICTURES, seed=0, size=FRAME)):
        pixels = scene.image.movedim(0, -1).numpy().astype(float)
        pixels = (pixels + random.normal(0, 3, pixels.shape)).clip(0, 255).astype(np.uint8)
        opaque = np.full((*pixels.shape[:2], 1), 255, np.uint8)
        Image.fromarray(np.concatenate([pixels, opaque], axis=2)).save(folder / f"{number}.png")
        records.append(record(random, number))
    for part in ("train", "test"):
        file = root / f"goosynth/picklefile/goosynth_{part}_v2_no_segm.pkl"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(pickle.dumps(records[: 1 if part == "test" else None], protocol=3))
    (root / "goosynth/test").symlink_to(root / "goosynth/train")


def record(random: np.random.Generator, number: int) -> dict:
    corners = random.integers((0, 0), (600, 440), (90, 2)).astype(float)
    boxes = np.concatenate([corners, corners + random.integers(10, 40, (90, 2))], axis=1)
    eye, gaze = random.integers(60, 400, (2, 2)).tolist()
    return {
        "filename": f"{number}.png",
        "width": FRAME[0],
        "height": FRAME[1],
        "ann": {"bboxes": boxes, "labels": np.append(random.integers(1, 25, 89), 25)},
        "gaze_item": 3,
        "gazeIdx": 5,
        "gaze_cx": gaze[0],
        "gaze_cy": gaze[1],
        "hx": eye[0],
        "hy": eye[1],
        "occluded": 0,
    }


def window(eye: np.ndarray) -> list[int]:
    """The rectangle around the eyes (2,), on the unit square, that the release crops, in pixels."""
    x0, y0, x1, y1 = (np.array([*(eye - 0.15), *(eye + 0.15)]) * (FRAME * 2)).clip(min=0)
    x0 -= 0.1 * abs(x1 - x0)
    y0 -= 0.1 * abs(y1 - y0)
    x1 += 0.1 * abs(x1 - x0)
    y1 += 0.1 * abs(y1 - y0)
    return [int(edge) for edge in (x0, y0, x1, y1)]


def plain(root: Path, dataset: GOOSynth) -> Callable[[], list[Sample]]:
    """As the release: Pillow and NumPy, from the pickled records."""
    folder, records = root / "goosynth/train/images", dataset.records

    def read(i: int) -> Sample:
        with Image.open(folder / str(records.files[i])) as opened:
            picture = opened.convert("RGB")
        eye, gaze = records.eyes[i] / FRAME, records.gaze[i] / FRAME
        crop = picture.crop(tuple(window(eye)))
        images = [
            normalised(p.resize((SIDE, SIDE), Image.Resampling.BICUBIC)) for p in (picture, crop)
        ]
        boxes = records.boxes[records.starts[i] : records.ends[i]] / np.array(FRAME * 2)
        return images[0], images[1], patch(gaze), torch.from_numpy(boxes).float()

    return lambda: [read(i) for i in range(len(dataset))]


def normalised(picture: Image.Image) -> Tensor:
    pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous().float() / 255
    return (pixels - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]


def patch(gaze: np.ndarray, sigma: int = 3) -> Tensor:
    """A patch of 19 x 19 cells of a Gaussian, cut at the border, its largest value 1."""
    x, y = (int(c * CELLS - 3 * sigma) for c in gaze)
    gauss = np.exp(-(np.arange(-3 * sigma, 3 * sigma + 1) ** 2) / (2 * sigma**2))
    ends = [min(CELLS, int(c * CELLS + 3 * sigma + 1)) for c in gaze]
    heatmap = np.zeros((CELLS, CELLS))
    part = np.outer(gauss[max(0, -y) : ends[1] - y], gauss[max(0, -x) : ends[0] - x])
    heatmap[max(0, y) : max(0, y) + len(part), max(0, x) : max(0, x) + part.shape[1]] = part
    return torch.from_numpy(heatmap / max(heatmap.max(), 1e-30)).float()


def ours(dataset: GOOSynth) -> Callable[[], list[Sample]]:
    """The dataset, torchvision's resize of bytes, and one normalisation and drawing for all."""
    mean, std = (255 * torch.tensor(v)[:, None, None] for v in (MEAN, STD))

    def resized(image: Tensor) -> Tensor:
        return F.resize(image, [SIDE, SIDE], F.InterpolationMode.BICUBIC, antialias=True)

    def read() -> list[Sample]:
        scenes = [dataset[i] for i in range(len(dataset))]
        images = torch.stack([resized(scene.image) for scene in scenes])
        crops = torch.stack([resized(cropped(scene)) for scene in scenes])
        images, crops = ((pixels.float() - mean) / std for pixels in (images, crops))
        points = torch.cat([scene.truth.points[:, 0] for scene in scenes if scene.truth])
        heatmaps = gaussian_heatmaps(points / torch.tensor(FRAME), CELLS)
        boxes = [s.objects.boxes / torch.tensor(FRAME * 2) for s in scenes if s.objects is not None]
        return list(zip(images, crops, heatmaps, boxes, strict=True))

    return read


def cropped(scene: Scene) -> Tensor:
    assert scene.eyes is not None
    x0, y0, x1, y1 = window(scene.eyes[0].numpy() / np.array(FRAME))
    return F.crop(scene.image, y0, x0, y1 - y0, x1 - x0)


def differences(ours: list[Sample], theirs: list[Sample]) -> dict[str, float]:
    """The largest ones, of pictures in grey levels."""
    units = [255 * torch.tensor(STD)[:, None, None]] * 2 + [torch.tensor(1.0)] * 2
    return {
        name: max(
            float(((a[k] - b[k]).abs() * units[k]).max()) for a, b in zip(ours, theirs, strict=True)
        )
        for k, name in enumerate(("pictures", "crops", "heatmaps", "boxes"))
    }


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--folder", type=Path, help="a copy of GOO-Synth in PNG to take instead")
    chosen = options.parse_args()
    torch.set_num_threads(chosen.threads)
    with TemporaryDirectory() as temporary:
        root = chosen.folder or Path(temporary)
        if chosen.folder is None:
            write_goo(root)
        fast = Path(temporary) / "fast"
        convert_goo("goo-synth", root, fast, pictures=True)
        dataset = GOOSynth(root, "trainval")
        ways = {
            "plain loader, PNG": plain(root, dataset),
            "ours, PNG": ours(dataset),
            "ours, stored pictures": ours(GOOSynth(fast, "trainval")),
        }
        reference = ways["plain loader, PNG"]()
        apart = {way: differences(read(), reference) for way, read in ways.items()}
        stored = next(fast.rglob("*train.pictures")).stat().st_size
        files = sum(dataset.path(i).stat().st_size for i in range(len(dataset)))
        size = dict.fromkeys(ways, files) | {"ours, stored pictures": stored}
        seconds = best_of(ways)
        base = seconds["plain loader, PNG"]
        rows: list[Row] = [
            {
                "way": way,
                "pictures/s": len(dataset) / s,
                "times": base / s,
                "kB each": size[way] / len(dataset) / 1000,
            }
            | apart[way]
            for way, s in seconds.items()
        ]
    report("goo_loading", rows, chosen.json)
    fast = len(dataset) / seconds["ours, stored pictures"]
    what, slow = "reading GOO-Synth, pictures stored", len(dataset) / base
    headline(chosen.json, what, fast, "pictures/s", "a plain loader of PNG", slow)


if __name__ == "__main__":
    main()
