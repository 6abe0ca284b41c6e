"""Gaze metrics against the release, scikit-learn, scikit-image and naive versions."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from skimage.transform import resize
from sklearn.metrics import average_precision_score, roc_auc_score
from torch import Tensor

from sightline.geometry.heatmap import gaussian_heatmaps, peaks
from sightline.metrics.gaze import (
    angular_error,
    auc_gazefollow_bilinear,
    auc_gazefollow_float,
    auc_gazefollow_uint8,
    auc_vat_cut,
    auc_vat_float,
    auc_vat_uint8,
    average_distance,
    average_precision,
    average_precision_outside,
    minimum_distance,
    multi_hot,
    roc_auc,
)


def load(golden: Path, name: str) -> dict[str, Tensor]:
    with np.load(golden / "gazefollow_metrics" / f"{name}.npz") as case:
        return {key: torch.as_tensor(case[key]) for key in case}


def without_padding(points: Tensor) -> Tensor:
    return points.where((points != -1).any(-1, keepdim=True), torch.nan)


def close(values: Tensor, expected: Tensor | list[float], tolerance: float) -> bool:
    expected = torch.as_tensor(expected, dtype=torch.float64)
    return torch.allclose(values.double(), expected, 0, tolerance, equal_nan=True)


def smooth_maps(count: int, floor: float = 0.2) -> Tensor:
    """Blobs over a floor that many pixels share, like PDP's output."""
    return gaussian_heatmaps(torch.rand(count, 2), sigma=7.0).clamp(min=floor)


# --- the release ---


@pytest.mark.golden
@pytest.mark.parametrize(
    ("auc", "name", "tolerance"),
    [
        (auc_gazefollow_float, "auc_float_skimage", 1e-5),
        (auc_gazefollow_uint8, "auc_uint8_pil", 2e-4),
        (auc_gazefollow_bilinear, "auc_torch_bilinear", 1e-5),
    ],
)
def test_gazefollow_metrics_auc_matches_release(golden, auc, name, tolerance):
    case = load(golden, "gazefollow_eval")
    sizes = case["image_sizes_wh"]
    points = without_padding(case["gaze_padded"]) * sizes[:, None]
    values = [
        auc(heatmap[None], annotations[None], tuple(size.tolist()))
        for heatmap, annotations, size in zip(case["pred_heatmaps"], points, sizes, strict=True)
    ]
    assert close(torch.cat(values), case[name], tolerance)


@pytest.mark.golden
def test_gazefollow_metrics_distances_and_angles_match_release(golden):
    case = load(golden, "gazefollow_eval")
    size = case["pred_heatmaps"].shape[-1]
    points, annotations = peaks(case["pred_heatmaps"]), without_padding(case["gaze_padded"])
    assert torch.equal(points.double() * size, case["argmax_xy"])
    assert close(minimum_distance(points, annotations), case["min_dist"], 1e-6)
    assert close(average_distance(points, annotations), case["avg_dist"], 1e-6)
    # The reference takes an arc cosine of single-precision vectors: small angles are noisy.
    assert close(angular_error(points, annotations, case["eyes"]), case["angular_deg"], 1e-3)


@pytest.mark.golden
def test_gazefollow_metrics_multi_hot_maps_match_release(golden):
    case = load(golden, "annotators")
    sizes = case["image_sizes_wh"]
    points = without_padding(case["gaze_padded"]) * sizes[:, None]
    expected = case["multi_hot_rows_cols"].long()
    for person, size, cells in zip(points, sizes, expected, strict=True):
        hot = multi_hot(person, tuple(size.tolist()))
        assert torch.equal(hot.nonzero(), cells[cells[:, 0] >= 0])


@pytest.mark.golden
def test_gazefollow_metrics_multi_hot_edges_match_release(golden):
    case = load(golden, "annotators")
    size = case["multi_hot_edge_size_wh"]
    hot = multi_hot(case["multi_hot_edge_points"] * size, tuple(size.tolist()))
    assert torch.equal(hot, case["multi_hot_edge_map"].bool())


@pytest.mark.golden
@pytest.mark.parametrize(
    ("auc", "name", "tolerance"),
    [(auc_vat_float, "auc_float", 1e-5), (auc_vat_uint8, "auc_uint8_pil", 2e-4)],
)
def test_gazefollow_metrics_video_auc_matches_release(golden, auc, name, tolerance):
    case = load(golden, "vat_eval")
    values = auc(case["pred_heatmaps"], without_padding(case["gaze"]))
    assert close(values, case[name], tolerance)


@pytest.mark.golden
def test_gazefollow_metrics_video_distance_matches_release(golden):
    case = load(golden, "vat_eval")
    annotations = without_padding(case["gaze"])[:, None]
    values = average_distance(peaks(case["pred_heatmaps"]), annotations)
    assert close(values, case["dist"], 1e-6)


@pytest.mark.golden
def test_gazefollow_metrics_average_precision_matches_release(golden):
    case = load(golden, "vat_eval")
    inside = case["inside"].double()
    for suffix in ("", "_ties"):
        value = average_precision(case["inside_score" + suffix], inside)
        assert close(value, case["ap_inside" + suffix], 1e-5)
    outside = average_precision_outside(case["inside_score"], inside)
    assert close(outside, case["ap_outside_positive"], 1e-5)


