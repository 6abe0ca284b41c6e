"""Detectors in ONNX files: both forms of output, run by the real onnxruntime on tiny graphs."""

import numpy as np
import pytest
import torch

from sightline.media.detectors import choose_detector
from sightline.media.detectors.onnx import OnnxDetector

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
make = onnx.helper


def save(path, nodes, constants, shape, outputs):
    tensors = [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = make.make_graph(
        nodes,
        "detector",
        [make.make_tensor_value_info("picture", 1, shape)],
        [make.make_empty_tensor_value_info(name) for name in outputs],
        tensors,
    )
    opset = [make.make_opsetid("", 13)]
    onnx.save(make.make_model(graph, opset_imports=opset, ir_version=9), path)
    return path


def listed(path, *, labels=(1, 1, 2, 1), shape=(1, 3, 64, 64)):
    """Boxes, scores and labels that do not depend on the picture, as torchvision exports them."""
    corners = [[8, 8, 24, 24], [0, 0, 4, 4], [2, 4, 6, 8], [9, 8, 24, 24]]
    constants = {
        "b": np.array(corners, np.float32),
        "s": np.array([0.9, 0.2, 0.8, 0.7], np.float32),
        "l": np.array(labels, np.int64),
    }
    outputs = {"boxes": "b", "scores": "s", **({"labels": "l"} if labels else {})}
    nodes = [make.make_node("Identity", [a], [name]) for name, a in outputs.items()]
    return save(path, nodes, constants, shape, outputs)


def dense(path, *, shape=(1, 3, 64, 64), channels=(0,), rows_first=False):
    """YOLO's form: a box in each 8-pixel cell; a class scores the brightness of a channel."""
    y, x = np.mgrid[4:64:8, 4:64:8].reshape(2, -1)
    anchors = np.stack([x, y, 0 * x + 8, 0 * x + 8])[None].astype(np.float32)
    pick = np.eye(3, dtype=np.float32)[list(channels)][:, :, None, None]
    constants = {"anchors": anchors, "pick": pick, "flat": np.array([1, len(channels), -1])}
    nodes = [
        make.make_node("AveragePool", ["picture"], ["cells"], kernel_shape=[8, 8], strides=[8, 8]),
        make.make_node("Conv", ["cells", "pick"], ["maps"]),
        make.make_node("Reshape", ["maps", "flat"], ["scores0"]),
        make.make_node("Concat", ["anchors", "scores0"], ["columns"], axis=1),
        make.make_node("Transpose", ["columns"], ["rows"], perm=[0, 2, 1]),
    ]
    return save(path, nodes, constants, shape, ["rows" if rows_first else "columns"])


def blank(height, width):
    return torch.zeros(3, height, width, dtype=torch.uint8)


def test_listed_boxes_are_scaled_to_the_picture_cut_and_sorted(tmp_path):
    detector = choose_detector(str(listed(tmp_path / "a.onnx")))
    heads = detector(blank(128, 96))  # twice the input, so boxes double
    assert heads.boxes.tolist() == [[16, 16, 48, 48], [4, 8, 12, 16]]  # 0.2 too low, 0.7 a double
    torch.testing.assert_close(heads.scores, torch.tensor([0.9, 0.8]))


def test_the_class_of_heads_is_named_after_a_hash(tmp_path):
    path = listed(tmp_path / "a.onnx")
    assert choose_detector(f"{path}#2")(blank(64, 64)).boxes.tolist() == [[2, 4, 6, 8]]


def test_a_class_asked_of_a_network_without_labels_is_an_error(tmp_path):
    detector = OnnxDetector(listed(tmp_path / "a.onnx", labels=()), label=1)
    with pytest.raises(ValueError, match="no labels"):
        detector(blank(64, 64))


def test_an_input_without_batch_dimension_and_fixed_size_is_fed_the_picture(tmp_path):
    detector = OnnxDetector(listed(tmp_path / "a.onnx", shape=(3, "h", "w")))
    assert detector(blank(50, 70)).boxes[0].tolist() == [8, 8, 24, 24]


@pytest.mark.parametrize("rows_first", [False, True])
def test_dense_boxes_follow_the_bright_spot_through_scaling_and_padding(tmp_path, rows_first):
    detector = OnnxDetector(dense(tmp_path / "a.onnx", rows_first=rows_first))
    image = blank(64, 128)  # halved to 32 x 64, padded below; grey stays under the threshold
    image[0, 32:48, 80:96] = 255
    heads = detector(image)
    assert heads.boxes.tolist() == [[80, 32, 96, 48]]
    assert 0.9 < heads.scores.item() <= 1  # the edge of the spot is blurred


def test_a_free_input_gets_the_picture_at_its_own_size_padded(tmp_path):
    detector = OnnxDetector(dense(tmp_path / "a.onnx", shape=(1, 3, "h", "w")))
    image = blank(50, 40)  # padded to 64 x 64
    image[0, 16:24, 8:16] = 255
    assert detector(image).boxes.tolist() == [[8, 16, 16, 24]]


def test_a_class_of_a_dense_output_is_its_column(tmp_path):
    path = dense(tmp_path / "a.onnx", channels=(0, 1, 2))
    image = blank(64, 64)
    image[0, :8, :8] = image[2, 8:16, :8] = 255
    assert choose_detector(f"{path}#2")(image).boxes.tolist() == [[0, 8, 8, 16]]


def test_several_classes_without_a_choice_are_an_error_that_shows_how(tmp_path):
    detector = OnnxDetector(dense(tmp_path / "a.onnx", channels=(0, 1)))
    with pytest.raises(ValueError, match=r"classes 0 to 1; .*a\.onnx#0"):
        detector(blank(64, 64))


def test_a_class_that_does_not_exist_is_an_error(tmp_path):
    detector = OnnxDetector(dense(tmp_path / "a.onnx"), label=7)
    with pytest.raises(ValueError, match="classes 0 to 0"):
        detector(blank(64, 64))


def test_a_very_long_picture_still_fits(tmp_path):
    assert len(OnnxDetector(dense(tmp_path / "a.onnx"))(blank(2, 1000))) == 0


def test_a_file_that_is_no_network_is_refused(tmp_path):
    (tmp_path / "a.onnx").write_bytes(b"junk")
    with pytest.raises(ValueError, match=r"a\.onnx: onnxruntime cannot load"):
        OnnxDetector(tmp_path / "a.onnx")


def test_unknown_outputs_are_listed(tmp_path):
    nodes = [make.make_node("Identity", ["picture"], [name]) for name in ("left", "right")]
    path = save(tmp_path / "a.onnx", nodes, {}, (1, 3, 64, 64), ["left", "right"])
    with pytest.raises(ValueError, match="left, right are not understood"):
        OnnxDetector(path)


def test_a_single_output_of_another_form_is_refused_with_its_shape(tmp_path):
    nodes = [make.make_node("Identity", ["picture"], ["same"])]
    detector = OnnxDetector(save(tmp_path / "a.onnx", nodes, {}, (1, 3, 64, 64), ["same"]))
    with pytest.raises(ValueError, match=r"\(1, 3, 64, 64\) is not"):
        detector(blank(64, 64))


@pytest.mark.parametrize("shape", [(1, 10), (1, 64, 64, 3), (3, 64)])
def test_a_network_with_another_kind_of_input_is_refused(tmp_path, shape):
    nodes = [make.make_node("Identity", ["picture"], ["same"])]
    with pytest.raises(ValueError, match=r"one input \(1, 3, H, W\)"):
        OnnxDetector(save(tmp_path / "a.onnx", nodes, {}, shape, ["same"]))
