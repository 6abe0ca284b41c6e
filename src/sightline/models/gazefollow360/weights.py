"""Known weights of GazeFollow360: none, so far, but what the paper reached."""

from sightline.models.base import Weights

WEIGHTS = {
    "gazefollow360.gazefollow360": Weights(
        licence="not published",
        origin="neither the authors nor the later PyTorch release published any; train them, or "
        "give a checkpoint of that release with weights=FILE (--weights FILE), which is converted "
        "on the fly to the model as released",
        paper={"sphere distance": 0.6067, "auc": 0.8104},
    ),
}
