"""Face detectors: real runs, of MTCNN on a photograph and of OpenCV with a stand-in network."""

import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from sightline.geometry.boxes import head_from_face
from sightline.media.detectors import choose_detector, faces
from sightline.media.detectors.faces import MtcnnDetector, YunetDetector
from sightline.media.heads import FACE_NOTE


@pytest.fixture(scope="module")
def mtcnn():
    pytest.importorskip("facenet_pytorch")
    return choose_detector("mtcnn")


@pytest.fixture(scope="module")
def astronaut():
    data = pytest.importorskip("skimage.data")
    return torch.from_numpy(data.astronaut()).permute(2, 0, 1)


def test_mtcnn_finds_the_head_of_the_astronaut(mtcnn, astronaut):
    heads = mtcnn(astronaut)
    assert heads.boxes.shape == (1, 4)
    assert heads.scores.item() > 0.99
    x_min, y_min, x_max, y_max = heads.boxes[0].tolist()
    assert x_min < 190 < 255 < x_max  # the cheeks, by eye
    assert y_min < 70 < 175 < y_max  # the brow and the chin
    assert 80 < x_max - x_min < 180


def test_mtcnn_finds_the_same_head_in_an_enlarged_picture(mtcnn, astronaut):
    double = astronaut.repeat_interleave(2, 1).repeat_interleave(2, 2)
    torch.testing.assert_close(mtcnn(double).boxes / 2, mtcnn(astronaut).boxes, atol=8.0, rtol=0.0)


def test_mtcnn_leaves_out_faces_below_the_threshold(astronaut):
    pytest.importorskip("facenet_pytorch")
    assert len(MtcnnDetector(threshold=1.01)(astronaut)) == 0


def test_mtcnn_leaves_out_faces_that_are_small_for_the_picture(astronaut):
    pytest.importorskip("facenet_pytorch")
    assert len(MtcnnDetector(smallest=0.4)(astronaut)) == 0


@pytest.mark.parametrize("size", [(300, 200), (5, 400), (1, 1)])
def test_mtcnn_finds_nobody_in_a_blank_picture_of_any_size(mtcnn, size):
    heads = mtcnn(torch.zeros(3, *size, dtype=torch.uint8))
    assert heads.boxes.shape == (0, 4)
    assert heads.scores.shape == (0,)


def test_threads_that_share_mtcnn_keep_their_own_smallest_face(monkeypatch):
    used = []

    class Network:
        def __init__(self, **_):
            self.min_face_size = 0.0

        def detect(self, image):
            time.sleep(0.01)  # another thread's turn
            used.append((self.min_face_size, min(image.shape[:2])))
            return None, None

    monkeypatch.setattr(faces, "require", lambda *_: SimpleNamespace(MTCNN=Network))
    pictures = [torch.zeros(3, side, side, dtype=torch.uint8) for side in (1000, 2000) * 3]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(MtcnnDetector(), pictures))
    assert sorted(used) == [(25.0, 1000)] * 3 + [(50.0, 2000)] * 3


def test_face_detectors_warn_of_heads_seen_from_behind():
    assert MtcnnDetector.note == YunetDetector.note == FACE_NOTE
    assert "behind" in FACE_NOTE
    assert "--heads" in FACE_NOTE


@pytest.fixture(scope="module")
def yunet(tmp_path_factory):
    """A network with the outputs of a YuNet that calls every red 32-pixel cell a face of 32."""
    pytest.importorskip("cv2")
    onnx = pytest.importorskip("onnx")
    make, nodes, constants, outputs = onnx.helper, [], [], []
    red = np.array([0, 0, 1], np.float32).reshape(1, 3, 1, 1) / 255  # OpenCV gives blue, green, red
    for stride in (8, 16, 32):
        cells = f"cells{stride}"
        pooling = {"kernel_shape": [stride] * 2, "strides": [stride] * 2}
        nodes.append(make.make_node("AveragePool", ["input"], [cells], **pooling))
        for name, channels in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            faces = stride == 32 and channels == 1
            weight = (red if faces else 0 * red).repeat(channels, 0)
            output = f"{name}_{stride}"
            parts = [f"{output}_{part}" for part in ("weight", "shape", "maps", "last")]
            constants.append(onnx.numpy_helper.from_array(weight, parts[0]))
            constants.append(onnx.numpy_helper.from_array(np.array([1, -1, channels]), parts[1]))
            nodes.append(make.make_node("Conv", [cells, parts[0]], [parts[2]], kernel_shape=[1, 1]))
            nodes.append(make.make_node("Transpose", [parts[2]], [parts[3]], perm=[0, 2, 3, 1]))
            nodes.append(make.make_node("Reshape", [parts[3], parts[1]], [output]))
            outputs.append(make.make_tensor_value_info(output, 1, [1, "n", channels]))
    picture = make.make_tensor_value_info("input", 1, [1, 3, 64, 64])
    graph = make.make_graph(nodes, "yunet", [picture], outputs, constants)
    path = tmp_path_factory.mktemp("yunet") / "face_detection_yunet.onnx"
    opset = [make.make_opsetid("", 13)]
    onnx.save(make.make_model(graph, opset_imports=opset, ir_version=9), path)
    return path


def picture_with_red(top, left, size, height=96, width=160):
    image = torch.zeros(3, height, width, dtype=torch.uint8)
    image[0, top : top + size, left : left + size] = 255
    image[2, :32, :32] = 255  # blue: not a face
    return image


# The stand-in's box lies around the upper left corner of its cell, as zero offsets in YuNet do.
FACE = torch.tensor([[48.0, 16.0, 80.0, 48.0]])


def test_yunet_gives_heads_around_the_faces(yunet):
    heads = choose_detector(str(yunet))(picture_with_red(32, 64, 32))
    torch.testing.assert_close(heads.boxes, head_from_face(FACE))
    torch.testing.assert_close(heads.scores, torch.ones(1))


def test_yunet_boxes_belong_to_the_picture_and_not_to_the_shrunk_one(yunet, monkeypatch):
    monkeypatch.setattr(YunetDetector, "longest_side", 160)
    heads = YunetDetector(yunet)(picture_with_red(64, 128, 64, height=192, width=320))
    torch.testing.assert_close(heads.boxes, head_from_face(2 * FACE))


def test_threads_that_share_yunet_may_have_pictures_of_different_sizes(yunet):
    pictures = [
        picture_with_red(32, 64, 32),
        picture_with_red(32, 64, 32, height=320, width=480),
    ] * 20
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(YunetDetector(yunet), pictures))
    for heads in found:
        torch.testing.assert_close(heads.boxes, head_from_face(FACE))


def test_yunet_finds_nobody_in_a_blank_picture(yunet):
    assert YunetDetector(yunet)(torch.zeros(3, 64, 64, dtype=torch.uint8)).boxes.shape == (0, 4)


def test_a_file_that_opencv_cannot_read_is_refused(tmp_path):
    pytest.importorskip("cv2")
    (tmp_path / "bad.onnx").write_bytes(b"junk")
    with pytest.raises(ValueError, match=r"bad\.onnx: OpenCV cannot read"):
        choose_detector(f"opencv:{tmp_path / 'bad.onnx'}")


def test_a_missing_yunet_file_is_named(tmp_path):
    pytest.importorskip("cv2")
    with pytest.raises(FileNotFoundError, match=r"gone\.onnx"):
        YunetDetector(tmp_path / "gone.onnx")
