"""GazeFollow360 on 4K panoramas: ours beside the parts of its release, done plainly in one process.

The release starts 32 processes in every forward pass and reads each panorama from disk twice for
each person. Here its arithmetic stands alone: ResNet-50 with its classifier, windows cut and scaled
by OpenCV, guidance and pasting drawn on maps in pixels of the panorama. It has the weights of ours,
and the heatmaps are compared. One person in each panorama, from batches that are ready; then from
one file with several people to their gaze.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import torch
from PIL import Image
from timing import Row, best_of, headline, parser, report
from torch import Tensor, nn
from torch.nn.functional import interpolate, normalize
from torchvision.models import resnet50
from torchvision.transforms.v2 import functional as tvf

from sightline import create, read_image
from sightline.batch import Batch
from sightline.media.image import write_image
from sightline.models.base import GazeModel
from sightline.models.gazefollow360.released_heads import released_heads
from sightline.models.precision import prepare
from sightline.models.preprocess import MEAN, STD
from sightline.scene import Scene

SIZE = WIDTH, HEIGHT = 3840, 1920
CELLS = 56  # along a side of regions and heatmaps
SIGMA = 15  # pixels of the panorama, of the guidance

Window = tuple[int, int, int, int]


@dataclass
class Person:
    """What the release knows of a head: its panorama (H, W, 3) BGR, centre and width in pixels."""

    panorama: np.ndarray
    centre: tuple[float, float]
    width: float


def tower(channels: int) -> nn.Sequential:
    return nn.Sequential(
        *(nn.Conv2d(channels, 32, 3, 2, 1), nn.BatchNorm2d(32)),
        *(nn.Conv2d(32, 256, 3, 2, 1), nn.BatchNorm2d(256)),
        *(nn.ConvTranspose2d(256, 32, 4, 2, 1), nn.BatchNorm2d(32)),
        *(nn.ConvTranspose2d(32, 4, 4, 2, 1), nn.BatchNorm2d(4)),
        nn.Conv2d(4, 1, 1),
    )


class PlainGazeFollow360(nn.Module):
    """The networks of the release, and between them its work on pictures, person by person."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = resnet50()
        self.position = nn.Sequential(nn.Linear(3, 128), nn.ReLU(), nn.Linear(128, 32))
        self.head = nn.Sequential(nn.Linear(1032, 128), nn.ReLU(), nn.Linear(128, 3, bias=False))
        self.distant, self.local, self.fusion = tower(4), tower(4), tower(2)

    def forward(self, people: list[Person], crops: Tensor) -> Tensor:
        """Heatmaps (N, 56, 56) of whole panoramas."""
        points = torch.tensor([person.centre for person in people]) / torch.tensor(SIZE)
        heads = rays(points)
        features = torch.cat([self.backbone(crops), self.position(heads)], 1)
        directions = self.head(features)
        ends = sight_ends(heads, points, directions)
        windows = [
            [around(x * WIDTH, y * HEIGHT) for x, y in ends.tolist()],
            [
                beside(person, x)
                for person, x in zip(people, directions[:, 0].tolist(), strict=True)
            ],
        ]
        pasted = []
        for network, places in zip((self.distant, self.local), windows, strict=True):
            regions = [region(p.panorama, place) for p, place in zip(people, places, strict=True)]
            heatmaps = network(torch.from_numpy(np.stack(regions)))[:, 0].numpy()
            pasted.append([paste(*pair) for pair in zip(heatmaps, places, strict=True)])
        return self.fusion(torch.from_numpy(np.array(pasted)).transpose(0, 1))[:, 0]


def rays(points: Tensor) -> Tensor:
    """Unit vectors (N, 3) of the camera frame of points (N, 2) of the unit square."""
    longitude, polar = 2 * torch.pi * points[:, 0], torch.pi * points[:, 1]
    x, y = polar.sin() * longitude.cos(), -polar.sin() * longitude.sin()
    return torch.stack([x, y, polar.cos()], 1)


def sight_ends(heads: Tensor, points: Tensor, directions: Tensor) -> Tensor:
    """Where sight lines from heads (N, 3) at points (N, 2) meet the sphere again: points (N, 2)."""
    longitude, latitude = 2 * torch.pi * (1 - points[:, 0]), torch.pi * (0.5 - points[:, 1])
    zero, (sin, cos) = torch.zeros_like(longitude), (longitude.sin(), longitude.cos())
    left = torch.stack([-sin, cos, zero], 1)
    up = torch.stack([-latitude.sin() * cos, -latitude.sin() * sin, latitude.cos()], 1)
    line = (directions[:, :, None] * torch.stack([left, up, heads], 1)).sum(1)
    line = normalize(line, dim=1)
    ends = heads + (-2 * (heads * line).sum(1, keepdim=True)).clamp(min=0) * line
    turn = torch.atan2(ends[:, 1], ends[:, 0]) / (2 * torch.pi)
    return torch.stack([(1 - turn) % 1, 0.5 - ends[:, 2].clamp(-1, 1).asin() / torch.pi], 1)


