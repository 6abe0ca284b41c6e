"""Forward of the full-size PDP: ours in its settings beside plain eager PyTorch of the same layers.

Ours is `predict_batch`, decoding included. The plain network has the weights of ours, and their
heatmaps are compared. Memory is the peak of a process that does nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from timing import Row, alone, best_of, default_precision, headline, parser, peak_memory, report
from torch import Tensor, nn
from torchvision.models.resnet import Bottleneck, ResNet

from sightline import create
from sightline.batch import Batch
from sightline.geometry.boxes import enlarge, head_masks
from sightline.models.base import GazeModel
from sightline.models.precision import prepare

PEOPLE = {1: 5, 8: 3}
"""Batch sizes, and how often each is timed."""

Forward = Callable[[Batch], Tensor]
"""Batch -> heatmaps (N, 64, 64)."""


class PlainTrunk(ResNet):
    """torchvision's ResNet-50 without its classifier, with a fifth layer."""

    def __init__(self, channels: int) -> None:
        super().__init__(Bottleneck, [3, 4, 6, 3])
        self.conv1 = nn.Conv2d(channels, 64, 7, stride=2, padding=3, bias=False)
        self.layer5 = self._make_layer(Bottleneck, 256, 2)
        del self.fc

    def forward(self, x: Tensor) -> Tensor:
        """Features (N, 1024, 7, 7)."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        return self.layer5(self.layer4(self.layer3(self.layer2(self.layer1(x)))))


class PlainPDP(nn.Module):
    """The layers of PDP as one would write them down; the parameters in the order of ours."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.scene, self.face = PlainTrunk(3 + maps), PlainTrunk(3)
        self.attention = nn.Linear(maps * 28 * 28 + 1024, 49)
        self.fusion = nn.Sequential(
            *(nn.Conv2d(2048, 1024, 1, bias=False), nn.BatchNorm2d(1024), nn.ReLU()),
            *(nn.Conv2d(1024, 512, 1, bias=False), nn.BatchNorm2d(512), nn.ReLU()),
        )
        self.tokens = nn.ParameterList([torch.empty(1, 512), torch.empty(50, 512)])
        self.qkv = nn.Linear(512, 1536)
        self.patches = nn.Sequential(nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 1))
        self.decoder = nn.Sequential(
            *(nn.Conv2d(512, 512, 1, bias=False), nn.ReLU()),
            *(nn.ConvTranspose2d(512, 256, 3, stride=2), nn.BatchNorm2d(256), nn.ReLU()),
            *(nn.ConvTranspose2d(256, 128, 3, stride=2), nn.BatchNorm2d(128), nn.ReLU()),
            *(nn.ConvTranspose2d(128, 1, 4, stride=2), nn.BatchNorm2d(1), nn.ReLU()),
            nn.Conv2d(1, 1, 1),
        )
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)

    def forward(self, images: Tensor, maps: Tensor, crops: Tensor) -> tuple[Tensor, Tensor]:
        """`maps` (N, maps, 224, 224): the depth, if any, and the head mask."""
        scene, face = self.scene(torch.cat([images, maps], 1)), self.face(crops)
        pooled = self.pool(self.pool(self.pool(maps))).flip(1).flatten(1)
        weights = self.attention(torch.cat([pooled, face.mean((2, 3))], 1)).softmax(1)
        code = self.fusion(torch.cat([scene * weights.view(-1, 1, 7, 7), face], 1))
        outside, position = self.tokens
        tokens = torch.cat([code.flatten(2).mT, outside.expand(len(code), 1, 512)], 1) + position
        query, key, value = self.qkv(tokens).chunk(3, 2)
        tokens = tokens + (query @ key.mT).softmax(2) @ value
        heatmaps = self.decoder(tokens[:, :49].mT.reshape(-1, 512, 7, 7))
        return heatmaps[:, 0], self.patches(tokens)[:, :, 0]


