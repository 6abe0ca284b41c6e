"""Official tensors get our names by how theirs begin, and none goes unmentioned."""

import torch

from sightline.models.names import left_out, rename

STATE = {name: torch.zeros(1) for name in ("a.weight", "a.1.weight", "ab.weight", "token")}


def test_the_longest_beginning_of_whole_words_gives_the_name() -> None:
    ours, rest = rename(STATE, {"a": "x", "a.1": "y.z", "token": "x.token"})
    assert ours.keys() == {"x.weight", "y.z.weight", "x.token"}
    assert rest.keys() == {"ab.weight"}


def test_what_is_left_out_has_a_reason_or_stays_unknown() -> None:
    unknown, notes = left_out(STATE, {"a": "never used", "token": "made anew"})
    assert unknown.keys() == {"ab.weight"}
    assert notes == [
        "left out a.1.weight: never used",
        "left out a.weight: never used",
        "left out token: made anew",
    ]
