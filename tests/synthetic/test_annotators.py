"""Annotators of rendered test pictures disagree about as much as real ones."""

import numpy as np
import torch

from sightline.datasets.statistics import measure_scenes
from sightline.scene import Scene, Truth, blank_picture
from sightline.synthetic.annotators import ANNOTATORS, marks

TARGETS = np.random.default_rng(0).uniform(0.1, 0.9, (4, 2))


def test_marks_are_inside_the_picture_and_a_function_of_it() -> None:
    one = marks(TARGETS, 1, 2, 3)
    assert one.shape == (4, ANNOTATORS, 2)
    assert (one >= 0).all()
    assert (one <= 1).all()
    assert np.array_equal(one, marks(TARGETS, 1, 2, 3))
    assert not np.array_equal(one, marks(TARGETS, 1, 2, 4))


def test_one_annotator_is_as_far_from_the_others_as_people_on_gazefollow() -> None:
    """0.096 from the mean and 0.040 from the nearest, the row "one human" in the literature."""
    scenes = [
        Scene(
            blank_picture((1, 1)),
            torch.zeros(4, 4),
            truth=Truth(torch.from_numpy(marks(TARGETS, 0, 0, index)).float(), torch.ones(4)),
        )
        for index in range(300)
    ]
    found = measure_scenes(scenes)
    assert abs(found.apart.mean().item() - 0.096) < 0.015
    assert abs(found.nearest.mean().item() - 0.040) < 0.015
