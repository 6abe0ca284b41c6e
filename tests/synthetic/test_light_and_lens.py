"""Shadows, daylight, textures and lenses: each changes what it should and nothing else."""

import numpy as np
import pytest
import torch
from torch.nn.functional import max_pool2d

from sightline.synthetic.caster import View, cast
from sightline.synthetic.cube import FACES, cube_places
from sightline.synthetic.difficulty import EASY, HARD
from sightline.synthetic.lens import developed
from sightline.synthetic.light import varied
from sightline.synthetic.render import clip_of, render, world_of
from sightline.synthetic.textures import textured
from sightline.synthetic.world import (
    Camera,
    Light,
    Paint,
    People,
    Solid,
    Texture,
    World,
    stack,
)

GREY = Paint((0.5, 0.5, 0.5))
SIZE = (160, 120)
LAMP = np.array((0, 0, 2.0))
LIGHT = Light(LAMP, np.full(3, 0.5), np.full(3, 0.3), 0.0, 5)
PLAIN = View(torch.full((3, 60, 80), 0.5), torch.ones(60, 80), torch.zeros(60, 80).long())


def world(*solids: Solid, light: Light = LIGHT) -> World:
    """A room of 8 m with a lamp in the middle of its upper half, seen from beside it."""
    room = Solid(True, np.zeros(3), (4, 4, 4), GREY, 0)
    rows, points, flags = np.zeros(0, int), np.zeros((0, 3)), np.zeros(0, bool)
    nobody = People(rows, rows, points, points, points, rows, flags, flags, flags)
    down = np.array([(1, 0, 0), (0, -0.6, -0.8), (0, 0.8, -0.6)])
    camera = Camera(np.array((0, -3.0, 2.0)), down, 90.0, SIZE)
    return World(stack([room, *solids]), camera, light, nobody)


def ball(centre: tuple, radius: float) -> Solid:
    return Solid(False, np.array(centre, float), (radius,) * 3, GREY, 1)


def places(scene: World, view: View) -> np.ndarray:
    x, y = np.meshgrid(np.arange(SIZE[0]) + 0.5, np.arange(SIZE[1]) + 0.5)
    return scene.camera.unproject(np.stack([x, y], -1), view.depth.numpy())


def inner(view: View, solid: int) -> torch.Tensor:
    """The pixels (H, W) that show a solid, as do all around them."""
    return -max_pool2d(-(view.solid == solid).float()[None], 3, 1, 1)[0] > 0


def test_a_ball_darkens_the_part_of_the_room_that_it_hides_from_the_lamp_and_nothing_else() -> None:
    centre, radius = np.array((0, 1.0, -1.0)), 0.6
    bright, shaded = (
        cast([world(ball(tuple(centre), radius), light=LIGHT._replace(shadows=on))])[0]
        for on in (False, True)
    )
    assert torch.equal(bright.solid, shaded.solid)
    rays = places(world(), bright) - LAMP
    line = rays / np.linalg.norm(rays, axis=-1, keepdims=True)
    off = np.linalg.norm(np.cross(line, centre - LAMP), axis=-1)
    behind = ((rays - (centre - LAMP)) * line).sum(-1) > 0
    room = bright.solid.numpy() == 0
    darker = (bright.image - shaded.image).amax(0).numpy()
    ambient = torch.full((3,), 0.5 * 0.3)
    inside = room & behind & (off < 0.8 * radius)
    assert inside.sum() > 100
    dark = shaded.image[:, torch.from_numpy(inside)]
    torch.testing.assert_close(dark, ambient[:, None].expand_as(dark), atol=0.01, rtol=0)
    assert darker[room & (off > 1.3 * radius)].max() < 1e-6
    assert darker[inner(bright, 1)].max() < 1e-6  # no ball shades itself


def test_the_edge_of_a_shadow_is_soft() -> None:
    scene = world(ball((0, 1.0, -1.0), 0.6), light=LIGHT._replace(shadows=True))
    plain = scene.light._replace(shadows=False)
    view = cast([scene])[0]
    bright = cast([World(scene.solids, scene.camera, plain, scene.people)])[0].image
    share = (view.image - 0.15) / (bright - 0.15)
    between = (share[0] > 0.1) & (share[0] < 0.9) & (view.solid == 0)
    assert between.sum() > 60


def test_daylight_brightens_the_side_that_it_comes_from() -> None:
    light = LIGHT._replace(colour=np.zeros(3), sun=np.array((1, 0, 0)), daylight=np.full(3, 0.4))
    scene = world(ball((0, 1.0, -1.0), 0.6), light=light)
    view = cast([scene])[0]
    shown = inner(view, 1)
    out = torch.from_numpy(places(scene, view) - (0, 1.0, -1.0)) / 0.6
    expected = 0.5 * (0.3 + 0.4 * out[..., 0].clamp(min=0)).float()
    torch.testing.assert_close(view.image[0][shown], expected[shown], atol=0.01, rtol=0)


@pytest.mark.parametrize("texture", list(Texture)[1:])
def test_a_texture_mixes_its_two_colours_and_varies(texture: Texture) -> None:
    points = torch.rand(8, 20_000, generator=torch.Generator().manual_seed(0))
    points[:5] *= 30
    points[5:7] = points[5:7] * 2 - 1
    points[7] = 7.3
    kinds = torch.full((20_000,), int(texture))
    kinds[::2] = Texture.PLAIN
    share = textured(points, kinds)
    assert (share[:, ::2] == 0).all()
    assert (share >= 0).all()
    assert (share <= 1).all()
    assert share[:, 1::2].std(1).min() > 0.1


