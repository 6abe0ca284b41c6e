"""Forward of the full-size GaTector: ours in its settings beside plain eager PyTorch of the layers.

One person per picture, as in GOO. The plain network has the weights of ours, and the outputs are
compared. Ours is the forward of `predict`: raw heatmaps and detections, before decoding; decoding
with non-maximum suppression is timed by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import pairwise

import torch
from timing import Row, best_of, default_precision, headline, parser, report
from torch import Tensor, nn
from torchvision.models.resnet import Bottleneck, ResNet

from sightline import create
from sightline.batch import Batch
from sightline.models.base import GazeModel
from sightline.models.precision import prepare

Output = tuple[Tensor, Tensor]
Forward = Callable[[Batch], Output]
"""Batch -> heatmaps (N, 64, 64) and raw detections (B, 93, 56, 56)."""


class Shared(ResNet):
    """torchvision's ResNet-50 with a second stem and a fifth layer for each of two tasks."""

    def __init__(self) -> None:
        super().__init__(Bottleneck, [3, 4, 6, 3])
        del self.fc
        self.maxpool = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.conv2 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn2 = nn.BatchNorm2d(64)
        self.layer5_scene = self._make_layer(Bottleneck, 256, 2)
        self.inplanes = 2048
        self.layer5_face = self._make_layer(Bottleneck, 256, 2)

    def forward(self, images: Tensor, crops: Tensor) -> list[Tensor]:
        """Maps of layers 2 to 4 and the fifth layer of the scene, the fifth of the head."""
        x = self.layer1(self.maxpool(self.relu(self.bn1(self.conv1(images)))))
        maps = [x := layer(x) for layer in (self.layer2, self.layer3, self.layer4)]
        y = self.layer1(self.maxpool(self.relu(self.bn2(self.conv2(crops)))))
        return [
            *maps,
            self.layer5_scene(x),
            self.layer5_face(self.layer4(self.layer3(self.layer2(y)))),
        ]


def block(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.LeakyReLU(0.1))


def blocks(*sizes: int) -> nn.Sequential:
    """Single places and 3x3 in turn."""
    pairs = pairwise(sizes)
    return nn.Sequential(*(block(i, o, 3 if n % 2 else 1) for n, (i, o) in enumerate(pairs)))


