"""Readers of the released dataset layouts: they parse, nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sightline.registry import resolve

if TYPE_CHECKING:
    from torch.utils.data import Dataset

    from sightline.datasets.report import Report
    from sightline.scene import Clip, Scene

DATASETS: dict[str, str] = {
    "gazefollow": "sightline.datasets.gazefollow:GazeFollow",
    "gazefollow-inside": "sightline.datasets.gazefollow:GazeFollowInside",
    "gazefollow-pictures": "sightline.datasets.gazefollow:GazeFollowPictures",
    "gazefollow360": "sightline.datasets.gazefollow360:GazeFollow360",
    "coco": "sightline.datasets.coco:Coco",
    "voc": "sightline.datasets.voc:Voc",
    "goo-synth": "sightline.datasets.goo:GOOSynth",
    "goo-real": "sightline.datasets.goo:GOOReal",
    "goo-real-oneshot": "sightline.datasets.goo:GOORealOneShot",
    "goo-real-objects": "sightline.datasets.goo:GOORealObjects",
    "videoattentiontarget": "sightline.datasets.videoattentiontarget:VideoAttentionTarget",
    "videoattentiontarget-tracks": (
        "sightline.datasets.videoattentiontarget:VideoAttentionTargetTracks"
    ),
    "videoattentiontarget-frames": (
        "sightline.datasets.videoattentiontarget_frames:VideoAttentionTargetFrames"
    ),
    "videoattentiontarget-every-6th": (
        "sightline.datasets.videoattentiontarget_frames:VideoAttentionTargetEverySixth"
    ),
}
"""Name -> "module:class", imported when asked for."""

RENDERED: dict[str, str] = {
    "rendered-rooms": "sightline.synthetic.endless:RenderedRooms",
    "rendered-clips": "sightline.synthetic.endless:RenderedClips",
    "rendered-shelves": "sightline.synthetic.endless:RenderedShelves",
    "rendered-panoramas": "sightline.synthetic.endless:RenderedPanoramas",
}
DATASETS |= RENDERED
RENDERED |= {
    "gazefollow": RENDERED["rendered-rooms"],
    "gazefollow-pictures": RENDERED["rendered-rooms"],
    "gazefollow-inside": "sightline.synthetic.endless:RenderedRoomsInside",
    "gazefollow360": RENDERED["rendered-panoramas"],
    "goo-synth": RENDERED["rendered-shelves"],
    "goo-real": RENDERED["rendered-shelves"],
    "videoattentiontarget": RENDERED["rendered-clips"],
    "videoattentiontarget-tracks": "sightline.synthetic.endless:RenderedTracks",
    "videoattentiontarget-frames": "sightline.synthetic.endless:RenderedFrames",
    "videoattentiontarget-every-6th": "sightline.synthetic.endless:RenderedFrames",
}
"""Name -> what is rendered in its place for a source such as "rendered:seed=3"."""

CHECKS: dict[str, str] = {
    "gazefollow": "sightline.datasets.gazefollow_check:check_gazefollow",
    "gazefollow360": "sightline.datasets.gazefollow360_check:check_gazefollow360",
    "videoattentiontarget": (
        "sightline.datasets.videoattentiontarget_check:check_videoattentiontarget"
    ),
    "goo": "sightline.datasets.goo_check:check_goo",
    "goo-synth": "sightline.datasets.goo_check:check_goo_synth",
    "goo-real": "sightline.datasets.goo_check:check_goo_real",
    "goo-real-oneshot": "sightline.datasets.goo_check:check_goo_real_oneshot",
    "coco": "sightline.datasets.box_check:check_coco",
    "voc": "sightline.datasets.box_check:check_voc",
}
"""Name -> "module:function" that looks a copy of the dataset over."""


def load_dataset(
    name: str, root: str | Path, split: str, *, depth: bool = False
) -> Dataset[Scene] | Dataset[Clip]:
    """One split of the dataset in the folder `root`; UnknownNameError lists the nearest names.

    `root` may also be a source of rendered pictures, see `sightline.synthetic.source`.
    """
    if is_rendered(root):
        return resolve(name, RENDERED, "dataset that can be rendered")(root, split, depth=depth)
    return resolve(name, DATASETS, "dataset")(Path(root), split, depth=depth)


def is_rendered(root: str | Path) -> bool:
    """Whether `root` is no folder but a source of rendered pictures."""
    return str(root).startswith("rendered:")


def check(name: str, root: str | Path) -> Report:
    """Count what is in the folder `root` and list what is broken."""
    return resolve(name, CHECKS, "dataset to check")(Path(root))
