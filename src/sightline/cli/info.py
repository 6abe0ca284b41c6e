"""`sightline info`."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from textwrap import fill

EXTRAS = {  # what is imported where it is used: package, extra, what for
    "lightning": ("train", "training"),
    "av": ("video", "films"),
    "scipy": ("video or panorama", "identities in films, GazeFollow360's files"),
    "faster_coco_eval": ("objects", "average precision of boxes"),
    "pandas": ("table", "Gaze.to_frame"),
    "pyarrow": ("table", "Parquet tables"),
    "supervision": ("supervision", "Gaze.to_supervision"),
    "facenet_pytorch": ("", "head detector MTCNN, installed as docs/heads.md says"),
    "cv2": ("opencv", "head detector FaceDetectorYN"),
    "onnxruntime": ("onnx", "head detectors and exported models in ONNX"),
    "onnxscript": ("export", "exporting models as ONNX"),
    "transformers": ("transformers", "head detectors of transformers"),
}


@dataclass
class Info:
    """Versions, devices, what is installed beside the core, licences."""

    licences: tuple[str, ...] | None = None
    """Only the licences of code, backbone, weights and data, of these models or of all."""

    def run(self) -> int:
        """Print it all, or only the licences."""
        if self.licences is not None:
            return self._print_licences(self.licences)
        import torch

        from sightline.models import weights_catalogue
        from sightline.models.precision import choose_precision
        from sightline.provenance import commit, versions

        for name, version in versions().items():
            print(f"{name:<17}{version}")
        print(f"{'commit':<17}{commit() or 'installed package'}")
        gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
        print(f"{'devices':<17}cpu ({torch.get_num_threads()} threads) {' '.join(gpus)}")
        print(f"{'precision':<17}auto is {choose_precision('auto', 'cpu')} on this CPU\n")
        for package, (extra, purpose) in EXTRAS.items():
            missing = f"missing, extra {extra}" if extra else "missing"
            state = "here" if find_spec(package) else missing
            print(f"{package:<17}{state:<34}{purpose}")
        print("\nlicences: code Apache-2.0, the bundled viewer Pannellum MIT; weights:")
        for name, weights in weights_catalogue().items():
            print(f"  {name}: {weights.licence}")
        print("of backbones and data too: sightline info --licences")
        return 0

    def _print_licences(self, names: tuple[str, ...]) -> int:
        """Of all known weights, or of those named by model or model.tag."""
        from sightline.models import weights_catalogue
        from sightline.models.licences import licences
        from sightline.registry import UnknownNameError

        catalogue = weights_catalogue()
        if strange := [n for n in names if not any(_is_of(known, n) for known in catalogue)]:
            raise UnknownNameError(f"no weights are known of {', '.join(strange)}")
        for known, weights in catalogue.items():
            if names and not any(_is_of(known, name) for name in names):
                continue
            print(known)
            for what, licence in licences(weights).items():
                indent = " " * 12
                print(fill(f"  {what:<10}{licence}", 80, subsequent_indent=indent))
        return 0


def _is_of(known: str, name: str) -> bool:
    """Whether the weights "model.tag" are called so, or are of the model called so."""
    return name in (known, known.partition(".")[0])
