"""Detectors of the transformers library from a folder: a tiny one, saved here."""

import pytest
import torch

from sightline.geometry.boxes import head_from_face
from sightline.media.detectors import choose_detector
from sightline.media.heads import FACE_NOTE

transformers = pytest.importorskip("transformers")


def save(folder, classes, sure_of=0):
    """A network that sees one object, in the middle half of every picture, sure of its class."""
    config = transformers.YolosConfig(
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=8,
        image_size=[32, 32],
        num_detection_tokens=1,
        id2label=dict(enumerate(classes)),
        label2id={name: index for index, name in enumerate(classes)},
    )
    network = transformers.YolosForObjectDetection(config)
    for head in (network.class_labels_classifier, network.bbox_predictor):
        torch.nn.init.zeros_(head.layers[-1].weight)
        torch.nn.init.zeros_(head.layers[-1].bias)
    with torch.no_grad():
        network.class_labels_classifier.layers[-1].bias[sure_of] = 9
    network.save_pretrained(folder)
    size = {"shortest_edge": 32, "longest_edge": 64}
    transformers.YolosImageProcessor(size=size).save_pretrained(folder)
    return choose_detector(str(folder))


PICTURE = torch.zeros(3, 48, 80, dtype=torch.uint8)
MIDDLE = torch.tensor([[20.0, 12.0, 60.0, 36.0]])


def test_boxes_of_a_head_class_are_pixels_of_the_picture(tmp_path):
    heads = save(tmp_path, ["car", "Human head"], sure_of=1)(PICTURE)
    torch.testing.assert_close(heads.boxes, MIDDLE, atol=0.1, rtol=0)
    assert heads.scores.item() > 0.99


def test_other_classes_are_left_out(tmp_path):
    assert save(tmp_path, ["headphones", "head"], sure_of=0)(PICTURE).boxes.shape == (0, 4)


def test_faces_are_enlarged_to_heads_and_the_user_is_told(tmp_path):
    detector = save(tmp_path, ["face"])
    torch.testing.assert_close(detector(PICTURE).boxes, head_from_face(MIDDLE), atol=0.2, rtol=0)
    assert detector.note == FACE_NOTE


def test_a_detector_of_neither_heads_nor_faces_lists_its_classes(tmp_path):
    with pytest.raises(ValueError, match=r"none of its classes .*: cat, headphones"):
        save(tmp_path, ["cat", "headphones"])


def test_a_folder_without_a_detector_is_refused(tmp_path):
    with pytest.raises(ValueError, match=f"{tmp_path.name}: no detector"):
        choose_detector(str(tmp_path))


def test_pickled_weights_are_refused(tmp_path):
    save(tmp_path, ["head"])
    weights = tmp_path / "model.safetensors"
    torch.save({"a": torch.zeros(1)}, tmp_path / "pytorch_model.bin")
    weights.unlink()
    with pytest.raises(ValueError, match="safetensors"):
        choose_detector(str(tmp_path))
