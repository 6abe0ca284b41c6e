"""The baseline on video: a ConvLSTM between the code of each frame and the decoder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sightline.batch import Batch
from sightline.models.chong2020.model import Chong2020, Chong2020Config, Chong2020Output
from sightline.models.layers import Trunk, init_weights

State = tuple[Tensor, Tensor]
"""Hidden and cell state, each (layers, S, size, grid, grid)."""

PEOPLE_AT_ONCE = 32
"""People (of all frames) that are in the trunks together in prediction: long clips in memory."""


@dataclass(frozen=True)
class Chong2020VideoConfig(Chong2020Config):
    """The baseline's settings, without enlargement of head boxes.

    as_released: also, of a single person in a single frame, skip the BatchNorm of the bottlenecks
        and the decoder, as the release does for a batch of one. Its weights do not depend on it.
    """

    head_margin: float = 0.0


class Chong2020Video(Chong2020):
    """The baseline with a memory of the frames before; a clip has any number of frames."""

    def __init__(self, config: Chong2020VideoConfig) -> None:
        super().__init__(config)
        for trunk in (self.scene_trunk, self.face_trunk):
            _norm_shortcuts_twice(trunk)
        self.lstm = ConvLSTM(8 * config.width)
        self.lstm.apply(init_weights)

    @property
    def clip_length(self) -> None:
        """Any number: all scenes that are given together are one clip."""
        return None

    def forward(self, batch: Batch) -> Chong2020Output:
        """Heatmap and inside logit of every person in every frame of the batch."""
        frames = batch.sequences().mT
        alone = self.config.as_released and len(batch) == 1
        outputs, state = [], None
        with _skipped(self._norms_of_blocks_and_decoder() if alone else []):
            for some in frames.split(self._frames_at_once(frames)):
                output, state = self.step(batch, some, state)
                outputs.append(output)
        order = frames.flatten().argsort()
        return Chong2020Output(
            torch.cat([output.heatmaps for output in outputs])[order],
            torch.cat([output.inside for output in outputs])[order],
        )

    def _frames_at_once(self, frames: Tensor) -> int:
        """All in training, where BatchNorm may want to see them together."""
        count, people = frames.shape
        return count if self.training else max(PEOPLE_AT_ONCE // max(people, 1), 1)

    def step(
        self, batch: Batch, frames: Tensor, state: State | None = None
    ) -> tuple[Chong2020Output, State]:
        """Output and new state of S people over T frames, from the state that they come with.

        frames: (T, S) rows of the batch. The output is over T * S people, frame by frame.
        """
        features = self.features(batch, frames.flatten())
        code = self.fusion(features)
        with torch.autocast(code.device.type, enabled=False):
            codes, after = self.lstm(code.float().unflatten(0, frames.shape), state)
            return self.heads(codes.flatten(0, 1), features.float()), after

    def _norms_of_blocks_and_decoder(self) -> list[nn.Module]:
        """Those which the release skips for a batch of one: not the shortcuts' first."""
        parts = (self.scene_trunk.layers, self.face_trunk.layers, self.decoder)
        named = [pair for part in parts for pair in part.named_modules()]
        return [
            module
            for name, module in named
            if isinstance(module, nn.BatchNorm2d) and not name.endswith("downsample.1")
        ]


def _norm_shortcuts_twice(trunk: Trunk) -> None:
    """Let a second BatchNorm follow that of each shortcut with a convolution."""
    for name, module in list(trunk.named_modules()):
        if name.endswith("downsample") and isinstance(module, nn.Sequential):
            module.append(nn.BatchNorm2d(module[1].get_parameter("weight").numel()))


@contextmanager
def _skipped(modules: Iterable[nn.Module]) -> Iterator[None]:
    """Inside, the modules pass on what they are given."""
    hooks = [m.register_forward_hook(lambda _, inputs, __: inputs[0]) for m in modules]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


class ConvLSTM(nn.Module):
    """A stack of LSTM layers whose products are 3 x 3 convolutions, with dropout in between."""

    def __init__(self, size: int, layers: int = 2) -> None:
        super().__init__()
        self.layers = nn.ModuleList(ConvLSTMLayer(size) for _ in range(layers))
        self.dropout = nn.Dropout(0.5)

    def forward(self, codes: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Codes (T, S, size, h, w) of S sequences, from `state` or zero, and the new state."""
        if state is None:
            zero = codes.new_zeros(len(self.layers), *codes.shape[1:])
            state = (zero, zero)
        states = []
        for number, layer in enumerate(self.layers):
            codes = self.dropout(codes) if number else codes
            codes, after = layer(codes, state[0][number], state[1][number])
            states.append(after)
        hidden, cell = (torch.stack(parts) for parts in zip(*states, strict=True))
        return codes, (hidden, cell)


class ConvLSTMLayer(nn.Module):
    """One layer; gates in the order input, forget, candidate, output, without peepholes."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.input = nn.Conv2d(size, 4 * size, 3, padding=1)
        self.hidden = nn.Conv2d(size, 4 * size, 3, padding=1)

    def forward(
        self, codes: Tensor, hidden: Tensor, cell: Tensor
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Hidden states (T, S, size, h, w) of all frames, and the last hidden and cell state."""
        steps = []
        for gates in self.input(codes.flatten(0, 1)).unflatten(0, codes.shape[:2]):
            enter, keep, candidate, leave = (gates + self.hidden(hidden)).chunk(4, 1)
            cell = keep.sigmoid() * cell + enter.sigmoid() * candidate.tanh()
            hidden = leave.sigmoid() * cell.tanh()
            steps.append(hidden)
        return torch.stack(steps), (hidden, cell)


def chong2020_video(**overrides: object) -> Chong2020Video:
    """The baseline on video, 99.2 M parameters."""
    return Chong2020Video(Chong2020VideoConfig(**overrides))  # pyright: ignore[reportArgumentType]
