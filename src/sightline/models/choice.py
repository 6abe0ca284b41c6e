"""Which model reads a picture if none is named: the best of those whose weights are here."""

from __future__ import annotations

from pathlib import Path

from sightline.models import find_weights
from sightline.scene import Projection

PREFERENCE: dict[Projection, tuple[str, ...]] = {
    # first what tells inside, each by what the papers report; last what needs no fetching
    "perspective": (
        "gazelle-vitl14-inout.vat",
        "gazelle-vitb14-inout.vat",
        "gazelle-vitl14.gazefollow",
        "gazelle-vitb14.gazefollow",
        "pdp-nodepth.gazefollow",
        "chong2020.gazefollow",
        "pdp-small.synthetic",
    ),
    "equirectangular": ("gazefollow360-small.synthetic",),
}
"""Known weights that read a picture and nothing else, from the best on; the last is always here."""
ADVISED = "gazelle-vitb14-inout.vat"
"""What is worth fetching first: reported within 0.01 of the largest, at a third of its size."""


def best_known(projection: Projection, weights: str | Path | None = None) -> tuple[str, str]:
    """The best known weights that are here for pictures of a projection, and why, in a sentence.

    With a weights file of the user's it is the small model: what is in the cache must not change
    what a file is taken for.
    """
    if weights is not None:
        return PREFERENCE[projection][-1], ""
    here = [name for name in PREFERENCE[projection] if find_weights(name)]
    best, shipped = here[0], PREFERENCE[projection][-1]
    if best != shipped:
        tells = "that tell who looks inside " if "inout" in best else ""
        return (
            best,
            f"{best}: the best {tells}by their papers, of {len(here)} whose weights are here",
        )
    if len(PREFERENCE[projection]) == 1:
        return best, f"{best}: the only known weights for panoramas, trained on rendered ones"
    return best, (
        f"{best}: the small model of the package, which has seen rendered people only; "
        f"`sightline models pull {ADVISED}` gets one for photographs"
    )
