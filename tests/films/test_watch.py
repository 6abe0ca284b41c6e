from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch

from sightline.batch import Batch
from sightline.films.runs import Runs
from sightline.films.seen import Seen
from sightline.films.sources import People
from sightline.films.watch import RECURRENT, find_people, predict_seen, watch
from sightline.gaze import Gaze
from sightline.media.faults import Faults
from sightline.media.film import Frame
from sightline.media.heads import Heads
from sightline.media.tracker import Tracker
from sightline.models.base import GazeModel
from sightline.scene import Scene
from sightline.windows import windows


class Reader(GazeModel):
    """Looks at the left edge of its head, and notes which frames it saw together.

    The heatmap holds the number of the frame, which its picture shows.
    """

    def __init__(self, clip_length: int | None) -> None:
        super().__init__()
        self.length = clip_length
        self.calls: list[list[list[int]]] = []

    @property
    def clip_length(self) -> int | None:
        return self.length

    def predict(self, scenes: list[Scene]) -> list[Gaze]:
        length = self.length or len(scenes)
        numbers = [int(scene.image[0, 0, 0]) for scene in scenes]
        self.calls.append([numbers[i : i + length] for i in range(0, len(scenes), length)])
        return [
            Gaze(
                scene.heads,
                scene.heads[:, :2],
                scene.image[0, :1, :1].float().expand(len(scene), 1, 1),
                inside=torch.ones(len(scene)),
            )
            for scene in scenes
        ]

    def forward(self, batch: Batch) -> None:
        raise NotImplementedError


def frames(count: int) -> Iterator[Frame]:
    for index in range(count):
        yield Frame(torch.full((3, 32, 40), index, dtype=torch.uint8), index, index / 25)


def people_in(*tracks: range | set[int]):
    """A source of heads: person p is in the frames that the p-th entry holds."""

    def heads(frame: Frame) -> Heads:
        here = [track for track, when in enumerate(tracks) if frame.index in when]
        boxes = torch.tensor([[t + 1.0, frame.index, t + 9.0, 30] for t in here]).reshape(-1, 4)
        return Heads(boxes, torch.ones(len(here)), tracks=torch.tensor(here, dtype=torch.long))

    return heads


def seen_by(model: GazeModel, count: int, *tracks, batch: int = 16) -> list[Seen]:
    found = find_people(frames(count), People(people_in(*tracks)), Faults())
    return list(predict_seen(found, model, batch))


@pytest.mark.parametrize("clip_length", [1, 5, None])
@pytest.mark.parametrize("batch", [1, 7, 16])
def test_everybody_in_every_frame_is_predicted_from_that_frame(clip_length, batch: int) -> None:
    tracks = (range(23), {*range(3, 9), 15}, range(21, 23), set())
    seen = seen_by(Reader(clip_length), 24, *tracks, batch=batch)
    assert [one.frame.index for one in seen] == list(range(24))
    for one in seen:
        index, gaze = one.frame.index, one.gaze
        assert gaze.tracks.tolist() == [t for t, when in enumerate(tracks) if index in when]
        assert (gaze.frame, gaze.time) == (index, index / 25)
        assert gaze.heatmaps.flatten().tolist() == [index] * len(gaze)
        assert gaze.points[:, 0].tolist() == [track + 1 for track in gaze.tracks.tolist()]


@pytest.mark.parametrize("length", range(1, 14))
def test_a_run_is_cut_as_a_track_is_for_training(length: int) -> None:
    model = Reader(5)
    seen_by(model, length + 3, range(length), batch=1)
    indices, counted = windows(length, 5)
    assert [window for call in model.calls for window in call] == indices.tolist()
    assert counted.sum() == length


def test_a_gap_ends_a_window() -> None:
    model = Reader(5)
    seen_by(model, 12, {0, 1, 2, 3, 4, 5, 8, 9}, batch=1)
    windows_seen = [window for call in model.calls for window in call]
    assert windows_seen == [[0, 1, 2, 3, 4], [1, 2, 3, 4, 5], [8, 9, 9, 9, 9]]


