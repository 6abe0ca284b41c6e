"""The conformance suite over every gaze model in MODELS, at reduced size."""

from pathlib import Path

import pytest
from conformance import CHECKS, Case
from torch import Tensor

from sightline.batch import Batch
from sightline.models import MODELS
from sightline.models.base import GazeModel
from sightline.models.chong2020.loss import chong2020_loss
from sightline.models.gatector.loss import gatector_loss
from sightline.models.gazefollow360.loss import direction_loss, fusion_loss, regions_loss
from sightline.models.gazelle.loss import gazelle_loss
from sightline.models.pdp.loss import pdp_loss

TINY = {"width": 4, "blocks": (1, 1, 1, 1, 1), "image_size": 64}
SMALL = {"backbone": "small", "head_size": 32, "width": 4}
THREE = {"region_size": 16, "heatmap_size": 16}
VIT = {"backbone": "test_vit", "depth": 2, "image_size": 64, "width": 32, "layers": 1, "heads": 2}
VIT |= {"patch_grid": 2}


def all_stages(model: GazeModel, batch: Batch) -> dict[str, Tensor]:
    """The losses of a model's three stages, each of which trains another part."""
    return direction_loss(model, batch) | regions_loss(model, batch) | fusion_loss(model, batch)


CASES = {
    "pdp": Case("pdp", TINY, (pdp_loss,)),
    "pdp-nodepth": Case("pdp-nodepth", TINY, (pdp_loss,)),
    "pdp-small": Case("pdp-small", TINY, (pdp_loss,)),
    "pdp-video": Case("pdp-video", TINY, (pdp_loss,)),
    "pdp-video-nodepth": Case("pdp-video-nodepth", TINY, (pdp_loss,)),
    "chong2020": Case("chong2020", TINY, (chong2020_loss,)),
    "chong2020-video": Case("chong2020-video", TINY, (chong2020_loss,)),
    "gatector": Case("gatector", TINY, (gatector_loss,)),
    "gatector-small": Case("gatector-small", TINY, (gatector_loss,)),
    "gazefollow360": Case("gazefollow360", SMALL | THREE, (all_stages,)),
    "gazefollow360-released": Case("gazefollow360-released", SMALL, (all_stages,)),
    "gazefollow360-small": Case("gazefollow360-small", SMALL | THREE, (all_stages,)),
    "gazelle-vitb14": Case("gazelle-vitb14", VIT, (gazelle_loss,)),
    "gazelle-vitb14-inout": Case("gazelle-vitb14-inout", VIT, (gazelle_loss,)),
    "gazelle-vitl14": Case("gazelle-vitl14", VIT, (gazelle_loss,)),
    "gazelle-vitl14-inout": Case("gazelle-vitl14-inout", VIT, (gazelle_loss,)),
    "gazelle-pdp": Case("gazelle-pdp", VIT, (gazelle_loss,)),
    "gazelle-small": Case("gazelle-small", VIT, (gazelle_loss,)),
    "gazelle-small-pdp": Case("gazelle-small-pdp", VIT, (gazelle_loss,)),
}
NOT_GAZE = {"head-detector", "gatector-detector"}


def test_every_model_has_a_case() -> None:
    assert set(CASES) == set(MODELS) - NOT_GAZE


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
@pytest.mark.parametrize("name", CASES)
def test_conformance(name: str, check, tmp_path: Path) -> None:
    check(CASES[name], tmp_path)
