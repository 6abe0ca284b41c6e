from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gazetables import HEADS, TOY, film
from sightline.coding.areas import Area
from sightline.coding.events import BEHAVIOURS, Event, find_events, split_label
from sightline.coding.runs import timeline
from sightline.coding.samples import Samples
from sightline.coding.thresholds import Coding

EXACT = {"minimum_duration": 0, "merge_gap": 0}


def events_of(samples: Samples, person: str, areas=(TOY,), **thresholds) -> list[tuple]:
    """(label, start, end) of the events of a person or pair."""
    events = find_events(samples, areas, Coding(**thresholds))
    return [(e.label, round(e.start, 3), round(e.end, 3)) for e in events if e.person == person]


def test_looks_become_intervals_that_end_where_the_next_picture_begins():
    samples = film(Ann="toy toy toy away away away wall wall wall")
    assert events_of(samples, "Ann") == [
        ("looks at toy", 0.0, 0.3),
        ("looks outside", 0.3, 0.6),
        ("looks elsewhere", 0.6, 0.9),
    ]


def test_a_short_gap_is_closed_and_a_longer_one_is_not():
    samples = film(Ann="toy toy - - toy toy - - - toy toy")
    assert events_of(samples, "Ann") == [("looks at toy", 0, 0.6), ("looks at toy", 0.9, 1.1)]


def test_a_glitch_in_a_look_is_part_of_it():
    samples = film(Ann="toy toy wall toy away toy")
    assert events_of(samples, "Ann") == [("looks at toy", 0, 0.6)]


def test_flickering_between_two_targets_goes_to_the_first():
    assert events_of(film(Ann="toy wall toy wall toy"), "Ann") == [("looks at toy", 0, 0.5)]


def test_the_longer_of_two_looks_that_alternate_prevails():
    samples = film(Ann="wall toy toy wall toy toy wall")
    assert events_of(samples, "Ann") == [("looks at toy", 0.1, 0.6)]


def test_what_is_shorter_than_the_minimum_is_left_out():
    samples = film(Ann="toy toy toy wall away away away")
    assert events_of(samples, "Ann") == [("looks at toy", 0, 0.3), ("looks outside", 0.4, 0.7)]
    kept = events_of(samples, "Ann", minimum_duration=0.1)
    assert ("looks elsewhere", 0.3, 0.4) in kept


def test_pictures_of_a_variable_frame_rate_last_until_the_next_one():
    samples = film(times=[0, 0.04, 0.54, 0.58, 0.68], Ann="toy toy away away away")
    assert events_of(samples, "Ann", minimum_duration=0) == [
        ("looks at toy", 0, 0.54),
        ("looks outside", 0.54, 0.75),  # the last one lasts for the median step, 0.07
    ]


def test_nothing_is_said_about_a_step_that_is_too_long():
    samples = film(times=[0, 0.1, 0.2, 5.0, 5.1, 5.2], Ann="toy toy toy toy toy toy")
    assert events_of(samples, "Ann") == [("looks at toy", 0, 0.3), ("looks at toy", 5.0, 5.3)]
    assert events_of(samples, "Ann", longest_step=9) == [("looks at toy", 0, 5.3)]


def test_pictures_do_not_overlap_where_steps_are_long_but_shorter_than_usual():
    samples = film(times=[0, 2, 4, 5.2, 7.2], Ann="toy toy toy away away")
    assert events_of(samples, "Ann") == [("looks at toy", 0, 5.2), ("looks outside", 5.2, 9.2)]


def test_times_are_whole_milliseconds_and_no_event_is_empty():
    samples = film(times=[0, 0.0004, 0.0012], Ann="toy away wall")
    found = find_events(samples, [TOY], Coding(**EXACT))
    assert [(e.start, e.end) for e in found] == [(0, 0.001), (0.001, 0.002)]


def test_a_pair_has_one_name_whoever_comes_first():
    first = film(Ann="Ben Ben Ben", Ben="Ann Ann Ann")
    second = film(Ben="Ann Ann Ann", Ann="Ben Ben Ben")
    assert (
        events_of(first, "Ann + Ben") == events_of(second, "Ann + Ben") == [("mutual gaze", 0, 0.3)]
    )