def test_people_who_share_frames_share_a_clip() -> None:
    model = Reader(5)
    seen_by(model, 10, range(10), range(10), range(2, 7))
    assert sum(len(call) for call in model.calls) == 3  # two clips of two people, one of one


def test_image_models_see_many_frames_in_a_batch() -> None:
    model = Reader(1)
    seen_by(model, 16, range(16), range(16), batch=16)
    assert [len(call) for call in model.calls if call] == [8, 8]


def test_a_model_for_any_number_gets_one_clip_at_a_time() -> None:
    model = Reader(None)
    seen_by(model, RECURRENT + 4, range(RECURRENT + 4), range(2))
    assert all(len(call) == 1 for call in model.calls if call)


def test_a_bad_frame_or_box_is_told_and_costs_nobody_else() -> None:
    good = people_in(range(6))

    def heads(frame: Frame) -> Heads:
        if frame.index == 2:
            raise RuntimeError("out of luck")
        found = good(frame)
        if frame.index == 4:
            found.boxes = torch.cat([found.boxes, torch.tensor([[500.0, 0, 600, 50]])])
            found.scores = torch.ones(2)
            found.tracks = torch.tensor([0, 7])
        return found

    faults = Faults()
    seen = list(predict_seen(find_people(frames(6), People(heads), faults), Reader(1)))
    assert [len(one.gaze) for one in seen] == [1, 1, 0, 1, 1, 1]
    told = faults.sentences()
    assert len(told) == 2
    assert "out of luck" in told[0]
    assert "outside" in told[1]


def test_detected_heads_get_identities_and_the_tracker_is_kept() -> None:
    def heads(frame: Frame) -> Heads:
        return Heads(torch.tensor([[4.0, 4, 20, 24]]), torch.tensor([0.99]))

    seen = list(watch(frames(5), Reader(1), People(heads, Tracker()), Faults()))
    assert [one.gaze.tracks.tolist() for one in seen] == [[0]] * 5
    again = Tracker.restore(seen[2].memory)
    after = again.update(heads(seen[3].frame), seen[3].frame.image, seen[3].frame.time)
    assert after.tracks.tolist() == [0]


def test_runs_keep_no_more_frames_than_a_window() -> None:
    runs = Runs(5)
    for frame in frames(100):
        runs.add(Seen(frame, people_in(range(100))(frame)))
    assert all(len(run) <= 5 for run in runs.runs.values())


def test_in_a_panorama_heads_over_the_seam_are_kept_and_scenes_are_panoramas() -> None:
    def around(count: int) -> Iterator[Frame]:
        for frame in frames(count):
            frame.projection = "equirectangular"
            yield frame

    beyond_the_pole = [[3, -20, 9, -1], [3, -20, 9, 12]]
    given = torch.tensor(
        [[35.0, 4, 5, 20], [38, 4, 50, 20], [-3, 4, 4, 20], [0, 4, 90, 20], *beyond_the_pole]
    )
    tracks = torch.arange(6)
    people = People(lambda _: Heads(given, torch.ones(6), tracks=tracks))
    faults = Faults()
    found = list(find_people(around(2), people, faults))
    expected = [[35.0, 4, 45, 20], [38, 4, 50, 20], [37, 4, 44, 20]]
    assert [seen.heads.boxes.tolist() for seen in found] == [expected] * 2
    assert "outside" in faults.sentences()[0]
    model = Panoramas(1)
    assert [seen.gaze.projection for seen in predict_seen(found, model)] == ["equirectangular"] * 2
    assert model.projections_seen == {"equirectangular"}


class Panoramas(Reader):
    """Notes the projections of what it reads."""

    def __init__(self, clip_length: int | None) -> None:
        super().__init__(clip_length)
        self.projections_seen: set[str] = set()

    def predict(self, scenes: list[Scene]) -> list[Gaze]:
        gazes = super().predict(scenes)
        self.projections_seen |= {scene.projection for scene in scenes}
        return [
            replace(gaze, projection=scene.projection)
            for gaze, scene in zip(gazes, scenes, strict=True)
        ]
