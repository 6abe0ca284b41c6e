"""What clips say about who looks where, frame by frame."""

import numpy as np
import pytest
import torch

from sightline.synthetic.attention import hidden
from sightline.synthetic.caster import cast, struck
from sightline.synthetic.gazes import progress, turning_time
from sightline.synthetic.render import MEMORY_CLIPS, boxes_of, clip_of, render_clips
from sightline.synthetic.sight import turn_eyes
from sightline.synthetic.world import World, tensor

FPS = 25.0
CLIPS = [clip_of(0, MEMORY_CLIPS, i, length=100, fps=FPS) for i in range(12)]
WORLDS = [world for clip in CLIPS for world in clip[::5]]


def angle(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Degrees between vectors (..., 3)."""
    cosine = (one * other).sum(-1)
    cosine /= np.linalg.norm(one, axis=-1) * np.linalg.norm(other, axis=-1)
    return np.degrees(np.arccos(cosine.clip(-1, 1)))


def over_time(clip: list[World], name: str) -> np.ndarray:
    """A field of the people, frames first."""
    return np.stack([getattr(world.people, name) for world in clip])


def test_eyes_reach_the_target_from_where_the_head_faces() -> None:
    for world in WORLDS:
        people = world.people
        assert (angle(people.targets - people.eyes, people.facing) < 35.01).all()


def test_nothing_is_between_the_eyes_and_what_they_look_at() -> None:
    for world in WORLDS:
        people = world.people
        ignored = np.stack([people.heads, people.target_owners], 1)
        assert not hidden(world.solids, people.eyes, people.targets, ignored).any()


def test_heads_turn_smoothly_and_no_faster_than_people_can() -> None:
    fastest = np.degrees(1.875 * np.pi / turning_time(np.pi))  # of a turn with minimum jerk
    assert fastest < 250  # degrees per second, as people's heads at most
    for clip in CLIPS:
        facing = over_time(clip, "facing")
        speed = angle(facing[1:], facing[:-1]) * FPS
        assert speed.max() < fastest + 20  # people walk and sway besides
        assert np.abs(np.diff(speed, axis=0)).max() < 60  # from one frame to the next


def test_gaze_stays_and_then_goes_elsewhere() -> None:
    jumps = []
    for clip in CLIPS:
        lines = over_time(clip, "targets") - over_time(clip, "eyes")
        jumps += list(angle(lines[1:], lines[:-1]).T > 12)
    share = np.mean(jumps)
    assert 0.3 < share * FPS < 3  # shifts per second
    assert sum(jump.any() for jump in jumps) > 0.8 * len(jumps)


def test_targets_and_people_move_with_the_head_that_is_looked_at() -> None:
    followed = 0
    for clip in CLIPS:
        owners, heads = over_time(clip, "target_owners"), clip[0].people.heads
        eyes, targets = over_time(clip, "eyes"), over_time(clip, "targets")
        for looker, head in ((p, h - 1) for p in range(len(heads)) for h in heads):
            both = (owners[1:, looker] == head + 1) & (owners[:-1, looker] == head + 1)
            gap = np.linalg.norm(targets[:, looker] - eyes[:, head], axis=-1)
            assert gap[owners[:, looker] == head + 1].max(initial=0) < 0.3
            followed += both.sum()
    assert followed > 40


def test_some_heads_move_across_the_picture_and_most_can_be_seen() -> None:
    travel = [boxes_of(clip[-1], clip[-1].people.heads) for clip in CLIPS]
    start = [boxes_of(clip[0], clip[0].people.heads) for clip in CLIPS]
    moved = torch.cat([(a - b)[:, 0].abs() for a, b in zip(travel, start, strict=True)])
    assert (moved > 15).sum() >= 2
    assert np.mean(np.concatenate([w.people.visible for w in WORLDS])) > 0.8


def test_a_quarter_of_the_gazes_leads_out_of_the_picture() -> None:
    inside = np.concatenate([world.people.inside for world in WORLDS])
    assert 0.13 < 1 - inside.mean() < 0.37


def test_visible_heads_are_those_that_the_picture_shows() -> None:
    clips = [clip_of(1, MEMORY_CLIPS, i, (160, 120), length=30, fps=2) for i in range(6)]
    for world in (world for clip in clips for world in clip[::6]):
        owner = world.solids.owner[cast([world])[0].solid]
        seen = [(owner == head).sum().item() for head in world.people.heads]
        boxes = boxes_of(world, world.people.heads)
        area = (boxes[:, 2:] - boxes[:, :2]).prod(1).numpy()
        share = np.array(seen) / area
        assert (share[world.people.visible] > 0.35).all()
        assert (share[~world.people.visible] < 0.75).all()


def test_scenes_of_a_clip_hold_its_people_in_order_with_the_truth_of_each_frame() -> None:
    clip = render_clips(1, seed=3, size=(96, 72), length=4, fps=5)[0]
    worlds = clip_of(3, MEMORY_CLIPS, 0, (96, 72), length=4, fps=5)
    for scene, world in zip(clip, worlds, strict=True):
        people, truth = world.people, scene.truth
        assert truth is not None
        torch.testing.assert_close(scene.heads, boxes_of(world, people.heads))
        right, down, forward = world.camera.rotation @ (people.targets - world.camera.position).T
        x = world.camera.focal * right / forward + 48
        y = world.camera.focal * down / forward + 36
        inside = (forward > 0) & (x >= 0) & (x <= 96) & (y >= 0) & (y <= 72)
        expected = np.where(inside[:, None], np.stack([x, y], 1), np.nan)
        np.testing.assert_allclose(truth.points[:, 0], expected, atol=1e-3)
        np.testing.assert_array_equal(truth.inside, inside)
        np.testing.assert_array_equal(truth.counted, people.visible)
    assert len({scene.key for scene in clip}) == 4
    assert not torch.equal(clip[0].image, clip[1].image)


def test_a_longer_clip_begins_with_the_shorter_one() -> None:
    short = clip_of(0, MEMORY_CLIPS, 0, length=7, fps=FPS)
    for world, other in zip(short, CLIPS[0], strict=False):
        assert torch.equal(world.solids.centre, other.solids.centre)
        np.testing.assert_array_equal(world.people.targets, other.people.targets)


def test_eyes_turn_as_far_as_they_can_towards_what_is_out_of_reach() -> None:
    facing = np.array([(0.0, 1, 0), (0, 1, 0)])
    lines = np.array([(0.3, 2.0, 0), (3.0, 0.1, 0)])
    turned = turn_eyes(lines, facing)
    np.testing.assert_array_equal(turned[0], lines[0])
    assert angle(turned[1], facing[1]) == pytest.approx(35)
    assert angle(turned[1], lines[1]) == pytest.approx(angle(lines[1], facing[1]) - 35)


def test_a_sight_line_ends_at_the_first_solid_that_it_meets() -> None:
    world = WORLDS[0]
    view = cast([world])[0]
    pixels = torch.tensor([(40, 60), (160, 120), (250, 200)])
    x, y = pixels.T
    starts = np.broadcast_to(world.camera.position, (3, 3))
    ends = world.camera.unproject(pixels.numpy() + 0.5, 1.0)
    nobody = torch.full((3, 1), -1)
    share, owner = struck(world.solids, tensor(starts), tensor(ends - starts), nobody)
    torch.testing.assert_close(share, view.depth[y, x], rtol=1e-4, atol=1e-4)
    assert owner.tolist() == world.solids.owner[view.solid[y, x]].tolist()


def test_a_turn_starts_and_ends_at_rest_and_large_turns_take_longer() -> None:
    share = progress(np.linspace(-0.5, 1.5, 201))
    assert (share[0], share[100], share[-1]) == (0, pytest.approx(0.5), 1)
    assert (np.diff(share) >= 0).all()
    assert np.diff(share).max() < 2 / 100
    assert abs(np.diff(share)[[50, 149]]).max() < 1e-4
    assert 0.2 < turning_time(np.radians(15)) < turning_time(np.radians(60)) < 0.65
