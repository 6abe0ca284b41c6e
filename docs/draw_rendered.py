"""Draw the pictures of rendered.md: pictures of each kind, and the statistics of four sources."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from sightline.contact_sheet import contact_sheet
from sightline.datasets import load_dataset
from sightline.datasets.statistics import measure_dataset
from sightline.datasets.statistics_plot import draw_statistics
from sightline.pictures import read_image
from sightline.synthetic.all_around import render_panoramas
from sightline.synthetic.render import render_clips, render_scenes
from sightline.synthetic.shelves import render_shelves

HERE = Path(__file__).parent
SEED = 1
SOURCES = {  # how many pictures of each are measured
    "gazefollow-pictures": ("rendered:seed=1", 300),
    "videoattentiontarget-frames": ("rendered:seed=1", 300),
    "goo-synth": ("rendered:seed=1,size=320x240", 150),
    "gazefollow360": ("rendered:seed=1,size=512x256", 150),
}


def draw_sheet(path: Path) -> None:
    """Three rows of rooms, one of a clip, two of shelves, two of panoramas."""
    size = (256, 192)
    rooms = render_scenes(15, SEED, size)
    clip = render_clips(1, SEED, size, length=5, fps=2)[0]
    shelves = render_shelves(10, SEED, size)
    small = contact_sheet([scene.image for scene in [*rooms, *clip, *shelves]], 5, 1280)
    around = [scene.image for scene in render_panoramas(4, SEED, (640, 320))]
    sheet = contact_sheet([small, contact_sheet(around, 2, 1280)], 1, 1280)
    Image.fromarray(sheet.movedim(0, -1).numpy()).save(path, quality=60)


def draw_all_statistics(path: Path) -> None:
    """The figure that `sightline data statistics --plot` draws, of four sources."""
    figures = []
    with TemporaryDirectory() as folder:
        for name, (source, samples) in SOURCES.items():
            file = Path(folder, f"{name}.png")
            statistics = measure_dataset(load_dataset(name, source, "train"), samples)
            draw_statistics(statistics, file, f"{name} {source}")
            figures.append(read_image(file))
    sheet = Image.fromarray(contact_sheet(figures, 2, 1800).movedim(0, -1).numpy())
    sheet.quantize(64, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    draw_sheet(HERE / "rendered.jpg")
    draw_all_statistics(HERE / "rendered-statistics.png")
