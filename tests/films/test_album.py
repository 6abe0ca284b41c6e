import torch

from sightline.films.album import SIDE, Album


def strip(box: list[float], *, wraps: bool) -> torch.Tensor:
    """The one head in the strip of a picture that is blue left, black in the middle, red right."""
    image = torch.zeros(3, 100, 200, dtype=torch.uint8)
    image[2, :, :50], image[0, :, 150:] = 200, 200
    album = Album()
    album.add(image, torch.tensor([box]), [0], 0.0, wraps=wraps)
    return album.strip()


def test_a_head_over_the_seam_of_a_panorama_is_whole():
    head = strip([190, 40, 210, 60], wraps=True)
    assert head.shape == (3, SIDE, SIDE)
    assert head[:, 48, 10].tolist() == [200, 0, 0]
    assert head[:, 48, -10].tolist() == [0, 0, 200]


def test_a_head_beyond_the_edge_of_an_ordinary_picture_is_cut_off():
    head = strip([190, 40, 210, 60], wraps=False)
    assert head.shape == (3, SIDE, SIDE)
    assert (head == torch.tensor([200, 0, 0])[:, None, None]).all()
    assert strip([300, 140, 320, 160], wraps=False).shape == (3, SIDE, SIDE)
