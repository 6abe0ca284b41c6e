"""What rendered rooms and panoramas say about the things in them."""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from sightline.scene import Objects
from sightline.synthetic.all_around import render_panorama, surroundings_of
from sightline.synthetic.attention import NOWHERE
from sightline.synthetic.caster import cast
from sightline.synthetic.objects import FRAME, PIXELS, SIDE, looked_at, objects_of, pixel_edges
from sightline.synthetic.panorama import cast_panorama
from sightline.synthetic.render import MEMORY, MEMORY_AROUND, render, render_clips, world_of
from sightline.synthetic.things import BODY, CLASSES, HEAD
from sightline.synthetic.world import ROOM, World

SIZE = (160, 120)
WORLDS = [world_of(5, MEMORY, i, SIZE) for i in range(120)]
VIEWS = [cast([world])[0] for world in WORLDS]
FOUND = [objects_of(world, view) for world, view in zip(WORLDS, VIEWS, strict=True)]


def naive(owner: Tensor, label: int, *, size: tuple[int, int]) -> list[float] | None:
    """The edges of the pixels of one owner, pixel by pixel; None for too few of them."""
    seen = [(x, y) for y, row in enumerate(owner.tolist()) for x, v in enumerate(row) if v == label]
    x, y = [p[0] for p in seen], [p[1] for p in seen]
    zoom = size[0] / FRAME[0], size[1] / FRAME[1]
    if not seen or len(seen) < PIXELS * zoom[0] * zoom[1]:
        return None
    box = [min(x), min(y), max(x) + 1, max(y) + 1]
    wide, high = box[2] - box[0] >= SIDE * zoom[0], box[3] - box[1] >= SIDE * zoom[1]
    return list(map(float, box)) if wide and high else None


def test_boxes_hold_exactly_the_visible_pixels_of_every_thing_with_a_class() -> None:
    for world, view, (objects, owners) in zip(WORLDS[:6], VIEWS, FOUND, strict=False):
        owner = world.solids.owner[view.solid]
        boxes = dict(zip(owners.tolist(), objects.boxes.tolist(), strict=True))
        for number, label in enumerate(world.labels):
            expected = naive(owner, number, size=SIZE) if label >= 0 else None
            assert boxes.get(number) == expected
        assert objects.labels.tolist() == [world.labels[number] for number in owners]


def test_every_class_is_seen_in_some_room() -> None:
    labels = torch.cat([objects.labels for objects, _ in FOUND])
    assert set(labels.tolist()) == set(range(len(CLASSES)))


def test_every_owner_of_a_solid_but_the_room_has_a_class() -> None:
    for world in WORLDS:
        owners = world.solids.owner.unique().tolist()
        assert owners == list(range(len(world.labels)))
        assert world.labels[ROOM] == -1
        assert min(world.labels[1:]) >= 0
        assert all(world.labels[head] == HEAD for head in world.people.heads)
        assert all(world.labels[body] == BODY for body in world.people.bodies)


def test_the_gaze_object_is_the_row_of_the_thing_that_has_the_target() -> None:
    count = 0
    for world, (_, owners) in zip(WORLDS, FOUND, strict=True):
        people = world.people
        for person, row in enumerate(looked_at(people, owners).tolist()):
            target = people.target_owners[person]
            shown = people.inside[person] and not people.occluded[person]
            assert (row >= 0) == bool(shown and target in owners)
            assert row < 0 or owners[row] == target
            count += row >= 0
    assert count > 100


def test_targets_that_are_hidden_or_outside_have_no_gaze_object() -> None:
    world, (_, owners) = next(
        (w, found)
        for w, found in zip(WORLDS, FOUND, strict=True)
        if (looked_at(w.people, found[1]) >= 0).all()
    )
    nobody = np.zeros(len(world.people), bool)
    assert (looked_at(replace(world.people, inside=nobody), owners) == -1).all()
    assert (looked_at(replace(world.people, occluded=~nobody), owners) == -1).all()
    assert (looked_at(world.people, owners[:0]) == -1).all()


def test_a_tenth_of_the_gazes_into_the_picture_rests_on_nothing_in_particular() -> None:
    inside = np.concatenate([world.people.inside for world in WORLDS])
    owners = np.concatenate([world.people.target_owners for world in WORLDS])[inside]
    assert NOWHERE / 2 < (owners == ROOM).mean() < 2 * NOWHERE


def test_people_look_at_things_large_and_small_at_walls_hands_and_one_another() -> None:
    kinds = [
        CLASSES[world.labels[owner]]
        for world in WORLDS
        for owner in world.people.target_owners[world.people.inside]
        if owner > ROOM
    ]
    shares = {kind: kinds.count(kind) / len(kinds) for kind in set(kinds)}
    assert len(shares) > 20
    assert max(shares.values()) < 0.4
    assert min(shares["head"], shares["body"]) > 0.02
    assert {"window", "picture", "table"} <= set(shares)


def test_scenes_clips_and_panoramas_carry_the_objects() -> None:
    around = surroundings_of(0, MEMORY_AROUND, 3, (256, 128))
    for scene in (
        render(WORLDS[0]),
        render_clips(1, 2, SIZE, length=2)[0][1],
        render_panorama(around),
    ):
        assert isinstance(scene.objects, Objects)
        assert scene.objects.classes == CLASSES
        assert (scene.objects.scores == 1).all()
        assert scene.objects.heads().sum() <= len(scene.heads)
        assert scene.truth is not None
        assert scene.truth.gaze_object is not None
        assert scene.truth.gaze_object.shape == (len(scene),)
        assert scene.truth.gaze_object.max() < len(scene.objects)


def test_boxes_around_end_beyond_the_seam_and_hold_all_pixels() -> None:
    over = 0
    for index in range(8):
        world = surroundings_of(0, MEMORY_AROUND, index, (256, 128))
        view = cast_panorama(world)
        owner = world.solids.owner[view.solid]
        for number, (left, top, right, bottom) in zip(
            *(part.tolist() for part in reversed(_boxes(world))), strict=True
        ):
            y, x = (owner == number).nonzero().T
            turned = (x - int(left)) % 256
            assert turned.min() == 0
            assert turned.max() + 1 == right - left
            assert (y.min(), y.max() + 1) == (top, bottom)
            assert 0 <= left < 256
            over += right > 256
    assert over > 5


def _boxes(world: World) -> tuple[Tensor, Tensor]:
    objects, owners = objects_of(world, cast_panorama(world), around=True)
    return objects.boxes, owners


def test_the_box_on_a_circle_leaves_out_the_widest_gap() -> None:
    owner = torch.zeros(2, 12, dtype=torch.long)
    owner[0, [0, 1, 4, 10]] = 1
    owner[1, 3:9] = 2
    pixels, boxes = pixel_edges(owner, 3, around=True)
    assert pixels.tolist() == [14, 4, 6]
    assert boxes[1].tolist() == [10, 0, 17, 1]
    assert boxes[2].tolist() == [3, 1, 9, 2]


def test_rooms_are_a_function_of_seed_stream_and_index() -> None:
    again = world_of(5, MEMORY, 1, SIZE)
    assert torch.equal(again.solids.centre, WORLDS[1].solids.centre)
    assert again.labels == WORLDS[1].labels
    assert world_of(6, MEMORY, 1, SIZE).labels != again.labels
