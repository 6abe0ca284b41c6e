"""Reading and preprocessing of GazeFollow: ours beside a naive Pillow + torchvision reader.

One sample is a picture, one head crop and their normalisation to two 224 x 224 tensors, in process.
The pictures are rendered scenes, enlarged, with noise, as JPEG of quality 90. Differences are in
grey levels.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from PIL import Image
from timing import Row, alone, best_of, headline, parser, peak_memory, report
from torch import Tensor
from torch.nn.functional import interpolate
from torchvision import transforms

from sightline.datasets.gazefollow import GazeFollow
from sightline.geometry.boxes import enlarge
from sightline.media.image import read_image
from sightline.models.preprocess import MEAN, STD, HeadCrops
from sightline.scene import Scene
from sightline.synthetic.render import render_scenes

SIZES = ((640, 480), (1920, 1080))
PICTURES = 12
MARGIN = 0.1


def enlarged(scene: Scene, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """The picture and the heads of a scene at another size, with the noise of a camera."""
    picture = interpolate(scene.image[None].float(), size[::-1], mode="bicubic")[0]
    noisy = (picture + 4 * torch.randn_like(picture)).clamp(0, 255).byte()
    return noisy, scene.heads * torch.tensor(size * 2) / torch.tensor(scene.size * 2)


def write_dataset(root: Path, scenes: list[Scene], size: tuple[int, int]) -> None:
    """The scenes enlarged to `size`, as GazeFollow with the first person of each."""
    rows = []
    for number, scene in enumerate(scenes):
        name = f"{number:08d}.jpg"
        picture, heads = enlarged(scene, size)
        Image.fromarray(picture.movedim(0, -1).numpy()).save(root / name, quality=90)
        head = ",".join(map(str, heads[0].tolist()))
        rows.append(f"{name},0,0,0,1,1,0.5,0.5,0.5,0.5,{head},1,bench,{name}\n")
    (root / "train_annotations_release.txt").write_text("".join(rows))


def ours(root: Path) -> Callable[[], tuple[Tensor, Tensor]]:
    dataset = GazeFollow(root, "trainval")
    preprocess = HeadCrops(size=224, head_margin=MARGIN, depth=False)

    def read() -> tuple[Tensor, Tensor]:
        batch = preprocess([dataset[i] for i in range(len(dataset))])
        assert batch.crops is not None
        return batch.images, batch.crops

    return read


def naive(root: Path) -> Callable[[], tuple[Tensor, Tensor]]:
    """The reader that everybody writes first; the annotations are given to it."""
    files, boxes = pictures(root), enlarge(GazeFollow(root, "trainval").heads, MARGIN)
    transform = transforms.Compose(
        [transforms.Resize((224, 224)), transforms.ToTensor(), transforms.Normalize(MEAN, STD)]
    )

    def read() -> tuple[Tensor, Tensor]:
        images, crops = [], []
        for file, box in zip(files, boxes, strict=True):
            picture = Image.open(file).convert("RGB")
            images.append(transform(picture))
            crops.append(transform(picture.crop([int(edge) for edge in box])))
        return torch.stack(images), torch.stack(crops)

    return read


def pictures(root: Path) -> list[Path]:
    return [root / str(key).partition("#")[0] for key in GazeFollow(root, "trainval").keys]


def memory(reader: Callable[[Path], Callable[[], object]], root: Path) -> float:
    """The most memory that a process holds when it reads the whole set as one batch, in MiB."""
    torch.set_num_threads(1)
    reader(root)()
    return peak_memory()


def measure(root: Path, size: tuple[int, int]) -> list[Row]:
    files = pictures(root)
    ways = {
        "naive": naive(root),
        "ours": ours(root),
        "Pillow, decoding alone": lambda: [Image.open(file).convert("RGB") for file in files],
        "ours, decoding alone": lambda: [read_image(file) for file in files],
    }
    seconds = best_of(ways, repeats=10)
    peaks = {reader.__name__: alone(memory, reader, root) for reader in (naive, ours)}
    grey = 255 * torch.tensor(STD)[:, None, None]
    pairs = zip(ours(root)(), naive(root)(), strict=True)
    apart = torch.stack([((a - b) * grey).abs() for a, b in pairs])
    kilobytes = sum(file.stat().st_size for file in files) / len(files) / 1000
    differences = {"mean diff": apart.mean().item(), "max diff": apart.max().item()}
    return [
        {
            "pictures": f"{size[0]}x{size[1]}",
            "kB": round(kilobytes),
            "reader": name,
            "pictures/s": PICTURES / seconds[name],
            "times naive": seconds["naive"] / seconds[name],
            "peak MiB": peaks.get(name, "-"),
        }
        | {kind: value if name == "ours" else "-" for kind, value in differences.items()}
        for name in ways
    ]


def main() -> None:
    options = parser(__doc__).parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    scenes = [scene for scene in render_scenes(2 * PICTURES) if len(scene)][:PICTURES]
    rows = []
    for size in SIZES:
        with TemporaryDirectory() as folder:
            write_dataset(Path(folder), scenes, size)
            rows += measure(Path(folder), size)
    report("reader", rows, options.json)
    speeds = {(row["pictures"], row["reader"]): row["pictures/s"] for row in rows}
    for size in dict.fromkeys(size for size, _ in speeds):
        fast, slow = speeds[size, "ours"], speeds[size, "naive"]
        what = f"reading GazeFollow, {size}"
        headline(options.json, what, fast, "pictures/s", "Pillow, torchvision", slow)


if __name__ == "__main__":
    main()
