"""Known weights of PDP."""

from sightline.models.base import Weights

OFFICIAL = (
    "trained by the authors, release `pretrained-models` of their repository; download it there "
    "and give it with weights=FILE (--weights FILE), it is converted on the fly"
)

WEIGHTS = {
    "pdp-small.synthetic": Weights(
        licence="Apache-2.0",
        origin="trained by `sightline train pdp-small-synthetic` on rendered scenes only",
        file="models/pdp/pdp-small.synthetic.safetensors",
    ),
    "pdp.gazefollow": Weights(
        licence="none stated by the authors",
        origin=OFFICIAL,
        paper={"auc": 0.934, "average distance": 0.123, "minimum distance": 0.065},
    ),
    "pdp-video.vat": Weights(
        licence="none stated by the authors",
        origin=OFFICIAL,
        paper={"auc": 0.917, "distance": 0.109, "ap": 0.908},
    ),
    "pdp-video-nodepth.vat": Weights(licence="none stated by the authors", origin=OFFICIAL),
    "pdp-nodepth.gazefollow": Weights(licence="none stated by the authors", origin=OFFICIAL),
}
