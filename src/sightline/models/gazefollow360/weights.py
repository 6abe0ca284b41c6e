"""Known weights of GazeFollow360: our small ones; what the paper reached was never published."""

from sightline.models.catalogue import Weights

WEIGHTS = {
    "gazefollow360-small.synthetic": Weights(
        licence="Apache-2.0",
        origin="trained by `sightline train gazefollow360-small-synthetic` on rendered panoramas "
        "only, from pdp-small.synthetic",
        file="models/gazefollow360/gazefollow360-small.synthetic.safetensors",
        data=("rendered",),
        benchmark="gazefollow360-test",
    ),
    "gazefollow360.gazefollow360": Weights(
        licence="not published",
        origin="neither the authors nor the later PyTorch release published any: train them; a "
        "checkpoint of that release is for the model gazefollow360-released",
        data=("gazefollow360",),
        benchmark="gazefollow360-test",
        paper={"sphere distance": 0.6067, "auc": 0.8104},
    ),
}
