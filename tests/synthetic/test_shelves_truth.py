"""What rendered shelves say about their products and their shopper."""

import numpy as np
import pytest
import torch

from sightline.goo_classes import GOO_CLASSES, HEAD
from sightline.synthetic.attention import hidden
from sightline.synthetic.caster import cast
from sightline.synthetic.figure import turned
from sightline.synthetic.objects import PIXELS
from sightline.synthetic.products import FIRST_ITEMS, ITEMS, facings, item_number
from sightline.synthetic.render import MEMORY_SHELVES, boxes_of
from sightline.synthetic.shelves import (
    SHOWN,
    Picture,
    Shelf,
    head_angles,
    photograph,
    render_shelves,
    shelf_of,
)
from sightline.synthetic.shop import HEAD_OWNER, PRODUCT
from sightline.synthetic.world import Camera

SIZE = (320, 240)
Pair = tuple[Shelf, Picture]


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    shelves = [shelf_of(0, MEMORY_SHELVES, i, SIZE) for i in range(24)]
    return [(shelf, photograph(shelf)) for shelf in shelves]


def target(shelf: Shelf) -> np.ndarray:
    return shelf.world.camera.project(shelf.world.people.targets[0])[0]


def owners(shelf: Shelf) -> torch.Tensor:
    return shelf.world.solids.owner[cast([shelf.world])[0].solid]


def test_the_gaze_point_is_in_the_box_of_the_product_looked_at(pairs: list[Pair]) -> None:
    seen = [(shelf, picture) for shelf, picture in pairs if picture.gaze_object >= 0]
    assert len(seen) > 12
    for shelf, picture in seen:
        left, top, right, bottom = picture.boxes[picture.gaze_object].tolist()
        x, y = target(shelf)
        assert left - 0.5 <= x <= right + 0.5  # its own pixel's centre may show a neighbour
        assert top - 0.5 <= y <= bottom + 0.5
        facing = int(picture.facings[picture.gaze_object])
        assert PRODUCT + facing == shelf.world.people.target_owners[0]
        assert shelf.facings[facing].label == picture.labels[picture.gaze_object]


def test_an_occluded_product_is_hidden_wherever_rays_reach_for_it(pairs: list[Pair]) -> None:
    occluded = [shelf for shelf, picture in pairs if picture.gaze_object < 0]
    assert occluded
    for shelf in occluded:
        world, owner = shelf.world, shelf.world.people.target_owners[0]
        centres = world.solids.centre[world.solids.owner == owner].double().numpy()
        lens = np.broadcast_to(world.camera.position, centres.shape)
        assert hidden(world.solids, lens, centres, np.full((len(centres), 1), owner)).all()
        whole = boxes_of(world, np.array([owner]))[0]
        area = (whole[2:] - whole[:2]).prod()
        assert (owners(shelf) == owner).sum() < max(SHOWN * area, PIXELS / 4)


def test_the_shopper_sees_the_product_and_faces_it_within_reach_of_the_eyes(
    pairs: list[Pair],
) -> None:
    for shelf, _ in pairs:
        people = shelf.world.people
        ignored = np.stack([people.heads, people.target_owners], 1)
        assert not hidden(shelf.world.solids, people.eyes, people.targets, ignored).any()
        line = people.targets - people.eyes
        assert (line @ people.facing[0] / np.linalg.norm(line) > np.cos(np.radians(35))).all()


def test_boxes_are_the_edges_of_the_pixels_that_show_a_product(pairs: list[Pair]) -> None:
    shelf, picture = pairs[0]
    owner = owners(shelf)
    rows = [*(picture.facings[:-1] + PRODUCT).tolist(), HEAD_OWNER]
    for row, box in zip(rows, picture.boxes.tolist(), strict=True):
        y, x = (owner == row).nonzero().T
        assert box == [x.min(), y.min(), x.max() + 1, y.max() + 1]


def test_shelves_are_dense_and_the_head_comes_last(pairs: list[Pair]) -> None:
    for _, picture in pairs:
        assert 40 < len(picture.boxes) < 115
        assert picture.labels[-1] == HEAD
        assert (picture.labels[:-1] < HEAD).all()
        assert (picture.boxes[:, 2:] > picture.boxes[:, :2]).all()
        assert picture.boxes.min() >= 0
        assert (picture.boxes[:, 2:] <= torch.tensor(SIZE)).all()
    labels = torch.cat([picture.labels for _, picture in pairs])
    assert set(labels.tolist()) == set(range(1, 26))


def test_items_are_numbered_within_the_released_ranges() -> None:
    numbers = [[item_number(c, k) for k in range(facings(c))] for c in range(1, 25)]
    for first, count, own in zip(FIRST_ITEMS, ITEMS, numbers, strict=True):
        assert own
        assert all(first <= number < first + count for number in own)
    assert sum(ITEMS) == 440
    assert FIRST_ITEMS[9] == 169  # of class 10, as released: 169 to 192


def test_scenes_hold_the_objects_and_the_truth(pairs: list[Pair]) -> None:
    scene, (shelf, picture) = render_shelves(1, seed=0, size=SIZE)[0], pairs[0]
    assert scene.size == SIZE
    assert torch.equal(scene.image, picture.image)
    assert scene.objects is not None
    assert scene.objects.classes == GOO_CLASSES
    assert torch.equal(scene.objects.boxes[-1:], scene.heads)
    assert scene.truth is not None
    assert scene.truth.gaze_object is not None
    assert scene.truth.gaze_object.tolist() == [picture.gaze_object]
    np.testing.assert_allclose(scene.truth.points[0, 0], target(shelf), atol=1e-3)
    assert scene.eyes is not None
    left, top, right, bottom = scene.heads[0].tolist()
    x, y = scene.eyes[0].tolist()
    assert left <= x <= right
    assert top <= y <= bottom


def test_the_same_camera_shows_the_same_in_every_size() -> None:
    small, large = (shelf_of(0, MEMORY_SHELVES, 1, size) for size in (SIZE, (640, 480)))
    np.testing.assert_allclose(2 * target(small), target(large), rtol=1e-6)
    assert small.setting == large.setting


@pytest.mark.parametrize(
    ("turn", "expected"),
    [  # the camera looks along +y: a head that does so faces away
        ((0.0, 0.0, 0.0), (0, 180, 0)),
        ((np.pi, 0.0, 0.0), (0, 0, 0)),
        ((np.pi / 2, 0.0, 0.0), (0, 90, 0)),
        ((-np.pi / 2, 0.0, 0.0), (0, -90, 0)),
        ((-2.0, 0.3, 0.2), np.degrees((0.3, np.pi + 2.0, 0.2))),
    ],
)
def test_head_angles_are_those_that_the_camera_sees(
    turn: tuple, expected: tuple | np.ndarray
) -> None:
    rotation = np.array(((1, 0, 0), (0, 0, -1), (0, 1, 0)))
    angles = np.array(head_angles(Camera(np.zeros(3), rotation, 100.0, SIZE), turned(*turn)))
    away = (angles - expected + 180) % 360 - 180
    np.testing.assert_allclose(away, 0, atol=1e-4)
