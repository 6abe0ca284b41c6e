"""`sightline predict FOLDER --heads FILE` end to end, and how long the program takes to start.

The pictures are rendered rooms, enlarged, as JPEG; annotated pictures, JSON and table are written.
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from bench_reader import enlarged
from PIL import Image
from timing import alone, best_of, headline, parser, peak_memory, report

from sightline import cli, create
from sightline.models import known_weights
from sightline.models.weights import save_weights
from sightline.scene import Scene
from sightline.synthetic.render import render_scenes

PICTURES = 24
SIZE = (640, 480)


def write_pictures(folder: Path, scenes: list[Scene]) -> int:
    """The scenes as pictures, and `heads.csv` beside the folder; returns the number of people."""
    folder.mkdir()
    rows = ["image,x_min,y_min,x_max,y_max"]
    for number, scene in enumerate(scenes):
        picture, heads = enlarged(scene, SIZE)
        name = f"{number:04d}.jpg"
        Image.fromarray(picture.movedim(0, -1).numpy()).save(folder / name, quality=90)
        rows += [",".join([name, *map(str, head)]) for head in heads.tolist()]
    folder.with_name("heads.csv").write_text("\n".join(rows) + "\n")
    return len(rows) - 1


def weights_in(folder: Path) -> Path:
    """The weights that ship, or random ones of the same size."""
    shipped = known_weights("pdp-small.synthetic")
    if shipped.exists():
        return shipped
    save_weights(create("pdp-small"), folder / "random.safetensors", name="pdp-small")
    return folder / "random.safetensors"


def command(folder: Path, *options: str) -> list[str]:
    pictures, heads = str(folder / "pictures"), str(folder / "heads.csv")
    weights = ["--model", "pdp-small", "--weights", str(weights_in(folder))]
    out = ["--out", str(folder / "gaze"), "--overwrite"]
    return ["predict", pictures, "--heads", heads, *weights, *out, *options]


def run_program(words: list[str]) -> None:
    """Run Python; its output is dropped, its threads are as many as ours."""
    environment = os.environ | {"OMP_NUM_THREADS": str(torch.get_num_threads())}
    program = [sys.executable, *words]
    subprocess.run(program, check=True, stdout=subprocess.DEVNULL, env=environment)


def run_here(words: list[str]) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        assert cli.run(words, debug=True) == 0


def memory(words: list[str], threads: int) -> float:
    """The peak memory of this process in MiB; to be called alone."""
    torch.set_num_threads(threads)
    run_here(words)
    return peak_memory()


def main() -> None:
    options = parser(__doc__).parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    scenes = [scene for scene in render_scenes(2 * PICTURES) if len(scene)][:PICTURES]
    with TemporaryDirectory() as name:
        folder = Path(name)
        people = write_pictures(folder / "pictures", scenes)
        words = command(folder)
        ways = {
            "the command": partial(run_program, ["-m", "sightline", *words]),
            "in process, default": partial(run_here, words),
            "in process, float32": partial(run_here, [*words, "--precision", "float32"]),
        }
        seconds = best_of(ways, repeats=3, wall=True)
        peak = alone(memory, words, options.threads)
    rows = [
        {
            "predict": way,
            "pictures": PICTURES,
            "people": people,
            "seconds": spent,
            "pictures/s": PICTURES / spent,
            "people/s": people / spent,
            "peak MiB": peak if way == "in process, default" else "-",
        }
        for way, spent in seconds.items()
    ]
    report("predict", rows, options.json)
    what = f"`sightline predict` on a folder, {SIZE[0]}x{SIZE[1]}"
    names = ("in process, default", "in process, float32")
    fast, exact = (PICTURES / seconds[name] for name in names)
    headline(options.json, what, fast, "pictures/s", "the same in float32", exact)
    headline(options.json, f"{what}, peak", peak, "MiB")

    starts = {
        "sightline --help": ["-m", "sightline", "--help"],
        "import sightline": ["-c", "import sightline"],
        "from sightline import load, predict": ["-c", "from sightline import load, predict"],
        "import torch": ["-c", "import torch"],
        "import torch, torchvision": ["-c", "import torch, torchvision"],
    }
    seconds = best_of({start: partial(run_program, w) for start, w in starts.items()}, wall=True)
    report("start", [{"start": s, "seconds": spent} for s, spent in seconds.items()], options.json)
    shown, torches = seconds["sightline --help"], seconds["import torch"]
    headline(options.json, "`sightline --help`", shown, "s", "`import torch`", torches)


if __name__ == "__main__":
    main()
