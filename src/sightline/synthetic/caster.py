"""Ray casting in batched tensor code, on a processor or a graphics card."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from sightline.synthetic.shading import Shading
from sightline.synthetic.shadows import Shadows
from sightline.synthetic.stage import Stage, hit_balls, hit_boxes, rough
from sightline.synthetic.world import Solids, World

CONTRAST = 0.12  # pixels that differ more from a neighbour are sampled again
AT_ONCE = 1 << 16  # pixels on a processor, whose cache holds no more
AT_ONCE_ELSEWHERE = 1 << 22  # pixels where memory is what limits them


@dataclass(frozen=True)
class View:
    """One rendered picture.

    image: (3, H, W) in [0, 1]; depth: (H, W) metres along the optical axis; solid: (H, W) the row
    of the solid that each pixel's centre shows.
    """

    image: Tensor
    depth: Tensor
    solid: Tensor


def cast(worlds: list[World], device: torch.device | str = "cpu") -> list[View]:
    """Render worlds with pictures of one size, on `device`, where the views stay.

    Cameras must be inside a closed room, so that every ray hits something. Each picture is the same
    whatever is rendered with it.
    """
    width, height = worlds[0].camera.size
    most = AT_ONCE if torch.device(device).type == "cpu" else AT_ONCE_ELSEWHERE
    some = max(1, most // (width * height))
    shadows = Shadows(worlds, device)
    groups = (worlds[start : start + some] for start in range(0, len(worlds), some))
    return [view for group in groups for view in _cast(group, shadows, device)]


def _cast(worlds: list[World], shadows: Shadows, device: torch.device | str) -> list[View]:
    """Render a few worlds together."""
    width, height = worlds[0].camera.size
    stage = Stage([w.solids for w in worlds], [w.camera for w in worlds], device)
    shading = Shading(stage, worlds, shadows)
    depth, solid = stage.nearest(stage.centres)
    image = shading.colours(stage.centres, depth, solid)
    image = _smooth(stage, shading, image.view(3, -1, height, width))
    depths, solids = depth.view(-1, height, width), solid.view(-1, height, width)
    solids = solids - stage.first[:, None, None]
    return [View(*view) for view in zip(image.unbind(1), depths, solids, strict=True)]


def _smooth(stage: Stage, shading: Shading, image: Tensor) -> Tensor:
    """Mix pixels of `image` (3, B, H, W) at strong edges with finer samples."""
    pixels = rough(image, CONTRAST)
    if len(pixels) == 0:
        return image
    xy = stage.finer(pixels)
    fine = shading.colours(xy, *stage.nearest(xy, pixels)).view(3, -1, len(pixels))
    flat = image.flatten(1)
    samples = torch.cat([flat.index_select(1, pixels)[:, None], fine], 1)
    return flat.index_copy(1, pixels, samples.mean(1)).view_as(image)


def blocked(solids: Solids, starts: Tensor, ends: Tensor, ignored: Tensor) -> Tensor:
    """Whether something lies between points `starts` and `ends` (K, 3); (K,) bool.

    Solids of the owners in a row of `ignored` (K, I) do not hide that segment's end.
    """
    return (_lengths(solids, starts, ends - starts, ignored) < 0.999).any(1)


def struck(
    solids: Solids, starts: Tensor, directions: Tensor, ignored: Tensor
) -> tuple[Tensor, Tensor]:
    """How far rays (K, 3) get, in lengths of `directions`, and whose solid stops them; (K,) each.

    Solids of the owners in a row of `ignored` (K, I) do not stop that ray.
    """
    t, solid = _lengths(solids, starts, directions, ignored).min(1)
    return t, solids.owner[solid]


def _lengths(solids: Solids, starts: Tensor, directions: Tensor, ignored: Tensor) -> Tensor:
    """Lengths (K, N) of rays to solids, infinite for those missed or ignored."""
    inverse = solids.axes / solids.half[..., None]
    origin = torch.einsum("nij,knj->ikn", inverse, starts[:, None] - solids.centre)
    direction = torch.einsum("nij,kj->ikn", inverse, directions)
    t = torch.where(solids.box, hit_boxes(origin, direction), hit_balls(origin, direction))
    return t.where((solids.owner != ignored[..., None]).all(1), torch.inf)
