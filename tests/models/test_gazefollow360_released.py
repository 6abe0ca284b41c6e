"""Windows of GazeFollow360 as released: at borders and beside the golden cases."""

import torch
from torch.nn.functional import interpolate

from sightline.models.gazefollow360 import released
from sightline.models.gazefollow360.released import Windows

SIZE = torch.tensor([[100, 50]])  # where fractions of the panorama lose a pixel of some corners
LINEAR = {"mode": "bilinear", "align_corners": False}


def test_pasting_is_that_of_a_whole_canvas_scaled_down() -> None:
    corners = torch.tensor([[17, 3, 42, 15], [0, 30, 9, 42], [93, 0, 100, 5]])
    windows = Windows(corners, SIZE.repeat(3, 1))
    heatmaps = torch.rand(3, 56, 56)
    for row, (heatmap, pixels) in enumerate(zip(heatmaps, windows.recovered, strict=True)):
        x0, y0, x1, y1 = pixels.tolist()
        canvas = torch.zeros(1, 1, 50, 100)
        canvas[..., y0:y1, x0:x1] = interpolate(heatmap[None, None], (y1 - y0, x1 - x0), **LINEAR)
        naive = interpolate(canvas, (56, 56), **LINEAR)[0, 0]
        torch.testing.assert_close(released.paste(heatmaps, windows)[row], naive)


def test_corners_lose_a_pixel_where_the_rounding_of_the_release_does() -> None:
    x = torch.arange(101)
    windows = Windows(torch.stack([x, x, x, x], 1), torch.full((101, 2), 100))
    lost = windows.corners - windows.recovered
    assert lost.min() == 0
    assert lost.max() == 1
    fractions = torch.tensor([i * (torch.ones(()) / 100).item() for i in range(101)])
    naive = torch.tensor([int(f * torch.tensor(100.0)) for f in fractions])
    assert torch.equal(windows.recovered[:, 0], naive)


def test_windows_are_cut_at_the_borders_and_never_empty() -> None:
    points = torch.tensor([[0.0, 0.0], [1.0, 1.0], [0.5, 0.5]])
    found = released.distant_windows(points, SIZE.repeat(3, 1)).corners
    assert found.tolist() == [[0, 0, 12, 6], [87, 44, 100, 50], [37, 19, 62, 31]]
    centre, width = torch.tensor([[0.1, 25.0]]), torch.tensor([0.2])  # a head of a fifth of a pixel
    left = released.local_windows(centre, torch.tensor([[1.0, 0.0, -1.0]]), width, SIZE)
    assert left.corners[0, 2] - left.corners[0, 0] == 1


def test_a_gaze_straight_ahead_puts_the_head_in_the_middle_of_its_window() -> None:
    ahead = torch.tensor([[0.0, 0.0, -1.0]])
    centre, width = torch.tensor([[50.0, 25.0]]), torch.tensor([5.0])
    assert released.local_windows(centre, ahead, width, SIZE).corners.tolist() == [[37, 19, 62, 31]]
    right = released.local_windows(centre, torch.tensor([[-1.0, 0.0, -1.0]]), width, SIZE)
    assert right.corners.tolist() == [[47, 19, 72, 31]]


def test_regions_of_panoramas_of_different_sizes_are_cut_from_their_own() -> None:
    dark, bright = torch.zeros(3, 50, 100).byte(), torch.full((3, 20, 40), 200).byte()
    bright[0] = 7  # red, the last of BGR
    sizes = torch.tensor([[100, 50], [40, 20], [100, 50]])
    windows = released.distant_windows(torch.full((3, 2), 0.5), sizes)
    regions = released.cut([dark, bright], torch.tensor([0, 1, 0]), windows, size=4)
    assert regions[:, :, 0, 0].tolist() == [[0, 0, 0], [200, 200, 7], [0, 0, 0]]


def test_a_window_without_a_cell_of_the_label_has_a_blank_target() -> None:
    sizes = torch.tensor([[2240, 1120]]).repeat(3, 1)
    corners = [[31, 100, 38, 380], [0, 0, 560, 280], [1600, 800, 2160, 1080]]
    windows = Windows(torch.tensor(corners), sizes)
    targets = released.window_targets(torch.full((3, 2), 0.15), windows)
    assert targets.amax((1, 2)).tolist() == [0.0, targets[1].max().item(), 0.0]
    assert targets[1].max() > 0.9
