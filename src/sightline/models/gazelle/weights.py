"""Known weights of Gaze-LLE: the authors' decoders, each with the DINOv2 under it.

Neither the authors nor Meta print hashes. Those of the backbones are what many public copies of the
two files agree on; those of the decoders are recorded at the first download.
"""

from sightline.models.catalogue import Source, Weights

RELEASE = "https://github.com/fkryan/gazelle/releases/download/v1.0.0"
DINOV2 = "https://dl.fbaipublicfiles.com/dinov2"

BASE = Source(
    url=f"{DINOV2}/dinov2_vitb14/dinov2_vitb14_pretrain.pth",
    licence="Apache-2.0",
    prefix="backbone.model.",
    size=346_378_731,
    sha256="0b8b82f85de91b424aded121c7e1dcc2b7bc6d0adeea651bf73a13307fad8c73",
)
LARGE = Source(
    url=f"{DINOV2}/dinov2_vitl14/dinov2_vitl14_pretrain.pth",
    licence="Apache-2.0",
    prefix="backbone.model.",
    size=1_217_586_395,
    sha256="d5383ea8f4877b2472eb973e0fd72d557c7da5d3611bd527ceeb1d7162cbf428",
)


def official(file: str, backbone: Source, benchmark: str, **paper: float) -> Weights:
    """A decoder of the authors' release with its backbone."""
    return Weights(
        licence="MIT",
        origin="trained by the authors, release v1.0.0 of their repository fkryan/gazelle, on "
        "Meta's DINOv2",
        files=(Source(url=f"{RELEASE}/{file}", licence="MIT"), backbone),
        data=("gazefollow",) if benchmark == "gazefollow-test" else ("gazefollow", "vat"),
        backbone=f"{backbone.licence} (DINOv2)",
        benchmark=benchmark,
        paper={name.replace("_", " "): value for name, value in paper.items()},
    )


WEIGHTS = {
    "gazelle-vitb14.gazefollow": official(
        "gazelle_dinov2_vitb14.pt",
        BASE,
        "gazefollow-test",
        auc=0.956,
        average_distance=0.104,
        minimum_distance=0.045,
    ),
    "gazelle-vitl14.gazefollow": official(
        "gazelle_dinov2_vitl14.pt",
        LARGE,
        "gazefollow-test",
        auc=0.958,
        average_distance=0.099,
        minimum_distance=0.041,
    ),
    "gazelle-vitb14-inout.vat": official(
        "gazelle_dinov2_vitb14_inout.pt",
        BASE,
        "vat-test-frames",
        auc=0.933,
        distance=0.107,
        ap=0.897,
    ),
    "gazelle-vitl14-inout.vat": official(
        "gazelle_dinov2_vitl14_inout.pt",
        LARGE,
        "vat-test-frames",
        auc=0.937,
        distance=0.103,
        ap=0.903,
    ),
}
