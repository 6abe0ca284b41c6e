"""GazeFollow360: two regions and their fusion, the direction alone, and the flat picture."""

from __future__ import annotations

from functools import partial

from sightline.models.gazefollow360.recipe import gazefollow360_small_synthetic
from sightline.reproduce.experiment import Claim, Experiment, Rendered, System, Test
from sightline.reproduce.pdp import PICTURES
from sightline.reproduce.planar360 import planar_small_synthetic

PANORAMAS = Rendered("gazefollow360", 1200, (1024, 512), seed=24)
TEST, PREFIX = "gazefollow360-test", "gazefollow360."
EPOCHS = (4, 3, 3)  # of the three stages
DISTANCE, DIRECTION = f"{PREFIX}sphere-distance", f"{PREFIX}sphere-distance.direction"


def sphere() -> Experiment:
    """GazeFollow360 on the sphere, its direction alone, and the same network on flat pictures."""
    systems = (
        System(
            "gazefollow360", partial(gazefollow360_small_synthetic, EPOCHS), PANORAMAS, PICTURES
        ),
        System(
            "gazefollow360-planar", partial(planar_small_synthetic, EPOCHS), PANORAMAS, PICTURES
        ),
        PICTURES,
    )
    shown = {
        DISTANCE: "sphere distance, rad",
        DIRECTION: "of the direction alone",
        f"{PREFIX}auc.square": "AUC",
        f"{PREFIX}auc.cap": "AUC on the sphere",
        f"{PREFIX}distance.unit.wrapped": "distance, wrapped",
    }
    test = Test(TEST, PANORAMAS, shown, baselines=("centre", "straight across", "chance"))
    claim = partial(Claim, benchmark=TEST, metric=DISTANCE)
    claims = (
        claim(
            "two regions and fusion beat the direction alone",
            "gazefollow360",
            "gazefollow360",
            than_metric=DIRECTION,
        ),
        claim("the sphere beats the flat picture", "gazefollow360", "gazefollow360-planar"),
        claim("it beats a model for pictures on views", "gazefollow360", PICTURES.name),
    )
    return Experiment(
        "gazefollow360",
        "GazeFollow360: two regions, and the sphere",
        f"Reduced GazeFollow360 on {PANORAMAS.count} rendered panoramas. *gazefollow360-planar* is "
        "the same network, trained alike, that takes a panorama for a flat picture: heads are cut "
        "flat, the gaze is an offset, regions are rectangles. *pdp* is the picture model on "
        "perspective views. All start from the face trunk of the PDP of the same seed.",
        systems,
        (test,),
        claims,
        examples=(TEST, "gazefollow360"),
    )
