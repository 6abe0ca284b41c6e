"""GazeFollow AUC per head at 640 x 480: ours with the resize, scikit-learn's without it.

scikit-learn scores the maps of scikit-image's resize, which is the definition of `float`; the other
two definitions differ from it by design.
"""

import torch
from skimage.transform import resize
from sklearn.metrics import roc_auc_score
from timing import best_of, headline, memory_of, parser, report
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
    options = parser(__doc__).parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    heatmaps, points = heads()
    maps = [resize(h.numpy(), SIZE[::-1]).ravel() for h in heatmaps]
    hots = [multi_hot(p, SIZE).numpy().ravel() for p in points]

    def oracle() -> Tensor:
        return torch.tensor([roc_auc_score(*pair) for pair in zip(hots, maps, strict=True)])

    ways = {
        "float": lambda: auc_gazefollow_float(heatmaps, points, SIZE),
        "bilinear": lambda: auc_gazefollow_bilinear(heatmaps, points, SIZE),
        "uint8": lambda: auc_gazefollow_uint8(heatmaps, points, SIZE),
        "scikit-learn": oracle,
    }
    memory, seconds, expected = memory_of(ways), best_of(ways), oracle()
    rows = [
        {
            "AUC": name,
            "ms per head": 1000 * seconds[name] / HEADS,
            "times faster": seconds["scikit-learn"] / seconds[name],
            "max difference": (way() - expected).abs().max().item(),
            "MiB": memory[name],
        }
        for name, way in ways.items()
    ]
    report("auc", rows, options.json)
    ours, slow = (1000 * seconds[name] / HEADS for name in ("float", "scikit-learn"))
    headline(options.json, "AUC of a head, 640x480", ours, "ms", "scikit-learn", slow)


if __name__ == "__main__":
    main()
