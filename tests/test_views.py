from dataclasses import replace

import pytest
import torch

from sightline.colours import PALETTE
from sightline.gaze import Gaze
from sightline.geometry.panorama import view
from sightline.geometry.sphere import to_rays
from sightline.views import FIELD, Views, views_of, views_sheet

SIZE = (160, 120)


def panorama() -> torch.Tensor:
    """Smooth all around; 192 x 96."""
    u = 2 * torch.pi * (torch.arange(192) + 0.5) / 192
    v = torch.linspace(0, 1, 96)[:, None]
    waves = [u.cos().expand(96, -1), u.sin().expand(96, -1), 2 * v.expand(-1, 192) - 1]
    return (128 + 60 * torch.stack(waves)).byte()


def gaze_of(head: tuple[float, float], point: tuple[float, float]) -> Gaze:
    (u, v), half = head, 0.03
    left = (u - half) % 1
    return Gaze(
        heads=torch.tensor([[left, v - half, left + 2 * half, v + half]]),
        points=torch.tensor([point]),
        heatmaps=torch.zeros(1, 0, 0),
        inside=torch.tensor([0.9]),
        projection="equirectangular",
    )


def own(picture: torch.Tensor | None, who: int = 0) -> torch.Tensor:
    """Mask (h, w) of the pixels in the colour of a person."""
    assert picture is not None
    return (picture.int() - torch.tensor(PALETTE[who])[:, None, None]).abs().amax(0) < 30


def test_a_view_shows_the_panorama_around_its_middle():
    (seen,) = views_of(panorama(), gaze_of((0.3, 0.4), (0.8, 0.6)), size=SIZE)
    vertical = 2 * torch.atan(torch.tan(torch.deg2rad(torch.tensor(FIELD / 2))) * 0.75)
    field = FIELD, torch.rad2deg(vertical).item()
    for drawn, point in ((seen.head, (0.3, 0.4)), (seen.target, (0.8, 0.6))):
        plain = view(panorama(), to_rays(torch.tensor(point)), field, SIZE)
        assert drawn is not None
        assert ((drawn.int() - plain.int()).abs().amax(0) <= 1).float().mean() > 0.7


def test_the_middle_of_the_targets_view_is_the_target():
    (seen,) = views_of(panorama(), gaze_of((0.3, 0.4), (0.8, 0.6)), size=SIZE)
    assert own(seen.target)[60, 80]


@pytest.mark.parametrize(
    ("point", "side"),
    [
        ((0.75, 0.5), "right"),
        ((0.3, 0.5), "left"),
        ((0.5, 0.05), "top"),
        ((0.5, 0.95), "bottom"),
        ((0.02, 0.5), "left"),
    ],
)
def test_the_sight_line_leaves_the_view_of_the_head_towards_the_target(point, side):
    (seen,) = views_of(torch.zeros_like(panorama()), gaze_of((0.5, 0.5), point), size=SIZE)
    assert seen.head is not None
    drawn = (seen.head != 0).any(0)
    ends = {"left": drawn[:, 0], "right": drawn[:, -1], "top": drawn[0], "bottom": drawn[-1]}
    assert [name for name, end in ends.items() if end.any()] == [side]


@pytest.mark.parametrize("turn", [32, 96, 150])
def test_views_do_not_change_when_the_panorama_is_turned(turn):
    gaze = gaze_of((0.45, 0.4), (0.8, 0.7))
    gaze.heatmaps = torch.rand(1, 6, 192, generator=torch.Generator().manual_seed(0))
    right = torch.tensor([turn / 192, 0, turn / 192, 0])
    heads = gaze.heads + right
    turned = replace(
        gaze,
        heads=heads - (heads[:, :1] >= 1) * torch.tensor([1.0, 0, 1, 0]),
        points=(gaze.points + right[:2]) % 1,
        heatmaps=gaze.heatmaps.roll(turn, -1),
    )
    (before,) = views_of(panorama(), gaze, size=SIZE)
    (after,) = views_of(panorama().roll(turn, -1), turned, size=SIZE)
    for a, b in ((before.head, after.head), (before.target, after.target)):
        assert a is not None
        assert b is not None
        assert ((a.int() - b.int()).abs() > 3).float().mean() < 0.002


def test_the_heatmap_is_in_the_view_of_the_target_alone():
    gaze = gaze_of((0.3, 0.5), (0.8, 0.5))
    warm = replace(gaze, heatmaps=torch.zeros(1, 8, 16))
    warm.heatmaps[0, 3:5, 12:14] = 1.0
    (plain,), (heated,) = (views_of(panorama(), g, size=SIZE) for g in (gaze, warm))
    assert plain.head is not None
    assert heated.head is not None
    assert plain.target is not None
    assert heated.target is not None
    assert heated.head.equal(plain.head)
    assert not heated.target.equal(plain.target)


def test_people_keep_their_colours_and_a_missing_head_costs_only_its_view():
    one = gaze_of((0.2, 0.5), (0.4, 0.5))
    both = Gaze(
        heads=torch.cat([one.heads, torch.full((1, 4), torch.nan)]),
        points=torch.tensor([[0.4, 0.5], [0.9, 0.5]]),
        heatmaps=torch.zeros(2, 0, 0),
        projection="equirectangular",
    )
    first, second = views_of(panorama(), both, size=SIZE, names=["Ann", "Bob"])
    assert own(first.target)[60, 80]
    assert own(second.target, who=1)[60, 80]
    assert second.head is None


def test_a_sheet_has_a_row_of_two_views_for_each_person():
    red, blue = (torch.zeros(3, 30, 40, dtype=torch.uint8) for _ in range(2))
    red[0], blue[2] = 255, 255
    sheet = views_sheet([Views(red, blue), Views(None, red)])
    assert sheet.shape == (3, 2 * 30 + 12, 2 * 40 + 12)
    middles = [sheet[:, y, x].tolist() for y in (19, 53) for x in (24, 68)]
    assert middles == [[255, 0, 0], [0, 0, 255], [255, 255, 255], [255, 0, 0]]
    with pytest.raises(ValueError, match="no views"):
        views_sheet([])


def test_the_gaze_in_an_ordinary_picture_is_refused():
    gaze = replace(gaze_of((0.3, 0.5), (0.8, 0.5)), projection="perspective")
    with pytest.raises(ValueError, match="ordinary picture"):
        views_of(panorama(), gaze)
