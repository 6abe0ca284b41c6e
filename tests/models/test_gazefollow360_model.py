"""What the corrected GazeFollow360 does where its release goes wrong."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from sightline.batch import Batch
from sightline.geometry.panorama import view_places
from sightline.geometry.sphere import (
    arcs,
    from_head_frame,
    great_circle,
    sight_directions,
    to_points,
    to_rays,
    wrapped,
)
from sightline.models import create
from sightline.models.gazefollow360.direction import inward
from sightline.models.gazefollow360.loss import direction_loss, regions_loss
from sightline.models.gazefollow360.model import GazeFollow360
from sightline.models.gazefollow360.recipe import gazefollow360, gazefollow360_released
from sightline.models.gazefollow360.regions import SphereRegions, beside, cone, shift_columns
from sightline.models.gazefollow360.repvgg import deployed
from sightline.models.gazefollow360.towers import tower
from sightline.registry import UnknownNameError
from sightline.scene import Scene, Truth

WIDTH, HEIGHT = 256, 128


def tiny(**overrides: object) -> GazeFollow360:
    torch.manual_seed(3)
    model = create("gazefollow360-small", **({"head_size": 32, "width": 8} | overrides))
    assert isinstance(model, GazeFollow360)
    return model.eval()


def panorama(seed: int = 0) -> Tensor:
    """Soft colours that go on over the seam."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, 8, 16, generator=generator)
    coarse = torch.cat([coarse, coarse[..., :1]], -1)
    fine = torch.nn.functional.interpolate(
        coarse, (HEIGHT, WIDTH + 1), mode="bilinear", align_corners=True
    )
    return (255 * fine[0, :, :, :WIDTH]).byte()


def scene(columns: int = 0) -> Scene:
    """Three people, turned by whole columns."""
    heads = torch.tensor([[40.0, 50, 60, 74], [230, 30, 246, 50], [120, 100, 150, 124]])
    targets = torch.tensor([[[150.0, 80]], [[20, 60]], [[140, 20]]])
    heads = heads + columns * torch.tensor([1.0, 0, 1, 0])
    return Scene(
        panorama().roll(columns, -1),
        heads - WIDTH * (heads[:, :1] >= WIDTH) * torch.tensor([1.0, 0, 1, 0]),
        truth=Truth((targets + torch.tensor([columns, 0.0])) % WIDTH, torch.ones(3)),
        projection="equirectangular",
    )


@pytest.mark.parametrize("columns", [1, 22, 100, 255])
def test_a_turned_panorama_gives_the_same_answer_turned(columns: int):
    model = tiny()
    (before,), (after,) = model.predict([scene()]), model.predict([scene(columns)])
    moved = wrapped(after.points[:, 0] - before.points[:, 0] - columns / WIDTH)
    assert moved.abs().max() < 1e-4
    assert (after.points[:, 1] - before.points[:, 1]).abs().max() < 1e-4
    assert before.directions is not None
    assert after.directions is not None
    before_rays, after_rays = (
        sight_directions(to_rays(g.heads[:, :2].lerp(g.heads[:, 2:], 0.5)), g.directions)
        for g in (before, after)
    )
    assert before_rays.shape == after_rays.shape
    angle = -2 * torch.pi * torch.tensor(columns / WIDTH)
    x, y, z = before.directions.unbind(1)
    turned = torch.stack([x * angle.cos() - y * angle.sin(), x * angle.sin() + y * angle.cos(), z])
    assert (after.directions - turned.T).abs().max() < 1e-4


def test_heatmaps_turn_with_the_panorama_by_whole_cells():
    model = tiny()
    cell = WIDTH // 64  # the small model's heatmaps have 64 columns
    (before,), (after,) = model.predict([scene()]), model.predict([scene(5 * cell)])
    difference = (after.heatmaps - before.heatmaps.roll(5, -1)).abs().max()
    assert difference < 1e-4 * before.heatmaps.abs().max()


def test_the_release_does_not_turn_with_the_panorama():
    torch.manual_seed(0)
    model = create("gazefollow360-released", backbone="small").eval()
    (before,), (after,) = model.predict([scene()]), model.predict([scene(64)])
    assert not torch.allclose(after.heatmaps, before.heatmaps.roll(14, -1), rtol=0.01)


