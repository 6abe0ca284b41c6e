"""Heads over the seam, and a detector of coloured discs that looks at views of a panorama."""

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from panoramas import with_discs
from sightline.geometry.boxes import centres
from sightline.media.heads import Heads
from sightline.media.panorama_heads import PanoramaDetector, choose_heads, settle_boxes

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
WIDTH = 512


def test_boxes_over_the_seam_may_be_given_in_any_form() -> None:
    forms = torch.tensor(
        [[90.0, 1, 110, 9], [-10, 1, 10, 9], [90, 1, 10, 9], [190, 1, 210, 9], [-110, 1, -90, 9]]
    )
    same = torch.tensor([[90.0, 1, 110, 9]]).expand(5, 4)
    assert_close(settle_boxes(forms, (100, 50), "equirectangular"), same)


def test_in_an_ordinary_picture_boxes_stay_and_reversed_ones_are_refused() -> None:
    boxes = torch.tensor([[-10.0, 1, 10, 9], [90, 1, 120, 9], [torch.nan] * 4])
    assert settle_boxes(boxes, (100, 50), "perspective") is boxes
    with pytest.raises(ValueError, match=r"head box .* is reversed"):
        settle_boxes(torch.tensor([[90.0, 1, 10, 9]]), (100, 50), "perspective")


def test_a_box_all_around_is_refused() -> None:
    with pytest.raises(ValueError, match="wider than the panorama of 100 pixels"):
        settle_boxes(torch.tensor([[10.0, 1, 115, 9]]), (100, 50), "equirectangular")


@pytest.mark.parametrize("box", [[10.0, -30, 20, 10], [10, 45, 20, 57]])
def test_a_head_beyond_a_pole_is_refused(box: list[float]) -> None:
    with pytest.raises(ValueError, match="above or below the panorama of 100 x 50 pixels"):
        settle_boxes(torch.tensor([box]), (100, 50), "equirectangular")


def test_a_head_at_a_pole_may_reach_beyond_it() -> None:
    boxes = torch.tensor([[10.0, -9, 20, 10], [10, 41, 20, 58]])
    assert_close(settle_boxes(boxes, (100, 50), "equirectangular"), boxes)


def find_discs(image: Tensor) -> Heads:
    """The bounding box of what is red, of what is green, and of what is blue."""
    boxes, scores = [], []
    for channel in image:
        rows, columns = (channel > 127).nonzero(as_tuple=True)
        if len(rows):
            ends = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            boxes.append(torch.stack(ends).float())
            scores.append(len(rows) / channel.numel())
    return Heads(torch.stack(boxes) if boxes else torch.zeros(0, 4), torch.tensor(scores))


def extent(panorama: Tensor, channel: int) -> Tensor:
    """The box of a colour in the panorama, x from the first column behind a gap."""
    rows, columns = (panorama[channel] > 127).nonzero(as_tuple=True)
    seen = torch.zeros(WIDTH, dtype=torch.bool)
    seen[columns] = True
    first = int((seen & ~seen.roll(1)).nonzero()[0])
    ends = [first, rows.min(), first + seen.sum(), rows.max() + 1]
    return torch.tensor([int(end) for end in ends]).float()


def test_every_head_is_found_once_wherever_it_is() -> None:
    places = [(0.0, 0.5, 12.0, RED), (0.3, 0.14, 14.0, GREEN), (0.7, 0.8, 12.0, BLUE)]
    panorama = with_discs(places, WIDTH)
    heads = PanoramaDetector(find_discs)(panorama)
    assert len(heads) == 3  # over the seam, at a latitude of 65 degrees, below
    expected = torch.stack([extent(panorama, channel) for channel in range(3)])
    found = heads.boxes[centres(heads.boxes)[:, 0].argsort()]
    expected = expected[centres(expected)[:, 0].argsort()]
    assert_close(found, expected, atol=3.5, rtol=0)
    assert (heads.boxes[:, 0] < WIDTH).all()
    assert (heads.boxes[:, 2] > WIDTH).sum() == 1


@pytest.mark.parametrize("u", [0.0, 0.03, 0.0625, 0.1, 0.5])
@pytest.mark.parametrize("v", [0.35, 0.42, 0.5])
def test_a_large_head_is_found_whole_between_the_views(u: float, v: float) -> None:
    panorama = with_discs([(u, v, 30.0, RED)], WIDTH)
    heads = PanoramaDetector(find_discs)(panorama)
    assert len(heads) == 1
    assert_close(heads.boxes[0], extent(panorama, 0), atol=5, rtol=0)


def test_an_empty_panorama_has_no_heads() -> None:
    assert len(PanoramaDetector(find_discs)(with_discs([]))) == 0


def test_views_are_as_fine_as_the_panorama() -> None:
    sides = []

    def look(image: Tensor) -> Heads:
        sides.append(image.shape[1:])
        return Heads(torch.zeros(0, 4), torch.zeros(0))

    PanoramaDetector(look)(with_discs([]))
    assert set(sides) == {(163, 163)}  # 90 degrees by tangents, 512 / 2 pi in the middle


BOX = [0.1, 0.4, 0.2, 0.6]


def chosen(boxes: list[list[float]], views: list[int], reach: list[float]) -> list[int]:
    return choose_heads(torch.tensor(boxes), torch.tensor(views), torch.tensor(reach)).tolist()


def test_a_whole_head_wins_over_a_part_that_is_cut() -> None:
    part = [0.1, 0.4, 0.13, 0.6]
    assert chosen([part, BOX], [0, 1], [1.0, 0.9]) == [1]
    assert chosen([part, BOX], [0, 1], [0.9, 0.8]) == [0, 1]  # not cut: a small head before it


def test_of_two_whole_ones_the_more_central_wins() -> None:
    assert chosen([BOX, BOX], [0, 1], [0.7, 0.3]) == [1]


def test_heads_found_in_one_view_are_different_people() -> None:
    beside = [0.12, 0.4, 0.22, 0.6]
    assert chosen([BOX, beside], [0, 0], [0.7, 0.3]) == [0, 1]


def test_boxes_on_both_sides_of_the_seam_are_one_head() -> None:
    over, beyond = [0.97, 0.4, 1.03, 0.6], [0.0, 0.4, 0.03, 0.6]
    assert chosen([beyond, over], [0, 1], [1.0, 0.5]) == [1]
