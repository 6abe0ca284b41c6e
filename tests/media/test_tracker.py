"""Identities over simulated films: coloured heads that move, vanish, cross, and cuts."""

import json

import pytest
import torch

from sightline.media.heads import Heads
from sightline.media.tracker import Tracker, TrackerSettings, head_colours

RED, BLUE, GREEN, GREY = (200, 40, 30), (30, 50, 210), (40, 180, 60), (120, 120, 120)
SIZE = 40.0
STEP = 1 / 25


def head(x, y, color=RED, score=1.0, person=0, size=SIZE):
    """A head of the simulation: a flat colour with dark hair, centred at (x, y)."""
    return {"at": (x, y), "color": color, "score": score, "person": person, "size": size}


def picture(people, background=90, size=(480, 270)):
    image = torch.full((3, size[1], size[0]), background, dtype=torch.uint8)
    for person in people:
        x0, y0, x1, y1 = (max(0, int(v)) for v in box(person))
        image[:, y0:y1, x0:x1] = torch.tensor(person["color"], dtype=torch.uint8)[:, None, None]
        image[:, y0 : y0 + (y1 - y0) // 3, x0:x1] //= 3
    return image


def box(person):
    (x, y), half = person["at"], person["size"] / 2
    return [x - half, y - half, x + half, y + half]


def heads_of(people):
    boxes = torch.tensor([box(person) for person in people]).reshape(-1, 4)
    return Heads(boxes, torch.tensor([person["score"] for person in people]))


def tracked(film, tracker=None, times=None, backgrounds=None):
    """The identities of each frame's heads; people of a film: a list of heads for each frame."""
    tracker = tracker or Tracker()
    times = times or [STEP * frame for frame in range(len(film))]
    backgrounds = backgrounds or [90] * len(film)
    return [
        tracker.update(heads_of(people), picture(people, background), time).tracks.tolist()
        for people, time, background in zip(film, times, backgrounds, strict=True)
    ]


def identities(film, found):
    """The identities that each true person got in a film."""
    pairs = [
        (person["person"], track)
        for people, tracks in zip(film, found, strict=True)
        for person, track in zip(people, tracks, strict=True)
    ]
    return {who: {track for other, track in pairs if other == who} for who, _ in pairs}


def are_kept(film, found):
    """Whether each person has one identity of its own."""
    got = identities(film, found).values()
    return all(len(tracks) == 1 for tracks in got) and len(set.union(*got)) == len(got)


def crossing(colors, hidden=range(0), below=6):
    """Two heads that pass each other in frame 25; the one behind is missed in the hidden frames."""
    left, right = colors
    return [
        [head(90 + 6 * (50 - frame), 100 + below, right, person=1)] * (frame not in hidden)
        + [head(90 + 6 * frame, 100, left, person=0)]
        for frame in range(51)
    ]


def test_people_are_counted_from_0_in_order_of_appearance_at_once():
    film = [[head(50, 50)], [head(50, 50), head(200, 50, BLUE)], [head(350, 80, GREEN)]]
    assert tracked(film) == [[0], [0, 1], [2]]


def test_identities_follow_the_people_whatever_the_order_of_the_heads():
    people = [head(60 * k + 30, 50, person=k) for k in range(5)]
    film = [[people[k] for k in torch.randperm(5)] for _ in range(10)]
    assert are_kept(film, tracked(film))


@pytest.mark.parametrize("colors", [(RED, BLUE), (RED, RED)], ids=["two-colours", "one-colour"])
@pytest.mark.parametrize(
    ("hidden", "below"), [(range(0), 20), (range(23, 28), 6), (range(21, 31), 6)]
)
def test_two_heads_that_cross_keep_their_identities(colors, hidden, below):
    film = crossing(colors, hidden, below)
    assert are_kept(film, tracked(film))


@pytest.mark.parametrize("turned", [True, False])
def test_colours_tell_whether_two_turned_round_or_passed_unseen(turned):
    film = crossing((RED, BLUE))
    for frame in range(22, 28):
        film[frame] = []
    if turned:
        for person in [person for people in film[28:] for person in people]:
            person["at"] = (480 - person["at"][0], 100)
    assert are_kept(film, tracked(film))


@pytest.mark.parametrize("missed", [1, 5, 10, 24])
def test_a_moving_head_that_is_missed_for_a_while_is_recognised(missed):
    gap = range(20, 20 + missed)
    film = [[head(60 + 4 * k, 90)] if k not in gap else [] for k in range(70)]
    assert are_kept(film, tracked(film))


def test_who_was_out_of_sight_longer_than_the_patience_is_somebody_new():
    film = [[head(60, 90)], *[[]] * 50, [head(60, 90)]]
    assert tracked(film)[-1] == [1]
    assert tracked(film, Tracker(TrackerSettings(patience=3.0)))[-1] == [0]


def test_frames_far_apart_still_show_the_same_people():
    film = [[head(60, 90), head(200, 90, BLUE, person=1)]] * 4
    assert are_kept(film, tracked(film, times=[0.0, 2.0, 4.0, 6.0]))


def test_motion_counts_in_seconds_when_frames_come_irregularly():
    times = torch.cumsum(torch.tensor([0.01, 0.09, 0.02, 0.16]).repeat(10), 0).tolist()
    film = [[head(40 + 100 * t, 100, person=0), head(400 - 100 * t, 100, person=1)] for t in times]
    assert min(abs(a["at"][0] - b["at"][0]) for a, b in film) < SIZE / 2  # they do meet
    assert are_kept(film, tracked(film, times=times))


def test_twelve_trembling_people_keep_their_identities():
    film = []
    for frame in range(50):
        shake = (2 * torch.randn(12, 2)).tolist()
        grow = (1 + 0.05 * torch.randn(12)).tolist()
        film.append(
            [
                head(
                    40 + 75 * (k % 6) + frame / 3 + dx,
                    70 + 110 * (k // 6) + dy,
                    GREY,
                    person=k,
                    size=SIZE * grow[k],
                )
                for k, (dx, dy) in enumerate(shake)
                if (frame + k) % 9  # each is missed now and then
            ]
        )
    assert are_kept(film, tracked(film))


def test_a_false_box_gets_an_identity_of_its_own_and_disturbs_nobody():
    film = [[head(100, 100, person=0)] for _ in range(20)]
    film[9] = [head(140, 120, GREEN, person=1), *film[9]]
    assert are_kept(film, tracked(film))


def test_of_equal_people_the_one_seen_just_now_is_likelier_than_one_out_of_sight():
    still = head(100, 90, person=0)
    film = [[still, head(125, 90, person=1)], *[[still]] * 15, [head(112, 90, person=0)]]
    assert are_kept(film, tracked(film))


def test_a_newcomer_does_not_push_somebody_into_the_identity_of_one_out_of_sight():
    still = head(100, 90, person=0)
    film = [[still, head(70, 90, person=1)], *[[still]] * 4, [still, head(122, 90, person=2)]]
    assert are_kept(film, tracked(film))


def test_a_box_of_another_size_is_another_head():
    assert tracked([[head(100, 100)], [head(100, 100, size=90)]])[1] == [1]


@pytest.mark.parametrize("same_place", [True, False])
def test_a_cut_to_other_people_gives_new_identities(same_place):
    shift = 0 if same_place else 150
    film = [
        *[[head(80, 90), head(200, 90, BLUE)]] * 10,
        *[[head(80 + shift, 90, GREEN), head(200 + shift, 90, GREY)]] * 10,
    ]
    found = tracked(film, backgrounds=[60] * 10 + [180] * 10)
    assert found[9:11] == [[0, 1], [2, 3]]


RUDDY, PALE = (200, 130, 110), (235, 185, 170)


@pytest.mark.parametrize("empty_frames", [0, 3])
def test_similar_heads_are_told_apart_only_across_a_cut(empty_frames):
    film = [[head(80, 90, RUDDY)], *[[]] * empty_frames, [head(80, 90, PALE)]]
    after = len(film) - 1
    assert tracked(film)[-1] == [0]
    assert tracked(film, backgrounds=[60] + [180] * after)[-1] == [1]


def test_a_flash_costs_nobody_the_identity():
    film = [[head(80, 90), head(200, 90, BLUE)]] * 9
    found = tracked(film, backgrounds=[60] * 4 + [250] + [60] * 4)
    assert found == [[0, 1]] * 9


def test_unsure_heads_continue_people_but_begin_none():
    film = [[head(80, 90)], [head(80, 90, score=0.2), head(200, 90, score=0.2)]]
    tracker = Tracker()
    tracked(film[:1], tracker)
    heads = tracker.update(heads_of(film[1]), picture(film[1]), STEP)
    assert heads.tracks.tolist() == [0]
    assert heads.boxes.tolist() == [box(film[1][0])]
    assert heads.scores.tolist() == pytest.approx([0.2])


def test_a_sure_head_has_precedence_over_an_unsure_one():
    film = [[head(80, 90)], [head(80, 90, score=0.3), head(86, 90, score=0.9)]]
    tracker = Tracker()
    tracked(film[:1], tracker)
    heads = tracker.update(heads_of(film[1]), picture(film[1]), STEP)
    assert heads.boxes.tolist() == [box(film[1][1])]


def test_heads_without_scores_are_sure():
    film = [[head(80 + k, 90, score=float("nan"))] for k in range(3)]
    assert tracked(film) == [[0], [0], [0]]


def test_frames_without_heads_have_no_identities():
    heads = Tracker().update(Heads.none(), picture([]), 0.0)
    assert heads.tracks.tolist() == []
    assert heads.tracks.dtype == torch.int64


def test_names_and_scores_stay_with_their_heads():
    people = [head(80, 90, score=0.9), head(200, 90, score=0.1), head(300, 90, score=0.8)]
    heads = heads_of(people)
    heads.names = ["Ann", "Ben", "Cid"]
    kept = Tracker().update(heads, picture(people), 0.0)
    assert kept.names == ["Ann", "Cid"]
    assert kept.scores.tolist() == pytest.approx([0.9, 0.8])


def noisy_film():
    return [
        [
            head(40 + 70 * k + 15 * torch.randn(()).item(), 90 + 9 * torch.randn(()).item())
            for k in range(6)
            if torch.rand(()) < 0.7
        ]
        for _ in range(60)
    ]


@pytest.mark.parametrize("stop", [0, 1, 17, 40])
def test_a_tracker_restored_from_json_goes_on_exactly(stop):
    film = noisy_film()
    times = [STEP * frame for frame in range(60)]
    whole = Tracker(TrackerSettings(patience=0.4))
    broken = Tracker(TrackerSettings(patience=0.4))
    expected = tracked(film, whole)
    found = tracked(film[:stop], broken, times[:stop])
    restored = Tracker.restore(json.loads(json.dumps(broken.state())))
    found += tracked(film[stop:], restored, times[stop:])
    assert found == expected
    assert restored.state() == whole.state()


@pytest.mark.parametrize("state", [{}, {"settings": {"speed": 1}}, [], {"settings": {}, "next": 0}])
def test_something_else_than_a_state_is_refused(state):
    with pytest.raises(ValueError, match="no saved state"):
        Tracker.restore(state)


def test_a_head_is_half_black_above_white_in_its_colours():
    image = torch.zeros(3, 40, 40, dtype=torch.uint8)
    image[:, 20:] = 255
    colours = head_colours(image, torch.tensor([[0.0, 0, 40, 40], [-90, -90, -50, -50]]).double())
    black, white = [1 / 6] + [0] * 7, [0] * 7 + [1 / 6]
    assert colours[0].tolist() == pytest.approx(3 * (black + white))
    assert colours[1].tolist() == pytest.approx(3 * (black + black))  # all outside: the corner


@pytest.mark.parametrize("step", [6, -6])
def test_a_walk_over_the_seam_of_a_panorama_keeps_the_identity(step):
    xs = [(240 + step * frame + 240) % 480 for frame in range(-20, 20)]
    places = [x - 480 if x + SIZE / 2 > 480 else x for x in xs]  # as it is drawn on the left
    tracker, found = Tracker(), []
    for frame, (x, left) in enumerate(zip(xs, places, strict=True)):
        image = picture([head(x, 100), head(left, 100), head(240, 200, BLUE)])
        heads = heads_of([head(x, 100), head(240, 200, BLUE)])
        found.append(tracker.update(heads, image, STEP * frame, panorama=True).tracks.tolist())
    assert found == [[0, 1]] * 40


def test_the_colours_of_a_head_over_the_seam_are_of_both_sides():
    whole = picture([head(240, 100)])
    over = torch.tensor([[460.0, 80, 500, 120]])
    there = head_colours(whole.roll(240, -1), over, panorama=True)
    assert torch.equal(there, head_colours(whole, over - torch.tensor([240.0, 0, 240, 0])))
