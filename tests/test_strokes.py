import math

import pytest
import torch

from sightline.strokes import disc, line, outline, paint, rectangle, write

RED = (255, 0, 0)


def black(height: int = 60, width: int = 80) -> torch.Tensor:
    return torch.zeros(3, height, width, dtype=torch.uint8)


def area(picture: torch.Tensor) -> float:
    return picture[0].double().sum().item() / 255


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (disc((30.3, 29.8), 12.5), math.pi * 12.5**2),
        (outline(disc((30.0, 30.0), 15.0), 2.0), math.pi * (17**2 - 13**2)),
        (rectangle((10.0, 10.0, 50.5, 40.25), corner=0.0), 40.5 * 30.25),
        (rectangle((10, 10, 50, 40), corner=8.0), 40 * 30 - (4 - math.pi) * 8**2),
    ],
)
def test_a_shape_covers_its_area(shape, expected):
    picture = black()
    paint(picture, shape, [(0.0, RED)])
    assert area(picture) == pytest.approx(expected, rel=0.01)
    assert picture[1:].eq(0).all()


def test_a_line_has_the_same_antialiased_pixels_as_the_distance_to_its_segment():
    start, end, radius = (7.0, 50.0), (70.0, 9.0), 3.0
    picture = black()
    paint(picture, line(start, end, radius), [(0.0, RED)])
    for y in range(60):
        for x in range(80):
            px, py = x + 0.5 - start[0], y + 0.5 - start[1]
            dx, dy = end[0] - start[0], end[1] - start[1]
            share = min(1.0, max(0.0, (px * dx + py * dy) / (dx * dx + dy * dy)))
            away = math.hypot(px - share * dx, py - share * dy)
            cover = min(1.0, max(0.0, 0.5 + radius * (0.5 + 0.5 * share) - away))
            assert abs(picture[0, y, x].item() - 255 * cover) <= 1


def test_a_dashed_line_is_cut_into_pieces():
    picture = black()
    paint(picture, line((10, 30.5), (70, 30.5), 1.0, dash=8.0), [(0.0, RED)])
    on = (picture[0, 30, 5:75] > 128).int()
    pieces = ((on[1:] - on[:-1]) == 1).sum()
    assert pieces == 3  # 8 pixels and a gap of 18, in 60 pixels


def test_shapes_outside_the_picture_leave_it_as_it_is():
    picture = black()
    paint(picture, disc((-40.0, 300.0), 20.0), [(2.0, RED)])
    paint(picture, line((-50.0, -10.0), (200.0, -10.0), 3.0), [(2.0, RED)])
    write(picture, "far", (500.0, -90.0), 12, RED)
    assert picture.eq(0).all()


def test_opacity_and_fade_scale_the_colour():
    picture = black()
    from_left = rectangle((-1000.0, 0.0, 0.0, 1000.0), 0.0)
    paint(
        picture,
        rectangle((0.0, 0.0, 80.0, 60.0), 0.0),
        [(1.0, RED)],
        opacity=0.5,
        fade=lambda x, y: from_left(x, y) / 40,
    )
    assert picture[0, 30, 20].item() == pytest.approx(0.5 * 255 * 20.5 / 40, abs=1)
    assert picture[0, 30, 79].item() == pytest.approx(0.5 * 255, abs=1)


def test_text_stays_where_it_is_centred_and_is_cut_off_at_the_border():
    whole, cut = black(), black()
    write(whole, "HHH", (40.0, 30.0), 16, RED)
    write(cut, "HHH", (0.0, 0.0), 16, RED)
    rows, columns = whole[0].nonzero().T
    assert (columns.float().mean() - 39.5).abs() < 1
    assert (rows.float().mean() - 29.5).abs() < 2.5
    assert 0 < area(cut) < area(whole) / 2