def around(x: float, y: float) -> Window:
    """The window, a quarter of the panorama wide and high, around a point in pixels."""
    w, h = WIDTH // 4 / 2, HEIGHT // 4 / 2
    return max(0, int(x - w)), max(0, int(y - h)), min(int(x + w), WIDTH), min(int(y + h), HEIGHT)


def beside(person: Person, left: float) -> Window:
    """The window that a head is at the edge of."""
    shift = np.sign(left) * (WIDTH / 4 - person.width) / 2
    return around(int(person.centre[0] - shift), person.centre[1])


def region(panorama: np.ndarray, window: Window) -> np.ndarray:
    """What a tower sees (4, 56, 56): the window's pixels, and a dot in its middle."""
    x0, y0, x1, y1 = window
    pixels = cv2.resize(panorama[y0:y1, x0:x1], (CELLS, CELLS))
    dot = cv2.resize(gaussian(x1 - x0, y1 - y0), (CELLS, CELLS))
    return np.concatenate([pixels.transpose(2, 0, 1).astype(np.float32), dot[None]])


def gaussian(width: int, height: int) -> np.ndarray:
    """A Gaussian in the middle of a map (height, width)."""
    template = np.arange(-3 * SIGMA, 3 * SIGMA + 1, dtype=np.float32) ** 2
    template = np.exp(-(template[:, None] + template) / (2 * SIGMA**2))
    drawn = np.zeros((height, width), np.float32)
    x, y = width // 2 - 3 * SIGMA, height // 2 - 3 * SIGMA
    part = drawn[max(0, y) : y + len(template), max(0, x) : x + len(template)]
    part += template[max(0, -y) :, max(0, -x) :][: part.shape[0], : part.shape[1]]
    return drawn / drawn.max()


def paste(heatmap: np.ndarray, window: Window) -> np.ndarray:
    """A heatmap (56, 56) of a window on one of the panorama, through a map in its pixels."""
    one_over = 1 / np.float32(SIZE * 2)
    x0, y0, x1, y1 = (np.float32(window) * one_over * np.float32(SIZE * 2)).astype(int)
    canvas = np.zeros((HEIGHT, WIDTH), np.float32)
    canvas[y0:y1, x0:x1] = cv2.resize(heatmap, (int(x1 - x0), int(y1 - y0)))
    return cv2.resize(canvas, (CELLS, CELLS))


def people_of(scene: Scene, picture: np.ndarray) -> list[Person]:
    """The people of a panorama (H, W, 3) BGR."""
    heads = released_heads(scene.heads, SIZE)
    pairs = zip(heads.points.tolist(), heads.widths.tolist(), strict=True)
    return [Person(picture, (x, y), width) for (x, y), width in pairs]


