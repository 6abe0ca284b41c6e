"""Exported models in a fresh environment without torch; run by hand: `make test-onnx`.

Torch's answers are stored first. Then an environment with numpy, Pillow, onnxruntime and this
package alone predicts the same photographs (one of them turned by its EXIF tag), from Python and
by the command, and compares.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

CHECK = """
import importlib.util, json, subprocess, sys
import numpy as np
from sightline.onnx_model import OnnxModel

assert importlib.util.find_spec("torch") is None, "torch is installed: this shows nothing"
stored = np.load("torch.npz")
for name in ("pdp-small", "gazelle-small"):
    model = OnnxModel(f"{name}.onnx")
    for photo in ("straight.jpg", "turned.jpg"):
        heads = stored[f"{photo} heads"]
        answer = model.predict(photo, heads)
        height, width = stored[f"{photo} shape"]
        apart = np.abs(answer.points - stored[f"{name} {photo} points"]) * (width, height)
        error = np.abs(answer.heatmaps - stored[f"{name} {photo} heatmaps"]).max()
        print(f"{name} {photo}: heatmaps {error:.2g}, points {apart.max():.2g} pixels from torch")
        assert error < 2e-3 and apart.max() < 1
        words = [",".join(map(str, head)) for head in heads.tolist()]
        command = [sys.executable, "-m", "sightline.onnx_model", f"{name}.onnx", photo, "--heads"]
        told = json.loads(subprocess.run(command + words, check=True, capture_output=True).stdout)
        assert np.allclose(told["points"], answer.points, atol=1e-6)
assert "torch" not in sys.modules
print("the same without torch")
"""


def prepare(folder: Path) -> None:
    """Write photographs, exported models and torch's answers."""
    import numpy as np
    import torch
    from PIL import Image

    from sightline.export.onnx import export_onnx
    from sightline.media.image import read_image
    from sightline.models import create, load
    from sightline.scene import Scene
    from sightline.synthetic.render import render_scenes

    torch.manual_seed(0)
    models = {"pdp-small": load("pdp-small.synthetic"), "gazelle-small": create("gazelle-small")}
    scene = next(s for s in render_scenes(9) if len(s) > 1)
    exif = Image.Exif()
    exif[0x0112] = 6  # a camera held upright
    upright = Image.fromarray(scene.image.permute(1, 2, 0).numpy())
    upright.save(folder / "straight.jpg", quality=95)
    upright.save(folder / "turned.jpg", quality=95, exif=exif)
    height = scene.size[1]
    x0, y0, x1, y1 = scene.heads.unbind(1)
    turned = torch.stack([height - y1, x0, height - y0, x1], 1)
    stored = {}
    for name, model in models.items():
        model.precision = torch.float32
        export_onnx(model, folder / f"{name}.onnx", notes={"model": name})
        for photo, heads in (("straight.jpg", scene.heads), ("turned.jpg", turned)):
            image = read_image(folder / photo)
            gaze = model.predict([Scene(image, heads)])[0]
            stored[f"{photo} heads"] = heads.numpy()
            stored[f"{photo} shape"] = np.array(image.shape[1:])
            stored[f"{name} {photo} points"] = gaze.points.numpy()
            stored[f"{name} {photo} heatmaps"] = gaze.heatmaps.numpy()
    np.savez(folder / "torch.npz", **stored)


def main() -> None:
    root = Path(__file__).resolve().parents[2]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        python = folder / "venv" / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        install = [Path(sys.executable).with_name("uv"), "pip", "install", "--quiet"]
        install += ["--python", python]
        needed = ["-c", root / "constraints.txt", "numpy", "pillow", "onnxruntime"]
        subprocess.run([*install, *needed], check=True)
        subprocess.run([*install, "--no-deps", root], check=True)
        subprocess.run([python, "-c", CHECK], check=True, cwd=folder)


if __name__ == "__main__":
    main()
