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
    """One split of the dataset in the folder `root`; UnknownNameError lists the nearest names."""
    return resolve(name, DATASETS, "dataset")(Path(root), split, depth=depth)


def check(name: str, root: str | Path) -> Report:
    """Count what is in the folder `root` and list what is broken."""
    return resolve(name, CHECKS, "dataset to check")(Path(root))
