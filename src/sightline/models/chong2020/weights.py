"""Known weights of the CVPR 2020 baseline."""

from sightline.models.catalogue import Weights

OFFICIAL = (
    "trained by the authors: their repository ejcgt/attention-target-detection says where to get it"
)

WEIGHTS = {
    "chong2020.gazefollow": Weights(
        licence="MIT",
        origin=OFFICIAL,
        data=("gazefollow",),
        benchmark="gazefollow-test",
        paper={"auc": 0.921, "average distance": 0.137, "minimum distance": 0.077},
    ),
    "chong2020-video.vat": Weights(
        licence="MIT",
        origin=OFFICIAL,
        data=("gazefollow", "vat"),
        benchmark="vat-test-tracks",
        paper={"auc": 0.860, "distance": 0.134, "ap": 0.853},
    ),
}
