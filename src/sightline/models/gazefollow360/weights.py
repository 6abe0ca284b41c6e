"""Known weights of GazeFollow360: our small ones; what the paper reached was never published."""

from sightline.models.base import Weights

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
        origin="neither the authors nor the later PyTorch release published any; train them, or "
        "give a checkpoint of that release with weights=FILE (--weights FILE), which is converted "
        "on the fly to the model as released",
        data=("gazefollow360",),
        benchmark="gazefollow360-test",
        paper={"sphere distance": 0.6067, "auc": 0.8104},
    ),
}
