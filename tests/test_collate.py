"""Batches of clips: which frames stay apart, and which clips do not go together."""

import pytest
import torch

from sightline.collate import collate_clips
from sightline.models import create
from sightline.scene import Scene

TINY = {"width": 4, "blocks": (1, 1, 1, 1, 1), "image_size": 64}


@pytest.mark.parametrize(
    ("name", "frames"), [("pdp-video-nodepth", 5), ("chong2020-video", 5), ("pdp-nodepth", 1)]
)
def test_clips_that_share_a_batch_stay_apart(name: str, frames: int) -> None:
    model = create(name, **TINY)
    image = torch.zeros(3, 48, 64, dtype=torch.uint8)
    clip = [Scene(image, torch.tensor([[0.0, 0, 20, 20]]))] * 5
    batch = collate_clips(model.preprocess, model.clip_length, [clip, clip])
    assert batch.sequences().shape == (10 // frames, frames)


def test_tracks_of_different_lengths_do_not_share_a_batch() -> None:
    model = create("chong2020-video", **TINY)
    scene = Scene(torch.zeros(3, 48, 64, dtype=torch.uint8), torch.tensor([[0.0, 0, 20, 20]]))
    with pytest.raises(ValueError, match="clips of 2 to 4 frames do not go into one batch"):
        collate_clips(model.preprocess, None, [[scene] * 4, [scene] * 2])