def test_a_point_has_the_same_texture_whatever_is_drawn_beside_it() -> None:
    points = torch.rand(8, 1001, generator=torch.Generator().manual_seed(1)) * 9
    kinds = torch.arange(1001) % len(Texture)
    together = textured(points, kinds)
    apart = [textured(p, k) for p, k in zip(points.split(7, 1), kinds.split(7), strict=True)]
    assert torch.equal(together, torch.cat(apart, 1))


def test_pictures_with_and_without_shadows_are_the_same_in_any_company() -> None:
    worlds = [world_of(0, 0, i // 2, SIZE, difficulty=HARD) for i in range(4)]
    worlds[3] = World(worlds[2].solids, worlds[2].camera, worlds[2].light, worlds[2].people)
    worlds = [
        World(w.solids, w.camera, w.light._replace(shadows=i % 2 == 0), w.people)
        for i, w in enumerate(worlds)
    ]
    for together, alone in zip(cast(worlds), (cast([w])[0] for w in worlds), strict=True):
        assert torch.equal(together.image, alone.image)
        assert torch.equal(together.depth, alone.depth)


def test_cube_places_are_those_where_the_faces_show_a_point() -> None:
    points = torch.randn(3, 500, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    face, xy, depth = cube_places(points, 64, 2.0)
    seen = (FACES[face.numpy()] @ points.T.numpy()[..., None])[..., 0]
    np.testing.assert_allclose(depth.numpy(), seen[:, 2])
    np.testing.assert_allclose(xy.T.numpy(), seen[:, :2] / seen[:, 2:] * 30 + 32)
    assert ((xy >= 2) & (xy <= 62)).all()


def test_the_light_changes_neither_depth_nor_truth() -> None:
    dark, bright = (world_of(2, 0, 3, SIZE) for _ in range(2))
    light = bright.light._replace(shadows=not bright.light.shadows, daylight=np.ones(3), blur=1.5)
    one, other = render(dark), render(World(bright.solids, bright.camera, light, bright.people))
    assert one.depth is not None
    assert other.depth is not None
    assert one.truth is not None
    assert other.truth is not None
    assert torch.equal(one.depth, other.depth)
    torch.testing.assert_close(one.truth.points, other.truth.points, equal_nan=True)
    assert not torch.equal(one.image, other.image)


def test_easy_light_throws_no_shadows_and_hard_light_mostly_does() -> None:
    seeds = range(200)
    easy, hard = ([varied(LIGHT._replace(noise_seed=s), d) for s in seeds] for d in (EASY, HARD))
    assert not any(light.shadows for light in easy)
    assert 0.7 < np.mean([light.shadows for light in hard]) < 0.9
    assert max(light.blur for light in hard) <= HARD.blur
    assert 0.4 < np.mean([light.daylight.any() for light in hard]) < 0.8


def test_all_frames_of_a_clip_have_one_light_but_their_own_noise() -> None:
    lights = [w.light for w in clip_of(0, 0, 0, SIZE, length=3)]
    assert len({light.noise_seed for light in lights}) == 3
    for light in lights:
        same = light._replace(noise_seed=lights[0].noise_seed)
        assert all(np.array_equal(a, b) for a, b in zip(same, lights[0], strict=True))


def test_a_picture_is_developed_alike_every_time() -> None:
    light = varied(LIGHT._replace(noise=0.05), HARD)
    assert torch.equal(developed(PLAIN, light), developed(PLAIN, light))
    again = light._replace(noise_seed=light.noise_seed + 1)
    assert not torch.equal(developed(PLAIN, light), developed(PLAIN, again))


def test_exposure_and_vignette_act_as_they_say() -> None:
    light = LIGHT._replace(gain=np.array((1.2, 1.0, 0.8)), vignette=0.5)
    picture = developed(PLAIN, light).float() / 255
    torch.testing.assert_close(
        picture[:, 30, 40], torch.tensor([0.6, 0.5, 0.4]), atol=0.005, rtol=0
    )
    assert picture[1, 0, 0] == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize("around", [False, True])
def test_blur_is_a_gaussian_that_keeps_the_light(around: bool) -> None:
    spread = 1.5
    image = torch.zeros(3, 41, 224)
    image[:, 20, 100] = 1.0
    image[:, 20, 0] = 1.0
    light = LIGHT._replace(blur=spread * 4 if around else spread, gain=np.full(3, 10.0))
    view = View(image, torch.ones(41, 224), torch.zeros(41, 224).long())
    blurred = developed(view, light, around=around).float()[0] / 255 / 10
    x = torch.arange(-3, 4)
    bell = torch.exp(-(x**2 + x[:, None] ** 2) / (2 * spread**2)) / (2 * torch.pi * spread**2)
    torch.testing.assert_close(blurred[17:24, 97:104], bell, atol=0.002, rtol=0)
    assert (blurred[20, -1] > 0.03) == around  # over the seam


def test_everything_is_cast_on_the_device_that_is_asked_for() -> None:
    """Nothing may be made on the default device: here that one holds no data."""
    scene = world_of(0, 0, 1, SIZE)
    scene = World(scene.solids, scene.camera, scene.light._replace(shadows=True), scene.people)
    expected = cast([scene])[0]
    with torch.device("meta"):
        views = cast([scene], "cpu")
        picture = developed(views[0], scene.light)
    assert views[0].image.device.type == picture.device.type == "cpu"
    assert torch.equal(views[0].image, expected.image)
