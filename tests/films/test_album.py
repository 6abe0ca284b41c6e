import torch

from sightline.films.album import Album


def test_a_head_over_the_seam_of_a_panorama_is_shown_whole() -> None:
    image = torch.randint(0, 256, (3, 64, 128), dtype=torch.uint8)
    middle = torch.tensor([[54.0, 20, 74, 40]])
    whole, over = Album(), Album()
    whole.add(image, middle, [0], 0.0)
    shift = torch.tensor([64.0, 0, 64, 0])
    over.add(image.roll(64, -1), middle + shift, [0], 0.0, panorama=True)
    assert torch.equal(whole.strip(), over.strip())
