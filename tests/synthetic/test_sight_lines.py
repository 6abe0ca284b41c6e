"""Rendered scenes know the sight lines in space, and maps of scenes keep them right."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from sightline.batch import merge_truths
from sightline.geometry.sphere import to_points, to_rays
from sightline.scene import Scene, Truth
from sightline.scene_maps import crop, flip, yaw
from sightline.synthetic.all_around import render_panorama, surroundings_of
from sightline.synthetic.render import render, world_of
from sightline.synthetic.shelves import render_shelves, scene_of, shelf_of
from sightline.synthetic.world import World

SIZE, AROUND = (96, 72), (128, 64)


def eyes_and_targets(world: World) -> tuple[np.ndarray, np.ndarray]:
    return world.people.eyes, world.people.targets


def directions(scene: Scene) -> np.ndarray:
    assert scene.truth is not None
    assert scene.truth.directions is not None
    return scene.truth.directions.double().numpy()


def test_a_sight_line_leads_from_the_eyes_to_the_target_of_the_picture() -> None:
    world = world_of(3, 0, 1, SIZE, outside_share=0.0)
    eyes, targets = eyes_and_targets(world)
    pixels, depth = world.camera.project(eyes)
    flat = (pixels - np.array(SIZE) / 2) / world.camera.focal
    seen = np.concatenate([flat, np.ones((len(flat), 1))], 1) * depth[:, None]
    ends = seen + directions(render(world)) * np.linalg.norm(targets - eyes, axis=1)[:, None]
    landed = ends[:, :2] / ends[:, 2:] * world.camera.focal + np.array(SIZE) / 2
    assert_allclose(landed, render(world).truth.points[:, 0].numpy(), atol=1e-3)


def test_people_who_look_outside_have_a_sight_line_too() -> None:
    scene = render(world_of(3, 0, 1, SIZE, outside_share=1.0))
    assert (scene.truth.inside == 0).any()
    assert_allclose(np.linalg.norm(directions(scene), axis=1), 1.0, atol=1e-6)


def test_in_a_panorama_the_frame_is_that_of_the_sphere() -> None:
    world = surroundings_of(2, 9, 0, AROUND)
    eyes, targets = eyes_and_targets(world)
    places = torch.from_numpy(world.camera.project(eyes)[0] / np.array(AROUND))
    away = np.linalg.norm(eyes - world.camera.position, axis=1)[:, None]
    reach = np.linalg.norm(targets - eyes, axis=1)[:, None]
    ends = to_rays(places).numpy() * away + directions(render_panorama(world)) * reach
    landed = to_points(torch.from_numpy(ends)) * torch.tensor(AROUND)
    assert_allclose(landed, render_panorama(world).truth.points[:, 0], atol=1e-2)


def test_shelves_have_them_in_the_same_frame() -> None:
    shelf = shelf_of(1, 6, 0, SIZE)
    eyes, targets = eyes_and_targets(shelf.world)
    line = shelf.world.camera.rotation @ (targets - eyes)[0]
    assert_allclose(directions(scene_of(shelf))[0], line / np.linalg.norm(line), atol=1e-6)


def test_a_mirror_negates_what_points_right_in_a_picture() -> None:
    scene = render_shelves(1, seed=1, size=SIZE)[0]
    assert_allclose(directions(flip(scene)), directions(scene) * (-1, 1, 1))


def test_a_crop_leaves_sight_lines() -> None:
    scene = render_shelves(1, seed=1, size=SIZE)[0]
    assert_allclose(directions(crop(scene, 5, 3, 40, 30)), directions(scene))


def around(azimuth: float) -> Scene:
    """A panorama with somebody whose sight line is parallel to that of the camera to a point."""
    line = to_rays(torch.tensor([[azimuth, 0.3]]))
    truth = Truth(torch.zeros(1, 1, 2), torch.ones(1), directions=line)
    image = torch.zeros(3, 64, 128, dtype=torch.uint8)
    return Scene(image, torch.zeros(1, 4), truth=truth, projection="equirectangular")


@pytest.mark.parametrize("columns", [0, 13, 100])
def test_turning_a_panorama_turns_sight_lines_with_it(columns: int) -> None:
    turned = to_points(torch.from_numpy(directions(yaw(around(0.2), columns))))[0]
    assert_allclose(turned, [(0.2 + columns / 128) % 1, 0.3], atol=1e-6)


def test_a_mirrored_panorama_has_mirrored_sight_lines() -> None:
    mirrored = to_points(torch.from_numpy(directions(flip(around(0.2)))))[0]
    assert_allclose(mirrored, [0.8, 0.3], atol=1e-6)


def test_people_without_a_sight_line_have_nan_beside_those_with_one() -> None:
    some = around(0.2).truth
    merged = merge_truths([some, replace(some, directions=None)])
    assert merged.directions.shape == (2, 3)
    assert torch.equal(merged.directions[0], some.directions[0])
    assert merged.directions[1].isnan().all()
    assert math.isclose(merged.directions[0].norm().item(), 1, rel_tol=1e-6)
