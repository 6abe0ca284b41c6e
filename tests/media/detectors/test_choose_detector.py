"""The words of `--detector`, and what is said when a detector cannot be had."""

import sys

import pytest

from sightline.media.detectors import choose_detector


def test_a_missing_package_is_named_with_its_installation_and_the_way_round(monkeypatch):
    monkeypatch.setitem(sys.modules, "facenet_pytorch", None)
    with pytest.raises(ImportError, match=r"facenet_pytorch.*pip install.*--detector.*--heads"):
        choose_detector()


@pytest.mark.parametrize(
    ("module", "name"), [("cv2", "yunet.onnx"), ("onnxruntime", "a.onnx"), ("transformers", "")]
)
def test_the_package_of_each_kind_of_file_is_asked_for(tmp_path, monkeypatch, module, name):
    (tmp_path / "yunet.onnx").touch()
    (tmp_path / "a.onnx").touch()
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=rf"{module}.*pip install 'sightline\["):
        choose_detector(str(tmp_path / name))


@pytest.mark.parametrize("spec", ["gone.onnx", "opencv:gone.onnx", "gone", "gone.onnx#2"])
def test_a_file_that_is_not_there_is_an_error_that_lists_the_choices(spec):
    with pytest.raises(FileNotFoundError, match=rf"{spec}: no such .* mtcnn, opencv:FILE"):
        choose_detector(spec)


def test_an_unknown_kind_of_file_is_an_error_that_lists_the_choices(tmp_path):
    (tmp_path / "a.pt").touch()
    with pytest.raises(ValueError, match=r"a\.pt: this kind .* mtcnn, opencv:FILE"):
        choose_detector(str(tmp_path / "a.pt"))
