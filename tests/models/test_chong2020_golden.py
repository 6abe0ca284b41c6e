"""The baseline against the outputs of its release, through the official checkpoint layout."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from released import fill, official

from sightline.batch import Batch
from sightline.models.chong2020.convert import convert
from sightline.models.chong2020.model import Chong2020, Chong2020Output
from sightline.models.chong2020.video import Chong2020Video, State

pytestmark = pytest.mark.golden


def released(golden: Path, layout: str) -> tuple[Chong2020, list[str]]:
    """Boxes of the golden cases are enlarged already."""
    model, notes = convert(official(golden, f"chong2020/{layout}"))
    model.config = replace(model.config, head_margin=0.0)
    return model.eval(), notes


@pytest.fixture(scope="module")
def video(golden: Path) -> Chong2020Video:
    model, notes = released(golden, "spatiotemporal_layout.json")
    assert "layer4_face.2.bn_ds" in notes[0]
    return model


def golden_batch(golden: Path, boxes: np.ndarray, *, name: str = "", frames: int = 0) -> Batch:
    """A person per picture; of `frames` that the inputs were made for, the first are taken."""
    count, make = len(boxes), fill(golden)
    shape = (frames or count, 3, 224, 224)
    return Batch(
        images=torch.from_numpy(make.normal(f"chong/{name}image", shape))[:count],
        heads=(torch.from_numpy(boxes).float() + 0.5) / 224,  # clear of the truncation
        image_of=torch.arange(count),
        crops=torch.from_numpy(make.normal(f"chong/{name}face", shape))[:count],
        clip_length=count,
    )


def assert_near(found: dict[str, torch.Tensor], expected: dict[str, np.ndarray]) -> None:
    for name, value in found.items():
        reference = torch.from_numpy(expected[name])
        assert value.shape == reference.shape
        assert (value - reference).abs().max() < 1e-4 * reference.abs().max(), name


def test_chong2020_reproduces_the_released_outputs(golden: Path) -> None:
    expected = np.load(golden / "chong2020" / "spatial.npz")
    model, notes = released(golden, "spatial_layout.json")
    assert notes == []
    attention = []
    model.scene_attention.register_forward_hook(lambda *call: attention.append(call[2]))
    with torch.inference_mode():
        output = model(golden_batch(golden, expected["head_boxes"]))
    assert_near(
        {
            "heatmap": output.heatmaps[:, None],
            "inout": output.inside[:, None],
            "attention": attention[0],
        },
        expected,
    )


def packed(
    model: Chong2020Video, batch: Batch, sizes: list[int], state: State
) -> tuple[Chong2020Output, State]:
    """Run frames of `sizes` sequences at a time; a sequence that ended keeps its state."""
    outputs, first = [], 0
    for size in sizes:
        rows = torch.arange(first, first + size)[None]
        output, after = model.step(batch, rows, tuple(part[:, :size] for part in state))
        state = tuple(torch.cat([a, b[:, size:]], 1) for a, b in zip(after, state, strict=True))
        outputs.append(output)
        first += size
    heatmaps = torch.cat([output.heatmaps for output in outputs])
    return Chong2020Output(heatmaps, torch.cat([output.inside for output in outputs])), state


@pytest.mark.parametrize("start", ["", "_from_state"])
def test_chong2020_on_video_reproduces_the_released_outputs(
    golden: Path, video: Chong2020Video, start: str
) -> None:
    expected = np.load(golden / "chong2020" / "spatiotemporal.npz")
    batch = golden_batch(golden, expected["head_boxes"], name="seq_")
    zero = torch.zeros(2, 2, 512, 7, 7)
    state = (zero, zero)
    if start:
        given = (fill(golden).normal(f"chong/{part}0", zero.shape) for part in "hc")
        state = tuple(0.5 * torch.from_numpy(part) for part in given)
    with torch.inference_mode():
        output, (hidden, cell) = packed(video, batch, expected["batch_sizes"].tolist(), state)
    assert_near(
        {
            f"heatmap{start}": output.heatmaps[:, None],
            f"inout{start}": output.inside[:, None],
            f"h{start}_every64": hidden[:, :, ::64],
            f"c{start}_every64": cell[:, :, ::64],
        },
        expected,
    )


def test_chong2020_on_video_predicts_a_clip_as_released(
    golden: Path, video: Chong2020Video
) -> None:
    """The longer of the two sequences, by the model's own way through a clip."""
    expected = np.load(golden / "chong2020" / "spatiotemporal.npz")
    batch = golden_batch(golden, expected["head_boxes"], name="seq_")
    rows = torch.tensor([0, 2, 4])
    clip = replace(
        batch,
        images=batch.images[rows],
        heads=batch.heads[rows],
        image_of=torch.arange(3),
        crops=batch.crops[rows],
        clip_length=3,
    )
    with torch.inference_mode():
        output = video(clip)
    assert_near({"heatmap": output.heatmaps[:, None]}, {"heatmap": expected["heatmap"][rows]})


def test_chong2020_on_a_lone_frame_skips_the_norms_that_the_release_skips(
    golden: Path, video: Chong2020Video
) -> None:
    expected = np.load(golden / "chong2020" / "spatiotemporal_single_frame.npz")
    batch = golden_batch(golden, expected["head_boxes"], name="seq_", frames=5)
    states = []
    hook = video.lstm.register_forward_hook(lambda *call: states.append(call[2][1]))
    with torch.inference_mode():
        output = video(batch)
    hook.remove()
    ((hidden, cell),) = states
    assert_near(
        {
            "heatmap": output.heatmaps[:, None],
            "inout": output.inside[:, None],
            "h_every64": hidden[:, :, ::64],
            "c_every64": cell[:, :, ::64],
        },
        expected,
    )
