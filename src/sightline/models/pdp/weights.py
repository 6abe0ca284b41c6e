"""Known weights of PDP."""

from sightline.models.catalogue import Weights

OFFICIAL = (
    "trained by the authors: release `pretrained-models` of their repository "
    "qiaomu-miao/gazefollowing_pdp"
)
UNSTATED = "none stated by the authors"

WEIGHTS = {
    "pdp-small.synthetic": Weights(
        licence="Apache-2.0",
        origin="trained by `sightline train pdp-small-synthetic` on rendered scenes only",
        file="models/pdp/pdp-small.synthetic.safetensors",
        data=("rendered",),
        benchmark="gazefollow-test",
    ),
    "pdp.gazefollow": Weights(
        licence=UNSTATED,
        origin=OFFICIAL,
        data=("gazefollow",),
        benchmark="gazefollow-test",
        paper={"auc": 0.934, "average distance": 0.123, "minimum distance": 0.065},
    ),
    "pdp-video.vat": Weights(
        licence=UNSTATED,
        origin=OFFICIAL,
        data=("gazefollow", "vat"),
        benchmark="vat-test",
        paper={"auc": 0.917, "distance": 0.109, "ap": 0.908},
    ),
    "pdp-video-nodepth.vat": Weights(
        licence=UNSTATED, origin=OFFICIAL, data=("gazefollow", "vat"), benchmark="vat-test"
    ),
    "pdp-nodepth.gazefollow": Weights(
        licence=UNSTATED, origin=OFFICIAL, data=("gazefollow",), benchmark="gazefollow-test"
    ),
}
