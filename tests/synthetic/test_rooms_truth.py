"""What random worlds say about who looks where."""

import numpy as np
import torch

from sightline.synthetic.attention import hidden
from sightline.synthetic.caster import cast
from sightline.synthetic.render import MEMORY, render, render_scenes, truth, world_of

WORLDS = [world_of(0, MEMORY, i) for i in range(40)]


def test_scenes_equal_the_worlds_they_are_rendered_from() -> None:
    scenes = render_scenes(2, seed=0)
    again = render(WORLDS[1])
    assert scenes[0].key != scenes[1].key
    assert torch.equal(scenes[1].image, again.image)
    assert scenes[1].size == (320, 240)
    assert scenes[1].depth is not None
    assert scenes[1].depth.shape == (1, 240, 320)
    assert (scenes[1].depth.min(), scenes[1].depth.max()) == (0, 1)


def test_points_are_the_targets_seen_by_the_camera_or_nan() -> None:
    for world in WORLDS:
        points, inside = truth(world).points[:, 0], truth(world).inside
        camera = world.camera
        for point, flag, target in zip(points, inside, world.people.targets, strict=True):
            right, down, forward = camera.rotation @ (target - camera.position)
            x = camera.focal * right / max(forward, 1e-9) + 160
            y = camera.focal * down / max(forward, 1e-9) + 120
            assert bool(flag) == (forward > 0 and 0 <= x <= 320 and 0 <= y <= 240)
            np.testing.assert_allclose(point, (x, y) if flag else np.nan, atol=1e-3)


def test_every_target_is_in_plain_view_of_the_person() -> None:
    for world in WORLDS:
        people = world.people
        ignored = np.stack([people.heads, people.target_owners], 1)
        assert not hidden(world.solids, people.eyes, people.targets, ignored).any()


def test_heads_face_within_reach_of_the_eyes() -> None:
    for world in WORLDS:
        line = world.people.targets - world.people.eyes
        line /= np.linalg.norm(line, axis=1, keepdims=True)
        assert ((line * world.people.facing).sum(1) > np.cos(np.radians(35))).all()


def test_occluded_targets_are_those_that_the_picture_does_not_show() -> None:
    agree = []
    for world in WORLDS:
        people, owner = world.people, world.solids.owner[cast([world])[0].solid].numpy()
        x, y = world.camera.project(people.targets[people.inside])[0].astype(int).T
        shown = owner[y, x] == people.target_owners[people.inside]
        agree += list(shown == ~people.occluded[people.inside])
    assert np.mean(agree) > 0.97  # a target at an outline can miss its pixel's centre


def test_people_are_seen_from_all_sides_and_a_quarter_looks_out_of_the_picture() -> None:
    inside = np.concatenate([w.people.inside for w in WORLDS])
    away = np.concatenate([w.people.facing @ w.camera.rotation[2] for w in WORLDS])
    assert 0.12 < 1 - inside.mean() < 0.4
    assert (away > 0.7).mean() > 0.1
    assert (away < -0.7).mean() > 0.1
    assert (np.abs(away) < 0.7).mean() > 0.2


def test_nobody_looks_out_of_the_picture_when_told_so() -> None:
    assert all(world_of(0, 1, i, outside_share=0.0).people.inside.all() for i in range(10))
