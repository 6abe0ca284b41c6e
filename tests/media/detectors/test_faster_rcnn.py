"""The head detector of the house: its weight files, and its results against the bare network."""

import pytest
import torch
from safetensors.torch import save_file

from sightline.media.detectors import choose_detector
from sightline.media.detectors.faster_rcnn import NAME, FasterRcnnDetector, head_detector

PICTURE = torch.randint(256, (3, 64, 96), dtype=torch.uint8, generator=torch.manual_seed(0))


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    network = head_detector().eval()
    network.roi_heads.box_predictor.cls_score.weight.data *= 30  # untrained, all score the same
    return network


@pytest.fixture(scope="module")
def path(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "heads.safetensors"
    save_file(network.state_dict(), path, {"model": NAME})
    return path


def test_it_gives_what_the_network_gives_above_the_threshold(network, path):
    with torch.no_grad():
        expected = network([PICTURE / 255])[0]
    threshold = expected["scores"].median().item()
    heads = FasterRcnnDetector(path, threshold)(PICTURE)
    sure = expected["scores"] >= threshold
    assert 0 < len(heads) < len(sure)
    assert torch.equal(heads.boxes, expected["boxes"][sure])
    assert torch.equal(heads.scores, expected["scores"][sure])


def test_results_carry_no_gradients(path):
    assert not FasterRcnnDetector(path, 0.0)(PICTURE).boxes.requires_grad


def test_there_are_the_classes_background_and_head(network):
    assert network.roi_heads.box_predictor.cls_score.out_features == 2


def test_weights_of_another_model_are_refused(tmp_path):
    save_file({"a": torch.zeros(1)}, tmp_path / "a.safetensors", {"model": "pdp"})
    with pytest.raises(ValueError, match=r"weights of pdp, not of head-detector"):
        choose_detector(str(tmp_path / "a.safetensors"))


def test_a_file_that_is_no_safetensors_is_refused(tmp_path):
    (tmp_path / "a.safetensors").write_bytes(b"junk")
    with pytest.raises(ValueError, match="no safetensors file"):
        choose_detector(str(tmp_path / "a.safetensors"))