class PlainGaTector(nn.Module):
    """The layers of GaTector as one would write them down; the parameters in the order of ours."""

    def __init__(self) -> None:
        super().__init__()
        self.shared = Shared()
        self.deep, self.deeper = blocks(512, 512, 1024, 512), blocks(2048, 512, 1024, 512)
        self.up_4, self.lateral_4 = block(128, 256, 3), block(256, 256, 1)
        self.merge_4 = blocks(512, 256, 512, 256, 512, 256)
        self.up_3, self.lateral_3 = block(64, 128, 3), block(128, 128, 1)
        self.merge_3 = blocks(256, 128, 256, 128, 256, 128)
        self.before, self.head = block(128, 256, 3), nn.Conv2d(256, 93, 1)
        self.attention = nn.Linear(784 + 1024, 49)
        sizes = (1, 32, 64, 128, 256, 512)
        convs = (nn.Conv2d(i, o, 3, 2, 1, bias=False) for i, o in pairwise(sizes))
        self.place = nn.Sequential(*(layer for conv in convs for layer in (conv, nn.ReLU())))
        self.fusion = nn.Conv2d(2560, 2048, 1)
        self.encoder = nn.Sequential(
            *(nn.Conv2d(2048, 1024, 1, bias=False), nn.BatchNorm2d(1024), nn.ReLU()),
            *(nn.Conv2d(1024, 512, 1, bias=False), nn.BatchNorm2d(512), nn.ReLU()),
        )
        self.decoder = nn.Sequential(
            *(nn.ConvTranspose2d(512, 256, 3, stride=2), nn.BatchNorm2d(256), nn.ReLU()),
            *(nn.ConvTranspose2d(256, 128, 3, stride=2), nn.BatchNorm2d(128), nn.ReLU()),
            *(nn.ConvTranspose2d(128, 1, 4, stride=2), nn.BatchNorm2d(1), nn.ReLU()),
            nn.Conv2d(1, 1, 1),
        )
        self.spread, self.pool = nn.PixelShuffle(2), nn.MaxPool2d(3, stride=2, padding=1)
        self.maxima = nn.ModuleList(nn.MaxPool2d(k, 1, k // 2) for k in (13, 9, 5))

    def forward(self, images: Tensor, masks: Tensor, crops: Tensor) -> Output:
        """`masks` (N, 1, 224, 224)."""
        *maps, scene, face = self.shared(images, crops)
        fine, middle, coarse = map(self.spread, maps)
        near = self.deep(coarse)
        top = self.deeper(torch.cat([*(pool(near) for pool in self.maxima), near], 1))
        merged = self.merge_4(torch.cat([self.lateral_4(middle), self.up_4(self.spread(top))], 1))
        merged = self.merge_3(torch.cat([self.lateral_3(fine), self.up_3(self.spread(merged))], 1))
        detected = self.head(self.before(merged))
        pooled = self.pool(self.pool(self.pool(masks))).flatten(1)
        weights = self.attention(torch.cat([pooled, face.mean((2, 3))], 1)).softmax(1)
        attended = torch.cat([scene, self.place(masks)], 1) * weights.view(-1, 1, 7, 7)
        code = self.encoder(self.fusion(torch.cat([attended, face], 1)))
        return self.decoder(code)[:, 0], detected


def random_batch(people: int) -> Batch:
    """One person in each of so many random pictures."""
    torch.manual_seed(people)
    corners = torch.rand(people, 2) / 2
    return Batch(
        images=torch.randn(people, 3, 224, 224),
        heads=torch.cat([corners, corners + 0.2], 1),
        image_of=torch.arange(people),
        crops=torch.randn(people, 3, 224, 224),
    )


def fresh() -> GazeModel:
    torch.manual_seed(0)
    return create("gatector").eval()


def plain() -> Forward:
    """The plain network with the weights of ours, which come in another order."""
    model, network = fresh(), PlainGaTector().eval()
    ours = model.state_dict()
    stem = {
        "scene_stem.0": "conv1",
        "scene_stem.1": "bn1",
        "head_stem.0": "conv2",
        "head_stem.1": "bn2",
    }
    names = {f"backbone.{k}.": f"shared.{v}." for k, v in stem.items()}
    names |= {f"backbone.layers.{i}.": f"shared.layer{i + 1}." for i in range(4)}
    names |= {
        "backbone.scene_layer.": "shared.layer5_scene.",
        "backbone.head_layer.": "shared.layer5_face.",
    }
    names |= {"detection.deep.before.": "deep.", "detection.deep.after.": "deeper."}
    names |= {"gaze.attention.linear.": "attention.", "detection.": "", "gaze.": ""}
    renamed = {}
    for name, tensor in ours.items():
        old = next(prefix for prefix in names if name.startswith(prefix))
        renamed[names[old] + name.removeprefix(old)] = tensor
    network.load_state_dict(renamed)

    @torch.inference_mode()
    def forward(batch: Batch) -> Output:
        return network(batch.images, model.masks(batch), batch.crops)

    return forward


def ours(precision: torch.dtype = torch.float32, *, channels_last: bool = True) -> Forward:
    """Our model in one setting."""
    model = fresh()
    if channels_last:
        prepare(model, "cpu", precision)

    @torch.inference_mode()
    def forward(batch: Batch) -> Output:
        with torch.autocast("cpu", precision, enabled=precision != torch.float32):
            output = model(batch)
        return output.heatmaps, output.grids[0].flatten(1, 2)

    return forward


def decoding(batch: Batch) -> Callable[[], object]:
    """Points, boxes and gaze objects from raw outputs."""
    model = fresh()
    raw = torch.randn(len(batch), 3, 31, 56, 56)
    raw[:, :, 2:4] *= 0.3
    raw[:, :, 4] = 3 * raw[:, :, 4] - 6  # some hundred sure places among thousands
    with torch.inference_mode():
        output = replace(model(batch), grids=[raw])
    return lambda: model.decode(output, batch)


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--people", type=int, default=8, metavar="N")
    options.add_argument("--repeats", type=int, default=5, metavar="N")
    options = options.parse_args()
    torch.set_num_threads(options.threads)
    batch = random_batch(options.people)
    settings: dict[str, Forward] = {
        "plain eager": plain(),
        "ours, fp32": ours(channels_last=False),
        "ours, fp32 channels-last": ours(),
        "ours, bf16 channels-last": ours(torch.bfloat16),
    }
    for one, other in zip(
        settings["plain eager"](batch), settings["ours, fp32"](batch), strict=True
    ):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-3)
    runs = {name: partial(forward, batch) for name, forward in settings.items()}
    seconds = best_of(runs, options.repeats)
    rows: list[Row] = [
        {
            "people": options.people,
            "setting": name,
            "ms": 1000 * value,
            "times plain": seconds["plain eager"] / value,
        }
        for name, value in seconds.items()
    ]
    report("GaTector, forward", rows, options.json)
    names = (f"ours, {default_precision()} channels-last", "plain eager")
    fast, slow = (1000 * seconds[name] for name in names)
    what = f"`gatector`, forward of {options.people} pictures"
    headline(options.json, what, fast, "ms", "plain PyTorch", slow)
    decoded = best_of({"decode": decoding(batch)}, options.repeats)["decode"]
    report("GaTector, decoding", [{"people": options.people, "ms": 1000 * decoded}], options.json)


if __name__ == "__main__":
    main()
