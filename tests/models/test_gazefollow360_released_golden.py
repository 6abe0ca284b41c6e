"""Windows of GazeFollow360 as its release cuts, marks and pastes them, against its outputs."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from released import fill
from torch import Tensor

from sightline.geometry.heatmap import gaussian_heatmaps
from sightline.models.gazefollow360 import released
from sightline.models.gazefollow360.released import Windows

pytestmark = pytest.mark.golden


@pytest.fixture(scope="module")
def expected(golden: Path) -> dict[str, Tensor]:
    arrays = np.load(golden / "gazefollow360" / "pipeline.npz")
    return {name: torch.from_numpy(arrays[name]) for name in arrays}


@pytest.fixture(scope="module")
def cases(golden: Path) -> dict:
    return json.loads((golden / "gazefollow360" / "cases.json").read_text())


@pytest.fixture(scope="module")
def windows(expected: dict[str, Tensor], cases: dict) -> dict[str, Windows]:
    people = cases["pipeline"]
    sizes = torch.tensor(people["image_size_wh"])
    centres = torch.tensor(people["face_center_px"], dtype=torch.float64)
    widths = torch.tensor(people["head_width_px"])
    return {
        "distant": released.distant_windows(expected["pipe_projected_uv"], sizes),
        "local": released.local_windows(centres, expected["pipe_direction"], widths, sizes),
    }


PATHWAYS = pytest.mark.parametrize("pathway", ["distant", "local"])


@PATHWAYS
def test_windows_are_those_of_the_release(
    expected: dict[str, Tensor], windows: dict[str, Windows], pathway: str
) -> None:
    found, name = windows[pathway], f"pipe_{pathway}_box"
    assert torch.equal(found.corners, expected[f"{name}_px_rounded"].long())
    assert torch.equal(found.recovered, expected[f"{name}_px"].long())
    assert torch.equal(found.normalised, expected[f"{name}_norm"])


@PATHWAYS
def test_regions_are_those_of_the_release(
    golden: Path,
    expected: dict[str, Tensor],
    windows: dict[str, Windows],
    cases: dict,
    pathway: str,
) -> None:
    make = fill(golden)
    panoramas = []
    for row, (width, height) in enumerate(cases["pipeline"]["image_size_wh"][:2]):
        uniform = make.uniform(f"gf360.main.image{row}", (height, width, 3))
        panoramas.append(torch.from_numpy(np.floor(255 * uniform).astype(np.uint8)).movedim(-1, 0))
    image_of = torch.tensor(cases["pipeline"]["image_of_sample"])
    regions = released.cut(panoramas, image_of, windows[pathway])
    assert torch.equal(regions, expected[f"pipe_{pathway}_region"].float())


@pytest.mark.parametrize(
    ("pathway", "name"), [("distant", "pipe_distant_gauss"), ("local", "pipe_attention_map")]
)
def test_guidance_is_that_of_the_release(
    expected: dict[str, Tensor], windows: dict[str, Windows], pathway: str, name: str
) -> None:
    torch.testing.assert_close(
        released.guidance(windows[pathway]), expected[name], atol=1e-5, rtol=0
    )


def test_guidance_depends_on_the_size_of_the_window_as_released(
    expected: dict[str, Tensor], cases: dict
) -> None:
    extents = torch.tensor(cases["gauss_windows_wh"])
    windows = Windows(torch.cat([torch.zeros_like(extents), extents], -1), extents)
    torch.testing.assert_close(
        released.guidance(windows)[:, 0], expected["gauss_windows"], atol=1e-5, rtol=0
    )


def test_pasted_heatmaps_are_those_of_the_release(
    expected: dict[str, Tensor], windows: dict[str, Windows]
) -> None:
    for channel, pathway in enumerate(("distant", "local")):
        pasted = released.paste(expected[f"pipe_dp_{pathway}"][:, 0], windows[pathway])
        reference = expected["pipe_df_input"][:, channel]
        assert (pasted - reference).abs().max() < 1e-4 * reference.abs().max()


def test_targets_are_those_of_the_release(
    expected: dict[str, Tensor], windows: dict[str, Windows], cases: dict
) -> None:
    points = torch.tensor(cases["pipeline"]["gaze_uv"])
    for pathway in ("distant", "local"):
        torch.testing.assert_close(
            released.window_targets(points, windows[pathway]),
            expected[f"pipe_stage2_target_{pathway}"],
            atol=1e-5,
            rtol=0,
        )
    torch.testing.assert_close(
        released.scene_targets(points), expected["pipe_stage3_target"], atol=1e-6, rtol=0
    )


def test_labels_are_those_of_the_release(golden: Path, cases: dict) -> None:
    points = torch.tensor(cases["label_points_uv"], dtype=torch.float64)
    reference = np.load(golden / "gazefollow360" / "labels.npz")["label_56_sigma3"]
    labels = released.scene_targets(points).float()
    torch.testing.assert_close(labels, torch.from_numpy(reference), atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("name", "y"), [("label_40x100_sigma5", -4.2), ("label_40x100_outside", -40.2)]
)
def test_labels_of_oblong_maps_are_those_of_the_release(golden: Path, name: str, y: float) -> None:
    reference = torch.from_numpy(np.load(golden / "gazefollow360" / "labels.npz")[name])
    points = torch.tensor([[61.7 / 100, y / 40]], dtype=torch.float64)
    (label,) = gaussian_heatmaps(points, (100, 40), sigma=5.0)
    torch.testing.assert_close(label, reference.double(), atol=1e-6, rtol=0)