def test_directions_are_unit_vectors_that_never_point_outwards():
    directions = inward(torch.randn(100, 3))
    torch.testing.assert_close(directions.norm(dim=1), torch.ones(100))
    assert (directions[:, 2] < 0).all()


def test_the_direction_depends_on_the_latitude_of_the_head_alone():
    model = tiny()
    crops = torch.randn(1, 3, 32, 32).expand(3, 3, 32, 32)
    one, other, higher = model.direction(
        crops, to_rays(torch.tensor([[0.1, 0.4], [0.7, 0.4], [0.1, 0.2]]))
    )
    torch.testing.assert_close(one, other)
    assert not torch.allclose(one, higher)


def many(count: int = 200) -> tuple[Tensor, Tensor]:
    """Heads on the sphere and unit directions in their frames."""
    generator = torch.Generator().manual_seed(1)
    heads = to_rays(torch.rand(count, 2, generator=generator) * torch.tensor([1.0, 0.9]) + 0.05)
    return heads, inward(torch.randn(count, 3, generator=generator))


def test_the_local_view_begins_with_the_head_and_reaches_where_the_gaze_goes():
    heads, directions = many()
    field, size = (90.0, 45.0), torch.tensor([[10.0, 12.0]]).expand(200, 2)
    middles = beside(heads, directions, size, field)
    places = view_places(heads, middles, field)
    assert ((places > 0) & (places < 1)).all()
    side = directions[:, 0].abs() > 0.5 * directions[:, :2].norm(dim=1)
    right = directions[:, 0] < 0
    assert (places[side & right, 0] < 0.5).all()
    assert (places[side & ~right, 0] > 0.5).all()


def test_a_head_larger_than_the_view_stays_in_its_middle():
    heads, directions = many()
    middles = beside(heads, directions, torch.full((200, 2), 120.0), (90.0, 45.0))
    torch.testing.assert_close(middles, heads)


def test_the_cone_is_one_along_the_sight_line_and_nothing_behind():
    heads, directions = many()
    sight = from_head_frame(directions, heads)
    ends = heads + (-2 * (heads * sight).sum(1, keepdim=True)) * sight
    ahead = arcs(heads, ends, 5)[:, 1:, None]
    torch.testing.assert_close(cone(ahead, heads, sight), torch.ones(200, 4, 1), atol=1e-3, rtol=0)
    behind = heads - 0.1 * sight
    assert cone(behind[:, None, None], heads, sight).abs().max() == 0


@pytest.mark.golden
def test_near_the_head_the_cone_is_the_planar_one_of_the_specification(golden: Path):
    with np.load(golden / "gazefollow360" / "geometry.npz") as file:
        expected = torch.from_numpy(file["derived_planar_direction"])
        heads = torch.from_numpy(file["head_xyz"])[:6]
        sight = torch.from_numpy(file["direction_camera"])[:6]
    start = to_points(heads)
    for angle in torch.linspace(0, 2 * torch.pi, 9, dtype=torch.float64):
        step = torch.stack([angle.cos() / 2, angle.sin()])  # on a map twice as wide as high
        near = to_rays(start + 1e-4 * step)
        found = cone(near[:, None, None], heads, sight)[:, 0, 0]
        cos_latitude = (1 - heads[:, 2] ** 2).sqrt()
        flat = expected * torch.stack([cos_latitude, torch.ones(6)], 1)
        direction = torch.stack([angle.cos() * cos_latitude, angle.sin().expand(6)], 1)
        cosine = torch.nn.functional.cosine_similarity(flat, direction).clamp(min=0)
        torch.testing.assert_close(found, cosine, atol=2e-3, rtol=0)


def test_level_gaze_on_the_equator_ends_somewhere():
    model = tiny()
    batch = model.preprocess([scene()])
    batch.heads[:] = torch.tensor([0.25, 0.49, 0.27, 0.51])
    directions = torch.tensor([[1.0, 0, -1], [0, 0, -1], [0, 0, 0]])
    regions = SphereRegions(model.config, batch, directions)
    assert regions.ends.isfinite().all()
    assert regions.inputs()[1].isfinite().all()


def test_columns_shift_around_the_edge():
    heatmaps = torch.rand(2, 4, 8)
    shifted = shift_columns(heatmaps, torch.tensor([0.25, -0.0625]))
    torch.testing.assert_close(shifted[0], heatmaps[0].roll(2, -1))
    halfway = (heatmaps[1] + heatmaps[1].roll(-1, -1)) / 2
    torch.testing.assert_close(shifted[1], halfway)


