import torch

from sightline.films.identities import read_identities
from sightline.films.parts import draw_record
from sightline.films.record import Record
from sightline.gaze import Gaze


def record() -> Record:
    gaze = Gaze(
        heads=torch.tensor([[0.9375, 0.25, 1.0625, 0.5]]),
        points=torch.tensor([[0.25, 0.5]]),
        heatmaps=torch.zeros(1, 0, 0),
        tracks=torch.tensor([3]),
        frame=0,
        time=0.0,
        projection="equirectangular",
    )
    return Record(gaze, [None], [None], [None], [None])


def test_a_frame_of_a_panorama_film_is_still_one_when_it_is_read_and_corrected():
    read = Record.from_json(record().to_json())
    assert read.gaze.projection == "equirectangular"
    assert read.corrected(read_identities(["3=Ann"])).gaze.projection == "equirectangular"


def test_a_frame_of_a_panorama_film_is_drawn_over_the_seam():
    drawn = draw_record(torch.zeros(3, 200, 400, dtype=torch.uint8), record()).any(0)
    assert drawn[98:102, :3].any()
    assert drawn[98:102, -3:].any()
    assert not drawn[:, 120:280].any()
