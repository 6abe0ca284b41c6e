"""What people look like, how they stand and sit, and how much of them is seen."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.random import default_rng

from sightline.synthetic import shop
from sightline.synthetic.attention import Targets, clearly_visible, head_outlines
from sightline.synthetic.bodies import body
from sightline.synthetic.caster import cast
from sightline.synthetic.difficulty import EASY, HARD, NORMAL
from sightline.synthetic.figure import Pose, turned, upright
from sightline.synthetic.framing import stature
from sightline.synthetic.heads import head
from sightline.synthetic.looks import BEARDS, HATS, LEGS, SLEEVES, STYLES, Look, any_look
from sightline.synthetic.postures import HANDS
from sightline.synthetic.render import MEMORY, boxes_of, world_of
from sightline.synthetic.seats import SEATS, any_seat, seat
from sightline.synthetic.world import Camera, Paint, Solid, stack

LOOKS = [any_look(default_rng(seed), HARD) for seed in range(1500)]
WORLDS = [world_of(0, MEMORY, i, (224, 224)) for i in range(60)]
BARE = {"hat": "none", "glasses": "none", "mask": False, "scarf": False}
HANGING = np.array(HANDS["hang"]) * ((-1, 1, 1), (1, 1, 1))
CENTRE = np.array((0.0, 0.0, 1.5))
AHEAD = Pose(CENTRE, upright(0.0), 0.0, seated=False)
BEFORE = CENTRE + np.array((0.0, 1.0, 0.0))


def lowest(solids: list[Solid]) -> float:
    """Height of the lowest point above the floor."""
    reach = [np.linalg.norm(s.axes[:, 2] * s.half, ord=1 if s.box else 2) for s in solids]
    return min(s.centre[2] - r for s, r in zip(solids, reach, strict=True))


def camera(position: tuple[float, ...], yaw: float = 0.0, focal: float = 300.0) -> Camera:
    right, forward, up = turned(yaw, 0, 0)
    return Camera(np.array(position), np.array((right, -up, forward)), focal, (200, 200))


@pytest.mark.parametrize(
    ("name", "kinds"),
    [("style", STYLES), ("beard", BEARDS), ("sleeves", SLEEVES), ("legs", LEGS)]
    + [("hat", ("none", *HATS)), ("glasses", ("none", "clear", "sun"))]
    + [(name, (False, True)) for name in ("mask", "scarf", "backpack", "placket")],
)
def test_every_kind_of_look_occurs(name: str, kinds: tuple) -> None:
    assert {getattr(look, name) for look in LOOKS} == set(kinds)


def test_people_are_of_all_ages_with_bodies_that_grow_more_than_heads() -> None:
    years, tall, heads, bodies = np.array([(p.years, p.tall, p.scale, p.size) for p in LOOKS]).T
    small, grown = years < 4, (years > 20) & (years < 60)
    for group in (small, (years > 4) & (years < 12), grown, years > 60):
        assert group.mean() > 0.02
    assert tall[small].max() < 1.1 < 1.3 < tall[grown].min()
    assert 0.75 < heads[small].mean() / heads[grown].mean() < 0.95
    assert bodies[small].mean() / bodies[grown].mean() < 0.7


def test_the_old_are_greyer_and_balder() -> None:
    young, old = ([p for p in LOOKS if low < p.years < low + 20] for low in (18, 65))

    def bald(people: list[Look]) -> float:
        return float(np.mean([p.style in ("bald", "receding") for p in people]))

    def colourful(people: list[Look]) -> float:
        return float(np.mean([np.ptp(p.hair.colour) for p in people]))

    assert bald(old) > bald(young) + 0.1
    assert colourful(old) < 0.5 * colourful(young)


def test_only_grown_men_and_nobody_else_have_beards() -> None:
    assert all(p.years > 17 for p in LOOKS if p.beard != "none")


def test_skins_are_of_all_tones() -> None:
    bright = np.array([np.mean(p.skin.colour) for p in LOOKS])
    shares = np.histogram(bright, bins=[0.1, 0.25, 0.4, 0.55, 0.7, 1.0])[0] / len(LOOKS)
    assert shares.min() > 0.08
    assert shares.sum() == pytest.approx(1)


@pytest.mark.parametrize("difficulty", [EASY, NORMAL, HARD])
def test_the_share_of_people_with_something_on_is_as_asked(difficulty) -> None:
    dressed = [any_look(default_rng(seed), difficulty).dressed for seed in range(800)]
    assert np.mean(dressed) == pytest.approx(difficulty.dressed, abs=0.05)


def test_what_is_worn_adds_solids_to_the_head_or_neck() -> None:
    plain = replace(LOOKS[0], style="bald", beard="none", **BARE)
    count = len(head(plain, AHEAD, BEFORE, 1))
    for worn in ({"hat": "cap"}, {"hat": "hood"}, {"glasses": "clear"}):
        assert len(head(replace(plain, **worn), AHEAD, BEFORE, 1)) != count
    scarf = body(replace(plain, scarf=True), AHEAD, HANGING, 2)
    assert len(scarf) > len(body(plain, AHEAD, HANGING, 2))


@pytest.mark.parametrize("target", [(0, 2, 1.5), (0.8, 1, 1.5), (-0.4, 1, 1.9), (0.1, 0.6, 1.1)])
def test_irises_point_from_the_eyes_to_the_target(target: tuple[float, ...]) -> None:
    look = replace(LOOKS[0], **BARE)
    solids = head(look, AHEAD, np.array(target), 1)
    white = [s for s in solids if s.paint.colour == (0.97, 0.97, 0.97)]
    iris = [s for s in solids if s.paint is look.iris]
    assert len(white) == len(iris) == 2
    for eye, turn in zip(white, iris, strict=True):
        line, aim = np.array(target) - eye.centre, turn.centre - eye.centre
        assert line @ aim > 0.999 * np.linalg.norm(line) * np.linalg.norm(aim)


def shown(look: Look, yaw: float = 0.0) -> np.ndarray:
    """Pixels of the eyes of a head that looks at a camera near it, from some side."""
    pose = replace(AHEAD, frame=turned(np.pi + yaw, 0, 0))
    view = camera((0.0, -0.6, 1.5), focal=400.0)
    room = Solid(True, np.array((0, 0, 1.5)), (4, 4, 1.5), Paint((0.5, 0.5, 0.5)), 0)
    solids = head(look, pose, view.position, 1)
    world = replace(WORLDS[0], solids=stack([room, *solids]), camera=view)
    eyes = [
        k for k, s in enumerate(solids, 1) if s.paint is look.iris or min(s.paint.colour) == 0.97
    ]
    return np.isin(cast([world])[0].solid.numpy(), eyes)


@pytest.mark.parametrize("yaw", [-0.6, 0.0, 0.5])
def test_clear_glasses_and_hats_leave_the_eyes_free(yaw: float) -> None:
    plain = replace(LOOKS[0], style="short", **BARE)
    free = shown(plain, yaw).sum()
    assert free > 100
    assert shown(replace(plain, glasses="clear"), yaw).sum() > 0.75 * free
    for hat in HATS:
        assert shown(replace(plain, hat=hat), yaw).sum() > 0.85 * free
    for style in STYLES:
        assert shown(replace(plain, style=style), yaw).sum() > 0.85 * free


def test_sunglasses_hide_the_eyes() -> None:
    assert not shown(replace(LOOKS[0], glasses="sun"), 0.3).any()


def test_eyes_are_never_shut() -> None:
    for look in LOOKS[:120]:
        bare = replace(look, **BARE)
        assert shown(bare).sum() > 60


def test_feet_and_seats_stand_on_the_floor_and_heads_above_them() -> None:
    for seed, look in enumerate(LOOKS[:200]):
        generator = default_rng(seed)
        seated, height = stature(generator, look)
        pose = Pose(np.array((0, 0, height)), upright(1.0), 1.0, seated)
        solids = body(look, pose, HANGING, 1)
        assert lowest(solids) == pytest.approx(0, abs=0.02)
        assert height > 0.55
        if seated:
            assert lowest(any_seat(generator, look, pose, 1)) == pytest.approx(0, abs=0.02)


def test_heads_sit_on_the_necks_of_their_bodies() -> None:
    for look in LOOKS[:200]:
        pose = replace(AHEAD, centre=np.array((0, 0, look.tall)))
        top = max(s.centre[2] + max(s.half) for s in body(look, pose, HANGING, 1)[:1])
        assert -0.13 * look.scale < top - look.tall < 0


@pytest.mark.parametrize("manner", list(HANDS))
def test_hands_are_where_they_are_told_to_be(manner: str) -> None:
    hands = np.array(HANDS[manner]) * ((-1, 1, 1), (1, 1, 1))
    look = replace(LOOKS[0], size=1.0, scale=1.0, stoop=0.0)
    solids = body(look, AHEAD, hands, 1)
    found = [s.centre for s in solids if tuple(s.half) == (0.042, 0.05, 0.045)]
    np.testing.assert_allclose(np.array(found) - CENTRE, hands, atol=0.06)  # arms may be too short


@pytest.mark.parametrize("kind", SEATS)
def test_seats_are_as_high_as_asked(kind: str) -> None:
    parts = seat(kind, 0.45, 0.4, Paint((0.5, 0.5, 0.5)))
    tops = [part.centre[2] + part.half[2] for part in parts]
    assert np.isclose(tops, 0.45).any()
    assert max(tops) <= 0.86


def test_head_boxes_hold_every_pixel_of_a_head() -> None:
    for world in WORLDS[:12]:
        owner = world.solids.owner[cast([world])[0].solid].numpy()
        for mine, box in zip(world.people.heads, boxes_of(world, world.people.heads), strict=True):
            y, x = np.nonzero(owner == mine)
            left, top, right, bottom = box.tolist()
            assert left <= x.min() + 0.5
            assert x.max() + 0.5 <= right
            assert top <= y.min() + 0.5
            assert y.max() + 0.5 <= bottom


def test_people_are_seen_from_the_front_in_profile_and_from_behind() -> None:
    cosines = []
    for world in WORLDS:
        line = (world.camera.position - world.people.eyes)[:, :2]
        ahead = world.people.facing[:, :2]
        cosines += list((line * ahead).sum(1) / np.linalg.norm(line, axis=1))
    degrees = np.degrees(np.arccos(np.clip(cosines, -1, 1)))
    assert 0.22 < (degrees < 60).mean() < 0.52
    assert 0.15 < ((degrees > 60) & (degrees < 115)).mean() < 0.45
    assert 0.22 < (degrees > 115).mean() < 0.52


def test_a_person_is_a_few_dozen_solids() -> None:
    owners = [world.solids.owner.numpy() for world in WORLDS]
    heads = [np.sum(o == k) for o, w in zip(owners, WORLDS, strict=True) for k in w.people.heads]
    bodies = [np.sum(o == k) for o, w in zip(owners, WORLDS, strict=True) for k in w.people.bodies]
    assert np.mean(heads) < 22
    assert np.mean(bodies) < 22
    assert max(heads + bodies) <= 32


@pytest.mark.parametrize(("hides", "least"), [(0.0, 0.0), (0.07, 0.3), (0.2, 0.9)])
def test_heads_are_clearly_visible_up_to_the_share_that_may_be_covered(
    hides: float, least: float
) -> None:
    """A wall before the camera covers the left of a head up to `hides - 0.08` m from its middle."""
    wall = Solid(True, np.array((hides - 5.08, -1.0, 1.5)), (5, 0.01, 5), Paint((1, 1, 1)), 9)
    heads = Targets(CENTRE[None], np.array([1]))
    view = camera((0.0, -50.0, 1.5), focal=9000.0)
    seen = {c: clearly_visible(stack([wall]), view, heads, c)[0] for c in (0.0, 0.25, 0.5, 0.75)}
    assert all(visible == (c >= least) for c, visible in seen.items())


def test_heads_may_be_cut_off_by_the_border_as_much_as_may_be_covered() -> None:
    wall = Solid(True, np.array((0, 9.0, 0)), (1, 0.01, 1), Paint((1, 1, 1)), 9)
    heads = Targets(CENTRE[None], np.array([1]))
    view = camera((0.325, -1.0, 1.5))  # the border goes through the middle of the head
    assert view.contains(head_outlines(view, CENTRE)).mean() == pytest.approx(0.5, abs=0.15)
    assert not clearly_visible(stack([wall]), view, heads, 0.25)[0]
    assert clearly_visible(stack([wall]), view, heads, 0.75)[0]


def test_easy_heads_are_wholly_in_the_picture_and_some_others_are_cut_off() -> None:
    easy = [world_of(0, MEMORY, i, (224, 224), difficulty=EASY) for i in range(20)]
    for world in easy:
        heads = Targets(world.people.eyes, world.people.heads)
        assert world.camera.contains(heads.points, -0.02).all()
    boxes = np.concatenate([boxes_of(w, w.people.heads).numpy() for w in WORLDS])
    assert 0.02 < ((boxes < -1) | (boxes > 225)).any(1).mean() < 0.3


def test_shoppers_are_fixed_by_their_number_and_differ() -> None:
    looks = [shop.human(number)[0] for number in range(1, shop.HUMANS + 1)]
    assert shop.human(3) == shop.human(3)
    assert len({look.skin for look in looks}) == shop.HUMANS
    assert all(look.years >= 18 for look in looks)