def random_scene(seed: int, people: int = 1) -> Scene:
    """A smooth 4K panorama with heads of 60 to 200 pixels around the equator."""
    torch.manual_seed(seed)
    coarse = 255 * torch.rand(1, 3, HEIGHT // 16, WIDTH // 16)
    image = interpolate(coarse, (HEIGHT, WIDTH), mode="bilinear").byte()
    image = image.contiguous(memory_format=torch.channels_last)[0]  # as `read_image` gives them
    corners = torch.rand(people, 2) * torch.tensor([3600, 600]) + torch.tensor([0, 600])
    heads = torch.cat([corners, corners + 60 + 140 * torch.rand(people, 1)], 1)
    return Scene(image=image, heads=heads, projection="equirectangular")


def ours(name: str, precision: torch.dtype = torch.float32) -> GazeModel:
    """Our model with random weights, in the layout that `load` gives it."""
    torch.manual_seed(0)
    return prepare(create(name), "cpu", precision)


def plain() -> PlainGazeFollow360:
    """The plain networks with the weights of ours."""
    network, weights = PlainGazeFollow360().eval(), ours("gazefollow360-released").state_dict()
    network.load_state_dict({k.removeprefix("direction."): v for k, v in weights.items()})
    return network.to(memory_format=torch.contiguous_format)  # pyright: ignore


@torch.inference_mode()
def forward(model: GazeModel, batch: Batch) -> Tensor:
    """Heatmaps (N, h, w)."""
    mixed = model.precision != torch.float32
    with torch.autocast("cpu", model.precision, enabled=mixed):
        return model(batch).heatmaps


def settings() -> dict[str, GazeModel]:
    return {
        "ours, as released": ours("gazefollow360-released"),
        "ours, corrected": ours("gazefollow360"),
        "ours, as released, bf16": ours("gazefollow360-released", torch.bfloat16),
        "ours, corrected, bf16": ours("gazefollow360", torch.bfloat16),
    }


def batches(count: int) -> dict[str, Callable[[], Tensor]]:
    """The forward passes of one person in each of so many panoramas, by name; compared first."""
    scenes = [random_scene(seed) for seed in range(count)]
    pictures = [np.ascontiguousarray(s.image.flip(0).permute(1, 2, 0).numpy()) for s in scenes]
    pairs = zip(scenes, pictures, strict=True)
    people = [person for scene, picture in pairs for person in people_of(scene, picture)]
    models, network = settings(), plain()
    prepared = {name: model.preprocess(scenes) for name, model in models.items()}
    crops = prepared["ours, as released"].crops
    assert crops is not None
    runs: dict[str, Callable[[], Tensor]] = {
        "parts of the release": torch.inference_mode()(partial(network, people, crops)),
        **{name: partial(forward, model, prepared[name]) for name, model in models.items()},
    }
    theirs, own = runs["parts of the release"](), runs["ours, as released"]()
    difference = (theirs - own).abs().amax() / theirs.abs().amax()
    assert difference < 1e-3, f"heatmaps differ by {difference:.2g} of the highest value"
    return runs


def from_file(network: PlainGazeFollow360, file: Path, scene: Scene, *, each: bool) -> Tensor:
    """The file read twice, as released, for all people together or for `each` person again."""
    parts = range(len(scene.heads)) if each else [slice(None)]
    heatmaps = []
    for part in parts:
        heads = scene.heads[part].view(-1, 4)
        picture = Image.open(file).convert("RGB")
        corners = released_heads(heads, SIZE).corners.tolist()
        crops = [
            tvf.pil_to_tensor(picture.crop(c).resize((224, 224), Image.BILINEAR)) for c in corners
        ]
        ready = tvf.normalize(torch.stack(crops) / 255, list(MEAN), list(STD))
        again = cv2.imread(str(file))
        assert again is not None
        own = Scene(scene.image, heads, projection="equirectangular")
        heatmaps.append(network(people_of(own, again), ready))
    return torch.cat(heatmaps)


def predict(model: GazeModel, file: Path, heads: Tensor) -> object:
    """From the file to where people look."""
    scene = Scene(read_image(file), heads, projection="equirectangular")
    return model.predict([scene])


def from_files(folder: Path, people: int) -> dict[str, Callable[[], object]]:
    """The ways from a file to gaze, and parts of ours, by name."""
    file, scene = folder / "panorama.jpg", random_scene(0, people)
    write_image(file, scene.image)
    models, network = settings(), plain()
    scene.image = read_image(file)
    crude = torch.inference_mode()(partial(from_file, network, file, scene))
    return {
        "parts of the release, read twice": partial(crude, each=False),
        "the same for each person": partial(crude, each=True),
        **{name: partial(predict, model, file, scene.heads) for name, model in models.items()},
        "ours: reading alone": partial(read_image, file),
        "ours: preprocess alone": partial(models["ours, corrected"].preprocess, [scene]),
    }


def rows_of(
    runs: Mapping[str, Callable[[], object]], repeats: int, **first: str | int
) -> list[Row]:
    """Time ways; their shares are of the first."""
    seconds = best_of(runs, repeats)
    reference = next(iter(seconds.values()))
    return [
        {**first, "way": name, "ms": 1000 * value, "share": value / reference}
        for name, value in seconds.items()
    ]


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--people", type=int, default=5, metavar="N", help="in the file")
    options.add_argument("--repeats", type=int, default=5, metavar="N")
    options = options.parse_args()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(options.threads)
    rows = [
        row for count in (1, 8) for row in rows_of(batches(count), options.repeats, batch=count)
    ]
    report("GazeFollow360, forward at 4K", rows, options.json)
    with TemporaryDirectory() as folder:
        runs = from_files(Path(folder), options.people)
        rows = rows_of(runs, options.repeats, people=options.people)
    report("GazeFollow360, from a 4K file to gaze", rows, options.json)
    ms = {row["way"]: row["ms"] for row in rows}
    fast, slow = ms["ours, corrected"], ms["the same for each person"]
    what = f"`gazefollow360`, a 4K file with {options.people} people to gaze"
    headline(options.json, what, fast, "ms", "parts of its release", slow)


if __name__ == "__main__":
    main()
