import pytest
import torch

from sightline.contact_sheet import contact_sheet


def test_a_contact_sheet_puts_images_side_by_side():
    colours = torch.tensor([[200, 0, 0], [0, 200, 0], [0, 0, 200]], dtype=torch.uint8)
    shapes = [(100, 200), (400, 200), (50, 300)]
    images = [c[:, None, None].expand(3, h, w) for c, (h, w) in zip(colours, shapes, strict=True)]
    sheet = contact_sheet(images, columns=2, width=500)
    assert sheet.shape[2] == 500
    assert sheet.dtype == torch.uint8
    middle = 250  # of the first row: 494 pixels high, as its second image is
    assert sheet[:, middle, 125].tolist() == [200, 0, 0]
    assert sheet[:, middle, 375].tolist() == [0, 200, 0]
    assert sheet[:, -20, 125].tolist() == [0, 0, 200]
    assert sheet[:, -20, 375].tolist() == [255, 255, 255]
    assert sheet[:, 3, 125].tolist() == [255, 255, 255]


def test_a_contact_sheet_of_nothing_is_refused():
    with pytest.raises(ValueError, match="no images"):
        contact_sheet([], columns=2, width=100)
