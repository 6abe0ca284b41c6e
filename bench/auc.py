"""GazeFollow AUC per head at 640 x 480: ours, resize included, beside scikit-learn's AUC alone."""

import torch
from skimage.transform import resize
from sklearn.metrics import roc_auc_score
from timing import best_of, json_argument, peak_memory, report
from torch import Tensor

from sightline.geometry.heatmap import gaussian_heatmaps
from sightline.metrics.gaze import (
    auc_gazefollow_bilinear,
    auc_gazefollow_float,
    auc_gazefollow_uint8,
    multi_hot,
)

SIZE = (640, 480)
HEADS, ANNOTATORS = 16, 10


def heads() -> tuple[Tensor, Tensor]:
    """Heatmaps and annotations (pixels) of random heads: blobs, texture, a floor as PDP has it."""
    centres = torch.rand(HEADS, 2)
    heatmaps = gaussian_heatmaps(centres, sigma=6.0) + gaussian_heatmaps(1 - centres, sigma=9.0) / 2
    texture = torch.nn.functional.interpolate(torch.rand(HEADS, 1, 16, 16), 64, mode="bicubic")
    heatmaps = (heatmaps + 0.3 * texture[:, 0]).clamp(min=0.12) - 0.15
    points = (centres[:, None] + 0.08 * torch.randn(HEADS, ANNOTATORS, 2)).clamp(0, 1)
    return heatmaps, points * torch.tensor(SIZE)


def main() -> None:
    file = json_argument(__doc__)
    torch.manual_seed(0)
    torch.set_num_threads(1)
    heatmaps, points = heads()
    before = peak_memory()
    ours = auc_gazefollow_float(heatmaps, points, SIZE)
    ours_memory = peak_memory() - before

    maps = [resize(h.numpy(), SIZE[::-1]).ravel() for h in heatmaps]
    hots = [multi_hot(p, SIZE).numpy().ravel() for p in points]
    before = peak_memory()
    oracle = [roc_auc_score(*pair) for pair in zip(hots, maps, strict=True)]
    sklearn_memory = peak_memory() - before

    seconds = best_of(
        {
            "scikit-learn, AUC alone": lambda: [
                roc_auc_score(*pair) for pair in zip(hots, maps, strict=True)
            ],
            "float, with resize": lambda: auc_gazefollow_float(heatmaps, points, SIZE),
            "uint8, with resize": lambda: auc_gazefollow_uint8(heatmaps, points, SIZE),
            "bilinear, with resize": lambda: auc_gazefollow_bilinear(heatmaps, points, SIZE),
        }
    )
    slowest = seconds["scikit-learn, AUC alone"]
    extra = {
        "scikit-learn, AUC alone": {"max difference": "-", "MiB": sklearn_memory},
        "float, with resize": {
            "max difference": (ours - torch.tensor(oracle)).abs().max().item(),
            "MiB": ours_memory,
        },
    }
    rows = [
        {"way": way, "ms per head": 1000 * s / HEADS, "times faster": slowest / s}
        | extra.get(way, {"max difference": "-", "MiB": "-"})
        for way, s in seconds.items()
    ]
    report("auc", rows, file)


if __name__ == "__main__":
    main()
