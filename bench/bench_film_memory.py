"""Memory of `sightline predict` over a long film: it must not grow with the film.

A film of 20 minutes and two people is made, a network of random weights and little work is run over
it, and the process's memory is written down every second; --plot draws it.
"""

from __future__ import annotations

import contextlib
import io
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from timing import alone, headline, parser, report

from sightline import cli, create
from sightline.media.film_writer import FilmWriter
from sightline.models.weights import save_weights
from sightline.synthetic.render import render_scenes

SIZE, RATE = (320, 240), 15
TINY = {"width": 4, "image_size": 64}


def write_film(folder: Path, minutes: float) -> None:
    """Two people in a room whose light flickers, `minutes` long."""
    room = next(scene for scene in render_scenes(50) if len(scene) == 2)
    writer = FilmWriter(folder / "long.mp4", SIZE)
    rows = ["frame,person,x_min,y_min,x_max,y_max"]
    frames = int(minutes * 60 * RATE)
    for frame in range(frames):
        light = 1 + 0.1 * np.sin(frame / 7)
        writer.write((room.image * light).clamp(0, 255).byte(), frame / RATE)
        for person, box in enumerate(room.heads.tolist()):
            rows.append(f"{frame},{person},{','.join(map(str, box))}")
    writer.close(frames / RATE)
    (folder / "heads.csv").write_text("\n".join(rows) + "\n")


def watch(folder: str, threads: int) -> list[tuple[float, float]]:
    """(seconds, MiB) of this process while it predicts; to be called alone."""
    torch.set_num_threads(threads)
    done, samples, start = threading.Event(), [], time.perf_counter()

    def sample() -> None:
        while not done.wait(1.0):
            samples.append((time.perf_counter() - start, resident()))

    thread = threading.Thread(target=sample)
    thread.start()
    words = ["predict", f"{folder}/long.mp4", "--heads", f"{folder}/heads.csv"]
    words += ["--model", "pdp-small", "--weights", f"{folder}/tiny.safetensors"]
    with contextlib.redirect_stdout(io.StringIO()):
        code = cli.run([*words, "--out", f"{folder}/gaze", "--precision", "float32"], debug=True)
    done.set()
    thread.join()
    assert code == 0
    return samples


def resident() -> float:
    """MiB of this process in memory now (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def plot(samples: list[tuple[float, float]], path: Path, title: str) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 3))
    axes.plot(*zip(*samples, strict=True))
    axes.set(
        xlabel="seconds of the run", ylabel="resident memory, MiB", title=title, ylim=(0, None)
    )
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--minutes", type=float, default=20.0, help="length of the film")
    options.add_argument("--plot", type=Path, help="a PNG file")
    options = options.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        torch.manual_seed(0)
        tiny = create("pdp-small", **TINY)
        save_weights(tiny, folder / "tiny.safetensors", name="pdp-small")
        write_film(folder, options.minutes)
        samples = alone(watch, name, options.threads)
    frames = int(options.minutes * 60 * RATE)
    quarters = [np.mean([m for _, m in part]) for part in np.array_split(samples, 4)]
    row = {"frames": frames, "frames/s": frames / samples[-1][0]}
    row |= {f"MiB, quarter {i}": float(mean) for i, mean in enumerate(quarters, 1)}
    report("memory of a film", [row | {"peak MiB": max(m for _, m in samples)}], options.json)
    what = f"memory in a film's last quarter ({options.minutes:g} minutes)"
    headline(options.json, what, float(quarters[-1]), "MiB", "its first", float(quarters[0]))
    if options.plot:
        plot(samples, options.plot, f"sightline predict, {frames} frames, two people")


if __name__ == "__main__":
    main()
