import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from sightline.coding.agreement import bin_labels, cohens_kappa, compare, event_f1
from sightline.coding.events import Event


def looks(*spans: tuple[str, float, float], person: str = "Ann") -> list[Event]:
    return [Event(person, "looks at", target, start, end) for target, start, end in spans]


LABELS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1)


@given(LABELS)
def test_kappa_is_that_of_scikit_learn(pairs: list[tuple[str, str]]):
    one, two = (np.array(side, dtype=object) for side in zip(*pairs, strict=True))
    if len({*one, *two}) == 1:  # scikit-learn warns and gives NaN too
        assert np.isnan(cohens_kappa(one, two))
    else:
        assert cohens_kappa(one, two) == pytest.approx(cohen_kappa_score(one, two), abs=1e-12)


def test_bins_take_the_label_at_their_centre():
    centres = np.arange(6) + 0.5
    events = looks(("toy", 0.4, 2.5), ("cup", 3.6, 5.0))
    expected = ["looks at toy"] * 2 + ["none"] * 2 + ["looks at cup", "none"]
    assert bin_labels(events, centres).tolist() == expected


def test_of_overlapping_events_a_bin_takes_the_last_to_start():
    events = looks(("toy", 0, 4), ("cup", 1, 2))
    found = [label.split()[-1] for label in bin_labels(events, np.arange(4) + 0.5)]
    assert found == ["toy", "cup", "toy", "toy"]


def test_a_known_pair_of_codings_is_scored_by_hand():
    first, second = looks(("toy", 0, 4), ("cup", 4, 8)), looks(("toy", 0, 3), ("cup", 3, 8))
    agreement = compare(first, second, width=1)
    (ann,) = agreement.people
    assert (ann.bins, ann.equal) == (8, 7 / 8)
    chance = (4 * 3 + 4 * 5) / 64
    assert ann.kappa == pytest.approx((7 / 8 - chance) / (1 - chance))
    toy, cup = agreement.labels
    assert (toy.label, toy.first_seconds, toy.second_seconds) == ("looks at toy", 4, 3)
    assert (toy.iou, cup.iou) == (3 / 4, 4 / 5)
    assert (toy.f1, cup.f1) == (1, 1)


def test_a_coding_agrees_with_itself_and_not_with_an_empty_one():
    coding = looks(("toy", 0, 1), ("cup", 2, 3)) + looks(("toy", 0, 3), person="Ben")
    same = compare(coding, coding, width=0.1)
    assert [person.equal for person in same.people] == [1, 1]
    assert same.people[0].kappa == 1
    assert all(label.iou == label.f1 == 1 for label in same.labels)
    empty = compare(coding, [], width=0.1)
    assert [person.kappa for person in empty.people] == [0, 0]
    assert all(label.iou == label.f1 == 0 for label in empty.labels)


def test_kappa_is_undefined_when_both_have_one_label_only():
    (ann,) = compare(looks(("toy", 0, 3)), looks(("toy", 0, 3)), width=0.1).people
    assert ann.equal == 1
    assert np.isnan(ann.kappa)


def test_events_match_when_they_share_more_than_half_of_their_union():
    assert event_f1([(0, 10)], [(0, 6)]) == 1
    assert event_f1([(0, 10)], [(0, 5)]) == 0
    assert event_f1([(0, 10), (20, 21)], [(0, 6), (6, 10), (20, 21)]) == 2 * 2 / 5


def test_time_that_a_coding_holds_twice_counts_once():
    (label,) = compare(looks(("toy", 0, 2), ("toy", 0, 2)), looks(("toy", 1, 3)), width=1).labels
    assert (label.first_seconds, label.iou, label.f1) == (2, 1 / 3, 0)


@pytest.mark.parametrize("width", [0, -1, float("nan"), 1e-12])
def test_a_width_that_makes_no_sense_is_refused(width: float):
    with pytest.raises(ValueError, match="make no sense"):
        compare(looks(("toy", 0, 3)), [], width=width)


def test_nothing_to_compare_is_refused():
    with pytest.raises(ValueError, match="no events"):
        compare([], [], width=0.1)
