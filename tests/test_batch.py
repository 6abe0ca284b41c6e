"""Scenes to batches: coordinates, sorted people, padding of annotators."""

import pytest
import torch

from sightline.batch import Batch, counted_rows, gather_people, merge_truths
from sightline.scene import Scene, Truth


def scene(heads: list[list[float]], truth: Truth | None = None) -> Scene:
    image = torch.zeros(3, 50, 100, dtype=torch.uint8)
    return Scene(image, torch.tensor(heads).reshape(-1, 4), truth=truth)


def test_people_are_gathered_in_order_on_the_unit_square() -> None:
    heads, image_of, truth = gather_people([scene([[0, 0, 50, 25], [10, 5, 20, 10]]), scene([])])
    assert heads.tolist()[0] == [0, 0, 0.5, 0.5]
    assert image_of.tolist() == [0, 0]
    assert truth is None


def test_truth_is_scaled_and_padded_to_the_most_annotators() -> None:
    one = Truth(torch.tensor([[[100.0, 50.0]]]), torch.ones(1))
    two = Truth(torch.tensor([[[50.0, 25.0], [0.0, 0.0]]]), torch.zeros(1))
    _, _, truth = gather_people([scene([[0, 0, 1, 1]], one), scene([[0, 0, 1, 1]], two)])
    assert truth.points[0, 0].tolist() == [1, 1]
    assert truth.points[0, 1].isnan().all()
    assert truth.points[1].tolist() == [[0.5, 0.5], [0, 0]]
    assert truth.inside.tolist() == [1, 0]


def test_people_without_a_say_in_counted_count() -> None:
    some = Truth(torch.zeros(1, 1, 2), torch.ones(1), counted=torch.tensor([False]))
    merged = merge_truths([some, Truth(torch.zeros(2, 1, 2), torch.ones(2))])
    assert merged.counted.tolist() == [False, True, True]


def test_people_who_do_not_count_are_in_no_loss() -> None:
    truth = Truth(torch.rand(4, 1, 2), torch.tensor([1.0, torch.nan, 0, 1]))
    assert counted_rows(truth).tolist() == [0, 2, 3]
    truth.counted = torch.tensor([True, True, False, True])
    assert counted_rows(truth).tolist() == [0, 3]


def clips_of(people_per_frame: list[int], clip_length: int) -> Batch:
    counts = torch.tensor(people_per_frame)
    return Batch(
        torch.zeros(len(counts), 3, 1, 1),
        torch.zeros(int(counts.sum()), 4),
        torch.arange(len(counts)).repeat_interleave(counts),
        clip_length=clip_length,
    )


def test_a_sequence_is_one_person_in_all_frames_of_the_clip() -> None:
    batch = clips_of([2, 2, 2, 1, 1, 1], clip_length=3)
    assert batch.sequences().tolist() == [[0, 2, 4], [1, 3, 5], [6, 7, 8]]


def test_pictures_are_sequences_of_one_frame() -> None:
    assert clips_of([2, 0, 3], clip_length=1).sequences().tolist() == [[0], [1], [2], [3], [4]]


def test_clips_without_people_have_no_sequences() -> None:
    assert clips_of([0, 0, 1, 1], clip_length=2).sequences().tolist() == [[0, 1]]
    assert clips_of([0, 0], clip_length=2).sequences().shape == (0, 2)


def test_frames_of_a_clip_with_different_numbers_of_people_are_refused() -> None:
    with pytest.raises(ValueError, match="the same people in the same order"):
        clips_of([1, 2], clip_length=2).sequences()


def test_a_batch_moves_as_a_whole() -> None:
    truth = Truth(torch.zeros(1, 1, 2), torch.ones(1))
    batch = Batch(torch.zeros(1, 3, 2, 2), torch.zeros(1, 4), torch.zeros(1), truth=truth)
    moved = batch.to("meta")
    assert moved.images.device.type == moved.truth.points.device.type == "meta"
    assert len(moved) == 1
    assert moved.clip_length == 1


def test_a_batch_in_parts_keeps_people_with_their_images() -> None:
    people = torch.tensor([0, 0, 2, 3, 3])
    truth = Truth(torch.arange(10.0).view(5, 1, 2), torch.ones(5))
    images = torch.arange(4.0).view(4, 1, 1, 1).expand(4, 3, 2, 2)
    batch = Batch(images, torch.arange(20.0).view(5, 4), people, depth=images[:, :1], truth=truth)
    parts = batch.split(3)
    assert [part.images[:, 0, 0, 0].tolist() for part in parts] == [[0, 1, 2], [3]]
    assert [part.image_of.tolist() for part in parts] == [[0, 0, 2], [0, 0]]
    assert torch.equal(torch.cat([part.heads for part in parts]), batch.heads)
    assert torch.equal(torch.cat([part.truth.points for part in parts]), truth.points)
    assert [len(part.depth) for part in parts] == [3, 1]
    assert parts[0].crops is None


def test_a_batch_that_is_small_enough_is_one_part() -> None:
    batch = Batch(torch.zeros(2, 3, 2, 2), torch.zeros(0, 4), torch.zeros(0))
    assert batch.split(2) == [batch]