def random_batch(model: str, people: int) -> Batch:
    """People of one random picture."""
    torch.manual_seed(people)
    corners = torch.rand(people, 2) / 2
    return Batch(
        images=torch.randn(1, 3, 224, 224),
        heads=torch.cat([corners, corners + 0.2], 1),
        image_of=torch.zeros(people, dtype=torch.long),
        crops=torch.randn(people, 3, 224, 224),
        depth=torch.rand(1, 1, 224, 224) if model == "pdp" else None,
    )


def plain(name: str) -> Forward:
    """The plain network with the weights of ours."""
    model = fresh(name)
    network = PlainPDP(2 if model.uses_depth else 1).eval()
    weights = zip(network.state_dict(), model.state_dict().values(), strict=True)
    network.load_state_dict(dict(weights))

    @torch.inference_mode()
    def forward(batch: Batch) -> Tensor:
        masks = head_masks(enlarge(batch.heads, 0.1))
        maps = masks if batch.depth is None else torch.cat([batch.depth[batch.image_of], masks], 1)
        return network(batch.images[batch.image_of], maps, batch.crops)[0]

    return forward


def ours(
    name: str,
    precision: torch.dtype = torch.float32,
    *,
    channels_last: bool = True,
    compiled: bool = False,
) -> Forward:
    """Our model in one setting."""
    model = fresh(name)
    if channels_last:
        prepare(model, "cpu", precision)
    if compiled:
        model.compile()
    return lambda batch: model.predict_batch(batch)[0].heatmaps


def fresh(name: str) -> GazeModel:
    torch.manual_seed(0)
    return create(name).eval()


SETTINGS = {
    "plain eager": plain,
    "ours, fp32": partial(ours, channels_last=False),
    "ours, fp32 channels-last": ours,
    "ours, bf16 channels-last": partial(ours, precision=torch.bfloat16),
    "ours, bf16 compiled": partial(ours, precision=torch.bfloat16, compiled=True),
}


def memory(setting: str, model: str, people: int, threads: int) -> float:
    """The peak memory of this process in MiB; to be called alone."""
    torch.set_num_threads(threads)
    SETTINGS[setting](model)(random_batch(model, people))
    return peak_memory()


def measure(settings: list[str], model: str) -> list[Row]:
    rows = []
    networks = {setting: SETTINGS[setting](model) for setting in settings}
    for people, repeats in PEOPLE.items():
        batch = random_batch(model, people)
        heatmaps = [networks[setting](batch) for setting in ("plain eager", "ours, fp32")]
        torch.testing.assert_close(*heatmaps, rtol=1e-3, atol=1e-3)
        seconds = best_of({name: partial(run, batch) for name, run in networks.items()}, repeats)
        rows += [
            {
                "model": model,
                "people": people,
                "setting": setting,
                "ms": 1000 * seconds[setting],
                "times plain": seconds["plain eager"] / seconds[setting],
            }
            for setting in settings
        ]
    return rows


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--models", nargs="+", default=["pdp-nodepth", "pdp"])
    options.add_argument("--compile", action="store_true", help="also compiled: minutes more")
    options = options.parse_args()
    torch.set_num_threads(options.threads)
    settings = [name for name in SETTINGS if options.compile or name != "ours, bf16 compiled"]
    rows = [row for model in options.models for row in measure(settings, model)]
    report("forward", rows, options.json)

    model, people = options.models[-1], max(PEOPLE)
    peaks = {name: alone(memory, name, model, people, options.threads) for name in settings}
    title = f"forward, memory of {model} with {people} people"
    report(title, [{"setting": s, "peak MiB": peak} for s, peak in peaks.items()], options.json)

    fast, slow = f"ours, {default_precision()} channels-last", "plain eager"
    ms = {row["setting"]: row["ms"] for row in rows}  # of the last model with the most people
    what = f"`{model}`, forward with {people} people"
    headline(options.json, what, ms[fast], "ms", "plain PyTorch", ms[slow])
    headline(options.json, f"{what}, peak", peaks[fast], "MiB", "plain PyTorch", peaks[slow])


if __name__ == "__main__":
    main()