def test_a_film_sampled_once_per_longest_step_is_continuous():
    samples = film(times=np.arange(5) * 1.000001, Ann="toy toy toy toy toy")
    assert events_of(samples, "Ann", longest_step=1) == [("looks at toy", 0, 5.0)]


def test_a_person_who_leaves_and_comes_back_has_two_events():
    samples = film(Ann="toy toy toy - - - - toy toy toy")
    assert events_of(samples, "Ann") == [("looks at toy", 0, 0.3), ("looks at toy", 0.7, 1.0)]


def test_an_area_ends_with_its_span():
    areas = [Area("toy", TOY.polygon, start=0.2, end=0.5)]
    samples = film(Ann="toy toy toy toy toy toy toy")
    assert events_of(samples, "Ann", areas) == [
        ("looks elsewhere", 0, 0.2),
        ("looks at toy", 0.2, 0.5),
        ("looks elsewhere", 0.5, 0.7),
    ]


def test_mutual_gaze_is_both_looking_at_each_other_at_once():
    samples = film(Ann="Ben Ben Ben Ben Ben wall wall", Ben="toy toy Ann Ann Ann Ann Ann")
    assert events_of(samples, "Ann + Ben") == [("mutual gaze", 0.2, 0.5)]


def test_mutual_gaze_goes_on_over_a_gap_of_one_picture():
    samples = film(Ann="Ben Ben Ben Ben Ben Ben", Ben="Ann Ann wall Ann - Ann")
    assert events_of(samples, "Ann + Ben") == [("mutual gaze", 0, 0.6)]


@pytest.mark.parametrize("target", ["Cat", "toy"])
def test_joint_attention_is_looking_at_the_same_named_thing(target: str):
    samples = film(
        Ann=f"{target} {target} {target} wall",
        Ben=f"away {target} {target} {target}",
        Cat="away away away away",
    )
    assert events_of(samples, "Ann + Ben") == [(f"joint attention {target}", 0.1, 0.3)]


def test_joint_attention_to_a_place_needs_near_points():
    samples = film(Ann="wall wall wall", Ben="wall wall wall")
    points = samples.points.copy()
    points[3:, 0] += 50  # the diagonal is 1118 pixels long
    apart = replace(samples, points=points)
    assert events_of(apart, "Ann + Ben") == [("joint attention", 0, 0.3)]
    assert events_of(apart, "Ann + Ben", joint_distance=0.04) == []


def test_in_a_panorama_points_on_both_sides_of_the_seam_are_near():
    samples = film(Ann="wall wall wall", Ben="wall wall wall")
    points = np.repeat([[980.0, 50], [20, 50]], 3, axis=0)
    around = replace(samples, points=points, wraps=True)
    assert events_of(around, "Ann + Ben") == [("joint attention", 0, 0.3)]
    assert events_of(replace(around, wraps=False), "Ann + Ben") == []


def test_a_point_beside_an_area_shares_it_with_who_looks_into_it():
    samples = film(Ann="toy toy toy", Ben="toy toy toy")
    points = samples.points.copy()
    points[3:, 0] += 30  # out of the toy
    beside = replace(samples, points=points)
    assert events_of(beside, "Ann + Ben") == [("joint attention toy", 0, 0.3)]


def test_two_things_with_names_are_no_joint_attention_however_near():
    tiles = [Area("left", TOY.polygon - 20), Area("right", TOY.polygon + np.array([20, -20]))]
    samples = film(Ann="toy toy toy", Ben="toy toy toy")
    points = samples.points + np.repeat([[-5, -5], [5, -5]], 3, axis=0)
    assert events_of(replace(samples, points=points), "Ann + Ben", tiles) == []