# --- a second way ---


@pytest.mark.parametrize("levels", [3, 20, 10**6])
def test_roc_auc_equals_scikit_learn_with_and_without_ties(levels):
    scores = torch.rand(6, 500).mul(levels).round().div(levels)
    positives = torch.rand(6, 500) < torch.linspace(0.01, 0.9, 6)[:, None]
    oracle = [roc_auc_score(p, s) for s, p in zip(scores, positives, strict=True)]
    assert close(roc_auc(scores, positives), oracle, 1e-12)


def test_roc_auc_is_the_share_of_pairs_won_with_half_for_ties():
    scores = torch.randint(0, 5, (4, 40)).float()
    positives = torch.rand(4, 40) < 0.3
    naive = [
        (s[p][:, None] > s[~p]).double().mean() + (s[p][:, None] == s[~p]).double().mean() / 2
        for s, p in zip(scores, positives, strict=True)
    ]
    assert close(roc_auc(scores, positives), torch.stack(naive), 1e-12)


@pytest.mark.parametrize(
    ("scores", "positives"),
    [
        ([1.0, 2.0], [False, False]),
        ([1.0, 2.0], [True, True]),
        ([1.0, math.nan], [False, True]),
        ([math.nan, 2.0], [False, True]),
    ],
)
def test_roc_auc_is_nan_where_it_is_undefined(scores, positives):
    assert roc_auc(torch.tensor([scores]), torch.tensor([positives])).isnan().all()


def test_multi_hot_neither_wraps_round_nor_marks_what_is_not_given():
    points = torch.tensor([[3.0, -2.0], [-0.5, 3.0], [-1.0, 3.0], [torch.nan] * 2, [2.9, 1.2]])
    assert multi_hot(points, (5, 4)).nonzero().tolist() == [[1, 2]]


@pytest.mark.parametrize("size", [(160, 120), (90, 201), (64, 64), (127, 65)])
def test_gazefollow_auc_float_equals_scikit_image_and_scikit_learn(size):
    heatmaps, points = smooth_maps(3), torch.rand(3, 7, 2) * torch.tensor(size)
    oracle = [
        roc_auc_score(multi_hot(p, size).flatten(), resize(h.numpy(), size[::-1]).ravel())
        for h, p in zip(heatmaps, points, strict=True)
    ]
    assert close(auc_gazefollow_float(heatmaps, points, size), oracle, 1e-6)


def naive_rows(rows: Tensor, count: int) -> Tensor:
    """Half-pixel bilinear with clamped border, row by row."""
    out = []
    for i in range(count):
        place = min(max((i + 0.5) * len(rows) / count - 0.5, 0), len(rows) - 1)
        low = math.floor(place)
        high = min(low + 1, len(rows) - 1)
        out.append(rows[low] * (low + 1 - place) + rows[high] * (place - low))
    return torch.stack(out)


def test_gazefollow_auc_bilinear_equals_a_naive_resize():
    size, heatmaps = (150, 100), torch.rand(3, 16, 16)
    points = torch.rand(3, 5, 2) * torch.tensor(size)
    large = torch.stack([naive_rows(naive_rows(h.T, 150).T, 100) for h in heatmaps.double()])
    hot = torch.stack([multi_hot(p, size) for p in points])
    naive = roc_auc(large.flatten(1), hot.flatten(1))
    assert close(auc_gazefollow_bilinear(heatmaps, points, size), naive, 1e-5)


def test_gazefollow_auc_uint8_equals_a_naive_resize_of_grey_levels():
    size, heatmaps = (150, 100), smooth_maps(3)
    points = torch.rand(3, 5, 2) * torch.tensor(size)
    low, high = heatmaps.amin((1, 2), keepdim=True), heatmaps.amax((1, 2), keepdim=True)
    grey = ((heatmaps - low) / (high - low) * 255).round().double()
    wide = [naive_rows(g.T, 150).T.add(0.5).floor() for g in grey]  # Pillow rounds after each axis
    large = torch.stack([naive_rows(w, 100).add(0.5).floor() for w in wide])
    hot = torch.stack([multi_hot(p, size) for p in points])
    naive = roc_auc(large.flatten(1), hot.flatten(1))
    assert close(auc_gazefollow_uint8(heatmaps, points, size), naive, 1e-3)


def test_a_floor_shared_by_many_pixels_stays_tied_at_image_size():
    blob = np.zeros((64, 64), np.float32)
    blob[30:34, 30:34] = 1
    heatmap = torch.from_numpy(blob)[None] * 0.7 - 0.14816
    corners = torch.tensor([[[0.0, 0.0], [638.0, 477.0], [3.0, 431.0]]])
    tied = (resize(blob, (480, 640)) == 0).sum() - 3  # all others are above the annotations
    expected = 0.5 * tied / (480 * 640 - 3)
    value = auc_gazefollow_float(heatmap, corners, (640, 480)).item()
    assert value == pytest.approx(expected, abs=1e-12)


