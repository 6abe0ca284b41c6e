"""Face detectors, whose boxes are enlarged to heads; people seen from behind are missed."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

import torch
from torch import Tensor
from torchvision.ops import box_convert
from torchvision.transforms.functional import resize

from sightline.geometry.boxes import head_from_face
from sightline.media.heads import FACE_NOTE, Heads, require


class MtcnnDetector:
    """MTCNN (Zhang et al. 2016) as packaged, with its weights, by facenet-pytorch (MIT).

    threshold: in trials on photographs the true faces scored above 0.87 and most false ones below.
    smallest: faces lower than this share of the picture's shorter side (or than 20 pixels) are left
    out. With 0.025 no person of those trials is lost, printed faces are, and it takes a third less
    time than without.
    """

    note = FACE_NOTE

    def __init__(self, threshold: float = 0.87, smallest: float = 0.025) -> None:
        # Its pins are stale and make resolvers fail, hence --no-deps and the two it does import.
        facenet = require(
            "facenet_pytorch",
            "pip install requests tqdm && pip install --no-deps facenet-pytorch==2.6.0",
        )
        self.network = facenet.MTCNN(keep_all=True)
        self.threshold = threshold
        self.smallest = smallest
        self.alone = Lock()  # several threads read pictures, and the network has a state

    def __call__(self, image: Tensor) -> Heads:
        """The heads in a picture (3, H, W) uint8 RGB, the largest face first."""
        side = min(image.shape[1:])
        smallest = max(20.0, self.smallest * side)
        if side < smallest:  # the network fails on an empty pyramid
            return Heads.none()
        with self.alone:
            self.network.min_face_size = smallest
            boxes, scores = self.network.detect(image.permute(1, 2, 0))
        if boxes is None:
            return Heads.none()
        faces = torch.from_numpy(boxes.astype("float32"))
        scores = torch.from_numpy(scores.astype("float32"))
        keep = (scores >= self.threshold) & (faces[:, 3] - faces[:, 1] >= smallest)
        return Heads(head_from_face(faces[keep]), scores[keep])


class YunetDetector:
    """OpenCV's FaceDetectorYN with a YuNet file (.onnx) from the OpenCV model zoo.

    threshold: OpenCV's own default.
    """

    note = FACE_NOTE
    longest_side = 1280  # YuNet was trained for faces of about 10 to 300 pixels: shrink photographs

    def __init__(self, path: str | Path, threshold: float = 0.9) -> None:
        cv2 = require("cv2", "pip install 'sightline[opencv]'")
        if not Path(path).is_file():
            raise FileNotFoundError(f"{path}: there is no such YuNet file.")
        try:
            self.network = cv2.FaceDetectorYN.create(str(path), "", (320, 320), threshold)
        except cv2.error as error:
            raise ValueError(f"{path}: OpenCV cannot read this as a YuNet model.") from error
        self.path, self.threshold = path, threshold
        self.alone = Lock()  # several threads read pictures, and the network has a state

    def __call__(self, image: Tensor) -> Heads:
        """The heads in a picture (3, H, W) uint8 RGB."""
        height, width = image.shape[1:]
        shrink = min(1.0, self.longest_side / max(height, width))
        size = [max(1, round(height * shrink)), max(1, round(width * shrink))]
        small = resize(image, size, antialias=True) if shrink < 1 else image
        bgr = small.flip(0).permute(1, 2, 0).contiguous().numpy(force=True)
        with self.alone:
            self.network.setInputSize(size[::-1])
            _, rows = self.network.detect(bgr)
        if rows is None:
            return Heads.none()
        faces = box_convert(torch.from_numpy(rows[:, :4]), "xywh", "xyxy")
        scale = torch.tensor([width / size[1], height / size[0]] * 2)
        return Heads(head_from_face(faces * scale), torch.from_numpy(rows[:, 14]))
