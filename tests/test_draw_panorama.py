import dataclasses
import math

import pytest
import torch

from sightline.colours import PALETTE
from sightline.draw import draw_gaze
from sightline.draw_panorama import arc_path, paint_strokes, strokes_of
from sightline.gaze import Gaze
from sightline.geometry.sphere import great_circle, to_rays
from sightline.scene import Objects
from sightline.strokes import line, paint

RED = (255, 0, 0)
WIDTH, HEIGHT = 192, 96  # too small for badges, which stay whole at the seam and do not turn


def black(width: int = WIDTH) -> torch.Tensor:
    return torch.zeros(3, width // 2, width, dtype=torch.uint8)


def gaze_at(head: tuple[float, float], point: tuple[float, float], inside: float = 0.9) -> Gaze:
    """One person whose head is at a point, and where the person looks."""
    (u, v), half = head, 0.03
    left = (u - half) % 1
    return Gaze(
        heads=torch.tensor([[left, v - half, left + 2 * half, v + half]]),
        points=torch.tensor([point]),
        heatmaps=torch.zeros(1, 0, 0),
        inside=torch.tensor([inside]),
        projection="equirectangular",
    )


def is_near(pixels: torch.Tensor, colour: tuple[int, int, int]) -> torch.Tensor:
    return (pixels.int() - torch.tensor(colour)[:, None, None]).abs().amax(0) <= 40


@pytest.mark.parametrize(
    ("head", "target"),
    [((0.2, 0.6), (0.4, 0.3)), ((0.9, 0.6), (0.2, 0.45)), ((0.3, 0.2), (0.75, 0.15))],
)
def test_a_path_is_the_shorter_way_on_the_great_circle_and_has_no_jumps(head, target):
    size = (2000, 1000)
    path = arc_path((head[0] * 2000, head[1] * 1000), (target[0] * 2000, target[1] * 1000), size)
    rays = to_rays(path / torch.tensor(size))
    ends = to_rays(torch.tensor([head, target], dtype=torch.float64))
    way = great_circle(ends[0].expand_as(rays), rays) + great_circle(rays, ends[1].expand_as(rays))
    assert way == pytest.approx(great_circle(ends[0], ends[1]).item(), abs=1e-6)
    assert path.diff(dim=0).norm(dim=-1).max() < 60


@pytest.mark.parametrize("dash", [0.0, 4.0])
def test_strokes_of_a_straight_path_are_those_of_a_line(dash):
    start, end = (10.0, 80.0), (170.0, 20.0)
    path = torch.stack([torch.linspace(a, b, 7) for a, b in zip(start, end, strict=True)], -1)
    straight, strokes = black(), black()
    paint(straight, line(start, end, 4.0, dash), [(1.5, (0, 0, 255)), (0.0, RED)], 0.7)
    layers = [(1.5, (0, 0, 255)), (0.0, RED)]
    paint_strokes(strokes, strokes_of(path, 4.0, short=0.0, dash=dash), layers, 0.7)
    different = (strokes.int() - straight.int()).abs().amax(0) > 2
    assert different.float().mean() < 0.001
    assert straight.any(0).float().mean() > 0.02


def test_the_sight_line_follows_the_great_circle_and_not_the_straight_line():
    gaze, width = gaze_at((0.2, 0.3), (0.6, 0.3)), 800
    drawn = (draw_gaze(black(width), gaze) != 0).any(0)
    for x, y in arc_path((160, 120), (480, 120), (width, 400))[80:220:20].int().tolist():
        assert drawn[y - 1 : y + 2, x].any()
    assert not drawn[120, 220:440].any()


def test_the_sight_line_goes_the_shorter_way_over_the_seam():
    drawn = (draw_gaze(black(800), gaze_at((0.9, 0.4), (0.2, 0.6))) != 0).any(0)
    assert drawn[:, 740:].any(0).all()
    assert drawn[:, :150].any(0).all()
    assert not drawn[:, 200:620].any()


def full_gaze() -> Gaze:
    """Two people, one dashed, objects and heatmaps."""
    one, two = gaze_at((0.5, 0.4), (0.9, 0.7)), gaze_at((0.3, 0.6), (0.05, 0.2), inside=0.2)
    boxes = torch.tensor([[0.85, 0.6, 0.97, 0.8], [0.1, 0.1, 0.2, 0.3]])
    maps = torch.rand(2, 8, 16, generator=torch.Generator().manual_seed(0)) ** 4
    return Gaze(
        heads=torch.cat([one.heads, two.heads]),
        points=torch.cat([one.points, two.points]),
        heatmaps=maps,
        inside=torch.tensor([0.9, 0.2]),
        objects=Objects(boxes, torch.zeros(2).long(), torch.ones(2)),
        gaze_object=torch.tensor([0, -1]),
        projection="equirectangular",
    )


def turned(gaze: Gaze, share: float) -> Gaze:
    """The gaze when the panorama is turned, by a whole number of cells."""
    right = torch.tensor([share, 0, share, 0])

    def moved(boxes: torch.Tensor) -> torch.Tensor:
        boxes = boxes + right
        return boxes - (boxes[:, :1] >= 1).float() * torch.tensor([1.0, 0, 1, 0])

    assert gaze.objects is not None
    return dataclasses.replace(
        gaze,
        heads=moved(gaze.heads),
        points=(gaze.points + right[:2]) % 1,
        heatmaps=gaze.heatmaps.roll(round(share * gaze.heatmaps.shape[-1]), -1),
        objects=dataclasses.replace(gaze.objects, boxes=moved(gaze.objects.boxes)),
    )


@pytest.mark.parametrize("share", [0.125, 0.5, 0.6875])
def test_the_drawing_of_a_turned_panorama_is_the_turned_drawing(share):
    image = torch.full((3, HEIGHT, WIDTH), 90, dtype=torch.uint8)
    straight = draw_gaze(image, full_gaze()).roll(round(share * WIDTH), -1)
    drawn = draw_gaze(image, turned(full_gaze(), share))
    different = (drawn.int() - straight.int()).abs().amax(0) > 8
    assert different.float().mean() < 0.002  # a pixel's rounding here and there
    assert (straight != 90).any(0).float().mean() > 0.3


def test_a_head_over_the_seam_has_its_box_and_its_badge_at_both_sides():
    drawn = draw_gaze(black(800), gaze_at((0.995, 0.5), (0.4, 0.5)))
    for edge in (round(0.965 * 800), round(0.025 * 800)):
        assert drawn[:, 196, edge - 2 : edge + 2].any()
    above = is_near(drawn, PALETTE[0])[150:186]
    assert above[:, :60].sum() > 300
    assert above[:, -60:].sum() > 300


def test_a_target_at_the_seam_is_whole():
    drawn = is_near(draw_gaze(black(800), gaze_at((0.3, 0.5), (0.0, 0.5))), PALETTE[0])
    assert drawn[200, 0]
    assert drawn[200, -1]


@pytest.mark.parametrize("target", [(0.75, 0.8), (0.0, 0.0), (0.3, 1.0), (0.25, 0.2)])
def test_poles_opposite_points_and_the_own_head_can_be_drawn(target):
    drawn = draw_gaze(black(), gaze_at((0.25, 0.2), target))
    x, y = (target[0] * WIDTH) % WIDTH, min(target[1] * HEIGHT, HEIGHT - 1)
    assert is_near(drawn, PALETTE[0])[math.floor(y), math.floor(x)]


def test_people_without_head_or_target_are_drawn_as_far_as_known():
    gaze = gaze_at((0.5, 0.5), (0.9, 0.5))
    gaze.heads[:] = torch.nan
    drawn = is_near(draw_gaze(black(), gaze), PALETTE[0])
    assert drawn[48, round(0.9 * WIDTH)]
    assert not drawn[:, :150].any()
