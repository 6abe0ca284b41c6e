import torch

from sightline.geometry.boxes import to_pixels, to_unit
from sightline.models.gazefollow360.released_heads import released_crops, released_heads


def test_heads_of_several_panoramas_are_taken_together() -> None:
    heads = torch.tensor([[10.0, 20, 50, 60], [90, 30, 120, 70]])
    sizes = torch.tensor([[200, 100], [110, 55]])
    together = released_heads(heads, sizes)
    for row in (0, 1):
        width, height = sizes[row].tolist()
        alone = released_heads(heads[row : row + 1], (width, height))
        assert together.unit_points[row].equal(alone.unit_points[0])
        assert together.corners[row].equal(alone.corners[0])
    assert together.boxes[1, [2, 3]].tolist() == [110, 55]


def test_a_box_in_whole_pixels_survives_the_unit_square() -> None:
    left = torch.arange(3800.0)
    heads = torch.stack([left, left / 2, left + 40, left / 2 + 20], 1).trunc()
    back = to_pixels(to_unit(heads, (3840, 1920)), (3840, 1920))
    assert not back.trunc().equal(heads)  # what would be cut out without care
    assert released_heads(back, (3840, 1920)).boxes.equal(released_heads(heads, (3840, 1920)).boxes)


def test_a_head_outside_the_picture_gives_a_crop_all_the_same() -> None:
    image = torch.full((3, 50, 100), 255, dtype=torch.uint8)
    heads = released_heads(torch.tensor([[120.0, 10, 140, 30], [-40, 10, -20, 30]]), (100, 50))
    crops = released_crops(image, heads.corners, 8)
    assert crops.shape == (2, 3, 8, 8)
    assert crops.isfinite().all()


def test_nobody_gives_no_crops() -> None:
    heads = released_heads(torch.zeros(0, 4), (100, 50))
    assert released_crops(torch.zeros(3, 50, 100).byte(), heads.corners).shape == (0, 3, 224, 224)