def test_looking_at_one_another_or_outside_is_no_joint_attention():
    samples = film(Ann="Ben Ben Ben", Ben="wall wall wall")
    near = replace(samples, points=np.repeat([[320.0, 120], [330, 150]], 3, axis=0))
    assert events_of(near, "Ann + Ben") == []
    assert events_of(film(Ann="away away away", Ben="away away away"), "Ann + Ben") == []


def test_an_empty_or_single_picture_has_no_events_of_any_length():
    assert find_events(film(times=[0.0], Ann="toy")) == []
    nobody = film(Ann="toy toy")
    empty = {"person": np.zeros(0, int), "picture": np.zeros(0, int), "heads": np.zeros((0, 4))}
    empty |= {"points": np.zeros((0, 2)), "inside": np.zeros(0), "objects": np.zeros(0, str)}
    assert find_events(replace(nobody, people=(), **empty)) == []


WORDS = st.sampled_from(["toy", "wall", "floor", "away", "-", "?", *HEADS])
STEPS = st.sampled_from([0.02, 0.04, 0.1, 0.3, 1.2, 1.5, 2.0])


@st.composite
def films(draw: st.DrawFn) -> Samples:
    count = draw(st.integers(2, 30))
    steps = draw(st.lists(STEPS, min_size=count, max_size=count))
    looks = {
        person: " ".join(draw(st.lists(WORDS, min_size=count, max_size=count)))
        for person in list(HEADS)[: draw(st.integers(1, 3))]
    }
    if all(set(text.split()) == {"-"} for text in looks.values()):
        looks["Ann"] = " ".join(["wall"] * count)
    return film(times=np.cumsum(steps), **looks)


@given(films())
@settings(deadline=None, max_examples=60)
def test_without_minimum_and_merging_the_time_of_each_person_is_conserved(samples: Samples):
    events = find_events(samples, [TOY], Coding(**EXACT))
    clock = timeline(samples.times, Coding().longest_step)
    seen = ~np.isnan(samples.points).any(1)
    for number, person in enumerate(samples.people):
        pictures = samples.picture[(samples.person == number) & seen]
        expected = (clock.ends - clock.starts)[pictures].sum()
        found = sum(e.end - e.start for e in events if e.person == person)
        assert found == pytest.approx(expected)


@given(films(), st.sampled_from([0, 0.05, 0.2, 0.5]), st.sampled_from([0, 0.05, 0.2, 0.5]))
@settings(deadline=None, max_examples=60)
def test_events_of_a_person_or_pair_never_overlap_and_last_long_enough(
    samples: Samples, minimum: float, gap: float
):
    events = find_events(samples, [TOY], Coding(minimum_duration=minimum, merge_gap=gap))
    for person in {event.person for event in events}:
        own = [event for event in events if event.person == person]
        assert all(e.end - e.start > max(minimum - 1e-5, 0) for e in own)
        assert all(one.end <= two.start for one, two in pairwise(own))


@given(films())
@settings(deadline=None, max_examples=60)
def test_mutual_gaze_lies_within_the_looks_of_both(samples: Samples):
    events = find_events(samples, [TOY])
    for shared in (e for e in events if e.behaviour == "mutual gaze"):
        one, two = shared.person.split(" + ")
        for person, other in [(one, two), (two, one)]:
            look = f"looks at {other}"
            spans = [(e.start, e.end) for e in events if (e.person, e.label) == (person, look)]
            assert any(start <= shared.start and shared.end <= end for start, end in spans)


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_a_label_is_split_as_it_was_joined(behaviour: str):
    for target in ("", "toy", "the red car"):
        event = Event("Ann", behaviour, target, 0, 1)
        assert split_label(event.label) == (behaviour, target)


def test_a_label_of_somebody_else_is_all_behaviour():
    assert split_label(" smiles  broadly ") == ("smiles broadly", "")
    assert split_label("looks attentively") == ("looks attentively", "")


@pytest.mark.parametrize(
    "values", [{"merge_gap": -0.1}, {"inside_threshold": 1.1}, {"minimum_duration": np.nan}]
)
def test_thresholds_that_make_no_sense_are_refused(values: dict):
    with pytest.raises(ValueError, match=next(iter(values))):
        Coding(**values)
