"""Known weights of GaTector."""

from sightline.models.catalogue import Weights

OFFICIAL = "trained by the authors: links in the README of their repository"

WEIGHTS = {
    "gatector-small.synthetic": Weights(
        licence="Apache-2.0",
        origin="trained by `sightline train gatector-small-synthetic` on rendered shelves only, "
        "from pdp-small.synthetic",
        file="models/gatector/gatector-small.synthetic.safetensors",
        data=("rendered",),
        benchmark="goo-synth-test",
    ),
    "gatector.goo-synth": Weights(
        licence="none stated by the authors",
        origin=f"`GOO-synth ep098-loss15.975-val_loss42.955`, {OFFICIAL}",
        data=("goo-synth",),
        benchmark="goo-synth-test",
        paper={"auc": 0.957, "distance": 0.073, "angle": 14.91, "ap": 0.568, "wuoc": 0.811},
    ),
    "gatector-detector.goo-real": Weights(
        licence="none stated by the authors",
        origin=f"`GOO-real ep100-loss0.374-val_loss0.359`, {OFFICIAL}",
        data=("goo-real",),
        benchmark="goo-real-test-objects",
    ),
}