def test_labels_of_regions_and_panorama_peak_at_the_target():
    model = tiny()
    batch = model.preprocess([scene()])
    assert batch.truth is not None
    targets = batch.truth.points[:, 0]
    towards = sight_directions(SphereRegions.positions(batch), to_rays(targets))
    regions = SphereRegions(model.config, batch, towards)
    distant, _ = regions.region_targets(targets)
    middle = distant.shape[-1] // 2
    assert (distant.flatten(1).argmax(1) // distant.shape[-1] - middle).abs().max() <= 1
    points, _ = regions.answers(regions.scene_targets(targets))
    assert great_circle(to_rays(points), to_rays(targets)).max() < 0.03


def test_a_tower_as_released_is_linear_and_ours_is_not():
    one, other = torch.randn(2, 1, 5, 16, 16)
    for as_released in (True, False):
        torch.manual_seed(0)
        draw = tower(5, 4, blocks=2, as_released=as_released).eval()
        apart = draw(one) + draw(other) - draw(torch.zeros_like(one))
        assert torch.allclose(draw(one + other), apart, atol=1e-5) == as_released


def test_each_stage_trains_a_part_and_together_all():
    names = [name for name, _ in tiny().named_parameters()]
    for recipe in (gazefollow360(), gazefollow360_released()):
        trained = [
            {name for name in names if name.startswith(stage.trainable)} for stage in recipe.stages
        ]
        assert set.union(*trained) == set(names)
        assert sum(map(len, trained)) == len(names)
    assert {stage.batch_statistics for stage in gazefollow360().stages} == {"trainable"}
    assert {stage.batch_statistics for stage in gazefollow360_released().stages} == {"all"}


def test_the_direction_is_learnt():
    model = tiny().train()
    batch = model.preprocess([scene(columns) for columns in (0, 50)])
    optimizer = torch.optim.Adam(model.direction.parameters(), 3e-3)
    losses = []
    for _ in range(30):
        (loss,) = direction_loss(model, batch).values()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.2 * losses[0]


@pytest.mark.parametrize("loss", [direction_loss, regions_loss])
def test_mixed_precision_rounds_no_geometry(loss, monkeypatch: pytest.MonkeyPatch):
    model = tiny().eval()
    batch = model.preprocess([scene(), scene(40)])
    directions = model.directions(batch).detach()
    monkeypatch.setattr(model, "directions", lambda _: directions)
    exact = loss(model, batch)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = loss(model, batch)
    assert {k: v.item() for k, v in mixed.items()} == {k: v.item() for k, v in exact.items()}


def test_people_without_a_target_are_in_no_loss():
    model = tiny()
    batch = model.preprocess([scene()])
    assert batch.truth is not None
    batch.truth.points[1] = torch.nan
    loss = direction_loss(model, batch)["direction"].item()
    rows = torch.tensor([0, 2])
    part = Batch(
        batch.images,
        batch.heads[rows],
        batch.image_of[rows],
        crops=batch.crops[rows],  # pyright: ignore[reportOptionalSubscript]
        truth=Truth(batch.truth.points[rows], batch.truth.inside[rows]),
        panoramas=batch.panoramas,
    )
    assert loss == pytest.approx(direction_loss(model, part)["direction"].item(), rel=1e-5)


def test_an_ordinary_picture_is_refused():
    with pytest.raises(ValueError, match="this picture is none"):
        tiny().preprocess([replace(scene(), projection="perspective")])


def test_an_unknown_backbone_is_refused_with_the_nearest_names() -> None:
    with pytest.raises(UnknownNameError, match="did you mean repvgg-b3"):
        create("gazefollow360", backbone="repvgg-b33")


def test_a_repvgg_backbone_answers_the_same_when_deployed():
    model = tiny(backbone="repvgg-a0")
    other = deployed(model)
    (one,), (two,) = model.predict([scene()]), other.predict([scene()])
    assert (one.heatmaps - two.heatmaps).abs().max() < 1e-3 * one.heatmaps.abs().max()
    assert sum(p.numel() for p in other.parameters()) < sum(p.numel() for p in model.parameters())