def test_a_picture_without_a_positive_pixel_has_no_auc():
    left, below = torch.tensor([[[-1.0, 5.0]]]), torch.tensor([[1.2, 1.2]])
    assert auc_gazefollow_bilinear(smooth_maps(1), left, (80, 60)).isnan().all()
    assert auc_vat_cut(smooth_maps(1), below).isnan().all()


def test_video_auc_of_gazelle_leaves_the_last_row_and_column_out():
    heatmap = torch.zeros(1, 64, 64)
    heatmap[:, -1], heatmap[:, :, -1] = 1.0, 1.0  # highest where nothing can be positive
    corner = torch.tensor([[0.99, 0.99]])
    assert auc_vat_float(heatmap, corner).item() > 0.5 > auc_vat_cut(heatmap, corner).item()


def test_people_nobody_annotated_have_no_gazefollow_auc():
    values = auc_gazefollow_float(smooth_maps(2), torch.full((2, 3, 2), torch.nan), (80, 60))
    assert values.isnan().all()
    assert auc_gazefollow_float(torch.empty(0, 64, 64), torch.empty(0, 3, 2), (8, 6)).shape == (0,)


def test_a_heatmap_with_nan_is_refused():
    heatmaps = smooth_maps(2)
    heatmaps[1, 0, 0] = torch.nan
    with pytest.raises(ValueError, match="holds NaN"):
        auc_gazefollow_uint8(heatmaps, torch.zeros(2, 1, 2), (80, 60))


@pytest.mark.parametrize(("auc", "levels"), [(auc_vat_float, None), (auc_vat_uint8, 255)])
def test_video_auc_takes_a_square_of_19_cells_as_positives(auc, levels):
    heatmaps, points = torch.rand(4, 64, 64), 0.2 + 0.6 * torch.rand(4, 2)
    oracle = []
    for heatmap, (x, y) in zip(heatmaps, (points * 64).long().tolist(), strict=True):
        square = torch.zeros(64, 64, dtype=torch.bool)
        square[y - 9 : y + 10, x - 9 : x + 10] = True
        if levels:
            share = (heatmap - heatmap.min()) / (heatmap.max() - heatmap.min())
            heatmap = (share * levels).round()
        oracle.append(roc_auc_score(square.flatten(), heatmap.flatten()))
    assert close(auc(heatmaps, points), oracle, 1e-5)


def test_video_auc_enlarges_a_small_heatmap_to_the_published_size():
    heatmaps, points = torch.rand(2, 16, 16), torch.tensor([[0.5, 0.5], [torch.nan] * 2])
    large = torch.from_numpy(resize(heatmaps[0].numpy(), (64, 64)))[None].repeat(2, 1, 1)
    assert close(auc_vat_float(heatmaps, points), auc_vat_float(large, points), 1e-6)


def test_distances_and_angles_equal_naive_ones():
    points, eyes = torch.rand(5, 2).double(), torch.rand(5, 2).double()
    annotations = torch.rand(5, 4, 2).double()
    annotations[1, 2:] = annotations[4] = torch.nan
    for i, person in enumerate(annotations):
        given = [a for a in person.tolist() if not math.isnan(a[0])]
        point, eye = points[i].tolist(), eyes[i].tolist()
        expected = [torch.nan] * 3
        if given:
            centre = [sum(axis) / len(given) for axis in zip(*given, strict=True)]
            turn = math.atan2(point[1] - eye[1], point[0] - eye[0])
            turn -= math.atan2(centre[1] - eye[1], centre[0] - eye[0])
            nearest = min(math.dist(point, a) for a in given)
            angle = math.degrees(math.acos(math.cos(turn)))
            expected = [math.dist(point, centre), nearest, angle]
        values = [
            average_distance(points, annotations)[i].item(),
            minimum_distance(points, annotations)[i].item(),
            angular_error(points, annotations, eyes)[i].item(),
        ]
        assert values == pytest.approx(expected, abs=1e-9, nan_ok=True)


def test_an_angle_at_the_point_itself_is_undefined():
    eyes = torch.tensor([[0.5, 0.5]])
    assert angular_error(eyes, torch.tensor([[[0.1, 0.1]]]), eyes).isnan().all()


@pytest.mark.parametrize("levels", [4, 10**6])
def test_average_precision_equals_scikit_learn_with_ties_and_weights(levels):
    scores = torch.rand(300, dtype=torch.float64).mul(levels).round().div(levels)
    labels, weights = (torch.rand(300) < 0.6).double(), torch.randint(0, 3, (5, 300))
    oracle = average_precision_score(labels, scores)
    assert average_precision(scores, labels).item() == pytest.approx(oracle, abs=1e-12)
    oracle = [average_precision_score(labels, scores, sample_weight=w) for w in weights]
    assert close(average_precision(scores, labels, weights), oracle, 1e-12)
    oracle = average_precision_score(1 - labels, -scores)
    assert average_precision_outside(scores, labels).item() == pytest.approx(oracle, abs=1e-12)


def test_average_precision_without_a_positive_is_undefined():
    assert average_precision(torch.rand(5), torch.zeros(5)).isnan()
