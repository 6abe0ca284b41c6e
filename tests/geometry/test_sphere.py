"""The sphere against the reference values, naive versions and its own symmetries."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from released import fill
from torch import Tensor

from sightline.geometry.sphere import (
    arcs,
    from_degrees,
    from_head_frame,
    great_circle,
    head_frames,
    sight_directions,
    sight_ends,
    to_degrees,
    to_head_frame,
    to_points,
    to_rays,
    wrapped,
    yaw_turns,
)

seeds = st.integers(0, 2**31)


def geometry(golden: Path) -> dict[str, Tensor]:
    with np.load(golden / "gazefollow360" / "geometry.npz") as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays}


def golden_points(golden: Path, name: str) -> Tensor:
    points = torch.from_numpy(fill(golden).uniform(f"gf360.main.geometry.{name}_uv", (48, 2)))
    u, v = points.double().unbind(-1)
    return torch.stack([u, 0.05 + 0.9 * v], -1)


def degenerate_cases(golden: Path) -> list[dict]:
    cases = json.loads((golden / "gazefollow360" / "cases.json").read_text())
    return cases["degenerate_intersections"]


def random_rays(seed: int, count: int = 8) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    rays = torch.randn(count, 3, generator=random, dtype=torch.float64)
    return torch.nn.functional.normalize(rays, dim=-1)


def near(a: Tensor, b: Tensor, tolerance: float = 1e-9) -> None:
    torch.testing.assert_close(a, b.to(a), atol=tolerance, rtol=0)


@pytest.mark.golden
def test_gazefollow360_rays_and_points_are_the_released_ones(golden: Path) -> None:
    values, heads = geometry(golden), golden_points(golden, "head")
    near(to_rays(heads), values["head_xyz"])
    near(to_rays(golden_points(golden, "gaze")), values["gaze_xyz"])
    near(to_points(values["head_xyz"]), heads)
    latitude, longitude = values["head_sphere"][:, 0], values["head_sphere"][:, 1]
    assert torch.allclose(to_degrees(heads)[:, 1], latitude.rad2deg())
    assert torch.allclose(to_degrees(heads)[:, 0], 180 - longitude.rad2deg())


@pytest.mark.golden
def test_gazefollow360_directions_are_the_released_ones(golden: Path) -> None:
    values = geometry(golden)
    heads, gazes = values["head_xyz"], values["gaze_xyz"]
    near(sight_directions(heads, gazes), values["direction_subject"])
    near(from_head_frame(values["direction_subject"], heads), values["direction_camera"])
    near(to_head_frame(values["direction_camera"], heads), values["direction_subject"])


@pytest.mark.golden
def test_gazefollow360_sight_lines_end_where_the_released_ones_do(golden: Path) -> None:
    values = geometry(golden)
    heads = values["head_xyz"]
    ends = sight_ends(heads, values["direction_camera"])
    near(ends, values["intersection_xyz"])
    near(to_points(ends), values["intersection_uv"])
    directions = fill(golden).normal("gf360.main.geometry.direction", (48, 3))
    camera = from_head_frame(torch.from_numpy(directions).double(), heads)
    near(camera, values["random_direction_camera"])
    near(sight_ends(heads, camera), values["random_intersection_xyz"])
    near(to_points(sight_ends(heads, camera)), values["random_intersection_uv"])


@pytest.mark.golden
@pytest.mark.parametrize("case", range(6))
def test_gazefollow360_sight_lines_end_also_where_the_release_divides_by_zero(
    golden: Path, case: int
) -> None:
    values = degenerate_cases(golden)[case]
    head = to_rays(torch.tensor(values["head_uv"], dtype=torch.float64))
    direction = torch.tensor(values["direction_subject"], dtype=torch.float64)
    end = sight_ends(head, from_head_frame(direction, head))
    near(end, torch.tensor(values["correct_xyz"], dtype=torch.float64))
    known = slice(0, 2) if 0 < values["correct_uv"][1] < 1 else slice(1, 2)  # u of a pole is free
    near(to_points(end)[known], torch.tensor(values["correct_uv"])[known], 1e-7)


@pytest.mark.golden
def test_gazefollow360_the_sight_line_on_the_map_lies_on_the_arc(golden: Path) -> None:
    values = geometry(golden)
    heads, gazes = values["head_xyz"][:6], values["gaze_xyz"][:6]
    chord = torch.lerp(heads[:, None], gazes[:, None], torch.linspace(0, 1, 9)[:, None].double())
    near(to_points(chord), values["derived_sight_line_uv"])
    line = to_rays(values["derived_sight_line_uv"])
    there, onwards = great_circle(heads[:, None], line), great_circle(line, gazes[:, None])
    near(there + onwards, great_circle(heads, gazes)[:, None].expand(6, 9))
    near(arcs(heads, gazes, 3), line[:, [0, 4, 8]])  # the middle is one for chord and arc


@pytest.mark.golden
def test_gazefollow360_arcs_leave_the_head_in_the_sight_line_s_planar_direction(
    golden: Path,
) -> None:
    values = geometry(golden)
    heads, gazes = values["head_xyz"][:6], values["gaze_xyz"][:6]
    first, second = to_points(arcs(heads, gazes, 100_001))[:, :2].unbind(1)
    step = torch.stack([2 * wrapped(second - first)[:, 0], (second - first)[:, 1]], -1)
    cosine = torch.cosine_similarity(step, values["derived_planar_direction"], eps=0.0)
    near(cosine, torch.ones(6), 1e-6)


@pytest.mark.golden
def test_gazefollow360_distances_are_the_released_ones(golden: Path) -> None:
    with np.load(golden / "gazefollow360" / "metrics.npz") as arrays:
        expected = torch.from_numpy(arrays["pairs_sphere_distance"])
    names = (f"gf360.main.metrics.pairs_{one}" for one in "ab")
    a, b = (torch.from_numpy(fill(golden).uniform(name, (64, 2))).double() for name in names)
    near(great_circle(to_rays(a), to_rays(b)), expected)


def test_the_directions_of_known_points() -> None:
    points = torch.tensor([[0, 0.5], [1, 0.5], [0.25, 0.5], [0.5, 0.5], [0.75, 0.5], [0.3, 0]])
    expected = torch.tensor([[1, 0, 0], [1, 0, 0], [0, -1, 0], [-1, 0, 0], [0, 1, 0], [0, 0, 1]])
    near(to_rays(points), expected.float(), 1e-6)


@given(st.floats(-2, 3, allow_subnormal=False), st.floats(0.001, 0.999))
def test_points_come_back_from_rays_modulo_one(u: float, v: float) -> None:
    point = torch.tensor([u, v], dtype=torch.float64)
    back = to_points(3 * to_rays(point))
    assert 0 <= back[0] < 1
    assert abs(wrapped(back - point)[0]) < 1e-9
    assert abs(back[1] - v) < 1e-9


@given(seeds)
def test_rays_come_back_from_points(seed: int) -> None:
    rays = random_rays(seed)
    near(to_rays(to_points(rays)), rays)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_points_on_the_seam_have_u_zero_not_one(dtype: torch.dtype) -> None:
    tiny = torch.finfo(dtype).tiny
    rays = torch.tensor([[1, tiny, 0], [1, 1e-20, 0], [1, -tiny, 0], [1, 0, 0], [1, -0.0, 0]])
    points = to_points(rays.to(dtype))
    assert (points[:, 0] < 1).all()
    near(wrapped(points[:, 0]), torch.zeros(5))


def test_points_of_the_poles_are_numbers() -> None:
    rays = torch.tensor([[0.0, 0.0, 1.0], [0.0, 0.0, -1.0]])
    assert to_points(rays).tolist() == [[0.0, 0.0], [0.0, 1.0]]


def test_what_nobody_gave_stays_unknown() -> None:
    unknown = torch.full((1, 3), torch.nan)
    assert to_points(unknown).isnan().all()
    assert to_rays(unknown[:, :2]).isnan().all()
    assert to_degrees(unknown[:, :2]).isnan().all()


def test_degrees_are_zero_in_the_middle_and_positive_right_and_up() -> None:
    points = torch.tensor([[0.5, 0.5], [0.75, 0.5], [0.25, 0.25], [0.0, 0.0], [1.0, 1.0]])
    expected = [[0.0, 0.0], [90.0, 0.0], [-90.0, 45.0], [-180.0, 90.0], [-180.0, -90.0]]
    assert to_degrees(points).tolist() == expected


@given(seeds)
def test_head_frames_are_right_handed_rotations(seed: int) -> None:
    frames = head_frames(torch.cat([random_rays(seed), torch.eye(3).double(), -torch.eye(3)]))
    near(frames @ frames.mT, torch.eye(3).expand(14, 3, 3))
    near(torch.linalg.det(frames), torch.ones(14))


def test_left_and_up_in_a_head_frame_are_left_and_up_in_the_picture() -> None:
    point = torch.tensor([0.3, 0.4], dtype=torch.float64)
    head = to_rays(point)
    left, up, _ = head_frames(head)
    step = 1e-4
    moved = wrapped(to_points(torch.stack([head + step * left, head + step * up])) - point)
    assert moved[0, 0] < 0
    assert abs(moved[0, 1]) < step**1.5
    assert moved[1, 1] < 0
    assert abs(moved[1, 0]) < step**1.5


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_frame_at_a_pole_is_that_of_the_meridian_zero(dtype: torch.dtype) -> None:
    for v in (0.0, 1.0):
        frames = head_frames(to_rays(torch.tensor([[0.0, v], [0.3, v], [0.8, v]], dtype=dtype)))
        near(frames[:, 0], torch.tensor([[0.0, 1.0, 0.0]]).expand(3, 3), 1e-6)


@given(seeds, st.floats(0, 1))
def test_directions_in_the_head_frame_stay_under_yaw(seed: int, turns: float) -> None:
    heads, targets = random_rays(seed), random_rays(seed + 1)
    rotation = yaw_turns(torch.tensor(turns, dtype=torch.float64))
    turned = sight_directions(heads @ rotation.T, targets @ rotation.T)
    near(turned, sight_directions(heads, targets))


@given(seeds)
def test_directions_in_the_head_frame_are_mirrored_with_the_picture(seed: int) -> None:
    mirror = torch.tensor([1.0, -1.0, 1.0])  # u becomes 1 - u
    heads, targets = random_rays(seed), random_rays(seed + 1)
    mirrored = sight_directions(heads * mirror, targets * mirror)
    near(mirrored, sight_directions(heads, targets) * torch.tensor([-1.0, 1.0, 1.0]))


@given(seeds)
def test_true_directions_never_lead_outward_and_have_the_chord_s_length(seed: int) -> None:
    heads, targets = random_rays(seed), random_rays(seed + 1)
    directions = sight_directions(heads, targets)
    assert (directions[:, 2] <= 0).all()
    near(directions.norm(dim=-1), 2 * (great_circle(heads, targets) / 2).sin())


@given(seeds, st.floats(1e-3, 1e3))
def test_a_sight_line_ends_at_its_target_whatever_its_length(seed: int, length: float) -> None:
    heads, targets = random_rays(seed), random_rays(seed + 1)
    near(sight_ends(heads, length * (targets - heads)), targets)


def test_a_sight_line_out_of_the_sphere_or_of_no_length_ends_at_the_head() -> None:
    heads = random_rays(0, 3)
    near(sight_ends(heads, heads), heads)
    near(sight_ends(heads, torch.zeros(3, 3).double()), heads)


@given(seeds)
def test_great_circles_agree_with_the_arc_cosine(seed: int) -> None:
    a, b = random_rays(seed), random_rays(seed + 1)
    near(great_circle(a, b), (a * b).sum(-1).clamp(-1, 1).acos(), 1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_great_circles_of_equal_and_opposite_points_lose_no_digits(dtype: torch.dtype) -> None:
    rays, epsilon = random_rays(0, 1000).to(dtype), torch.finfo(dtype).eps
    near(great_circle(rays, rays), torch.zeros(1000), epsilon)
    near(great_circle(rays, -rays), torch.full((1000,), math.pi, dtype=dtype), 3 * epsilon)
    close, one = torch.tensor([[1.0, 1e-6, 0.0], [1.0, 0.0, 0.0]], dtype=dtype)
    assert great_circle(close, one).item() == pytest.approx(1e-6)


def test_great_circles_of_all_pairs_broadcast() -> None:
    rays = random_rays(0, 5)
    angles = great_circle(rays[:, None], rays)
    assert angles.shape == (5, 5)
    near(angles, angles.T)


@given(seeds, st.integers(2, 40))
def test_arcs_run_evenly_on_the_shorter_great_circle(seed: int, count: int) -> None:
    starts, ends = random_rays(seed), random_rays(seed + 1)
    line = arcs(starts, ends, count)
    near(line[:, 0], starts)
    near(line[:, -1], ends)
    near(line.norm(dim=-1), torch.ones(8, count))
    steps = great_circle(line[:, :-1], line[:, 1:])
    near(steps, (great_circle(starts, ends)[:, None] / (count - 1)).expand_as(steps))


def test_arcs_of_equal_points_stay_and_of_opposite_ones_cross_the_nearer_pole() -> None:
    head = to_rays(torch.tensor([[0.3, 0.4], [0.3, 0.6]]))
    near(arcs(head, head, 4), head[:, None].expand(2, 4, 3), 1e-6)
    crossing = arcs(head, -head, 181)
    near(crossing[:, -1], -head, 1e-6)
    assert crossing[0, :, 2].max() > 0.9998
    assert crossing[1, :, 2].min() < -0.9998


def test_the_shorter_way_round_is_below_half_a_turn() -> None:
    differences = torch.tensor([0.0, 0.4, 0.5, 0.6, 1.2, -0.9, -0.5])
    near(wrapped(differences), torch.tensor([0.0, 0.4, -0.5, -0.4, 0.2, 0.1, -0.5]), 1e-6)


@given(seeds, st.floats(-1, 2))
def test_yaw_turns_move_points_to_the_right(seed: int, turns: float) -> None:
    points = to_points(random_rays(seed))
    rotation = yaw_turns(torch.tensor(turns, dtype=torch.float64))
    moved = to_points(to_rays(points) @ rotation.T) - points
    near(moved[:, 1], torch.zeros(8))
    near(wrapped(moved[:, 0] - turns), torch.zeros(8))


@given(st.floats(-2, 3, allow_subnormal=False), st.floats(0, 1))
def test_degrees_lead_back_to_the_point(u: float, v: float) -> None:
    point = torch.tensor([u, v], dtype=torch.float64)
    back = from_degrees(to_degrees(point))
    assert wrapped(back - point)[0].abs() < 1e-12
    assert (back - point)[1].abs() < 1e-12
    assert 0 <= back[0] < 1
