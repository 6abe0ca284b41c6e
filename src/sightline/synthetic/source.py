"""What is asked for in place of a data set's folder: `rendered:seed=3,images=10000,...`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sightline.synthetic.difficulty import DIFFICULTIES, NORMAL, Difficulty

PREFIX = "rendered:"
EXAMPLE = PREFIX + "seed=3,images=10000,size=224x224,difficulty=hard"
FORMS = {
    "seed": r"\d{1,18}",
    "images": r"[1-9]\d{0,8}",
    "size": r"[1-9]\d{0,4}x[1-9]\d{0,4}",
    "difficulty": "|".join(DIFFICULTIES),
}


@dataclass(frozen=True)
class Source:
    """Pictures to be rendered when they are asked for.

    images: of one epoch. size: (width, height), None for what the kind of picture usually has.
    """

    seed: int = 0
    images: int = 10_000
    size: tuple[int, int] | None = None
    difficulty: Difficulty = NORMAL


def read_source(text: str) -> Source:
    """The source that `text` names; ValueError with an example for anything else."""
    if not text.startswith(PREFIX):
        raise ValueError(
            f"{text} is no source of rendered pictures, which lie in no folder; write for example "
            f"{EXAMPLE}"
        )
    given: dict[str, str] = {}
    parts = text.removeprefix(PREFIX)
    for part in parts.split(",") if parts else []:
        name, _, value = part.partition("=")
        if name in given or not re.fullmatch(FORMS.get(name, "(?!)"), value, re.ASCII):
            raise ValueError(
                f"{part!r} in {text!r} cannot be read or is there twice; write for example "
                f"{EXAMPLE}, and leave out what need not be said"
            )
        given[name] = value
    read = {
        "seed": int,
        "images": int,
        "size": lambda value: tuple(map(int, value.split("x"))),
        "difficulty": DIFFICULTIES.__getitem__,
    }
    return Source(**{name: read[name](value) for name, value in given.items()})
