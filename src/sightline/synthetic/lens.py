"""What lens and sensor make of a rendered picture."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import pad

from sightline.synthetic.caster import View
from sightline.synthetic.world import Light, tensor

WIDE = 224  # the width of a picture whose pixels `Light.blur` counts


def developed(view: View, light: Light, *, around: bool = False) -> Tensor:
    """The picture (3, H, W) uint8 with the lens's blur and vignette, the exposure and the noise.

    A panorama is `around`: a lens saw a quarter of its width, and its left edge meets its right.
    The noise is another one on another kind of device.
    """
    image, device = view.image, view.image.device
    if light.blur > 0:
        share = 0.25 if around else 1.0
        image = _blurred(image, light.blur * share * image.shape[-1] / WIDE, around)
    gain = tensor(light.gain).to(device)[:, None, None]
    if light.vignette > 0 and not around:
        gain = gain * _vignette(image, light.vignette)
    image = (image * gain).clamp(0, 1)
    if light.tone:
        image = image * (1 + light.tone - light.tone * image)
    generator = torch.Generator(device).manual_seed(light.noise_seed)
    noise = torch.randn(image.shape, generator=generator, device=device)
    return (image + noise * light.noise).mul_(255).round_().clamp_(0, 255).byte()


def _blurred(image: Tensor, spread: float, around: bool) -> Tensor:
    """The image (3, H, W) under a Gaussian of standard deviation `spread` in pixels."""
    reach = math.ceil(2.5 * spread)
    kernel = [math.exp(-0.5 * (k / spread) ** 2) for k in range(-reach, reach + 1)]
    kernel = [weight / sum(kernel) for weight in kernel]
    wide = pad(image[None], (reach, reach, 0, 0), "circular" if around else "replicate")[0]
    tall = pad(_weighed(wide, kernel, 2)[None], (0, 0, reach, reach), "replicate")[0]
    return _weighed(tall, kernel, 1)


def _weighed(image: Tensor, kernel: list[float], dim: int) -> Tensor:
    """The image convolved along one dimension, ten times faster than `conv2d` on a processor."""
    length, middle = image.shape[dim] - len(kernel) + 1, len(kernel) // 2
    total = image.narrow(dim, middle, length) * kernel[middle]
    for k in range(middle):
        pair = image.narrow(dim, k, length) + image.narrow(dim, 2 * middle - k, length)
        total.add_(pair, alpha=kernel[k])
    return total


def _vignette(image: Tensor, loss: float) -> Tensor:
    """Shares of the light (H, W) that arrive: 1 in the middle, 1 - `loss` in the corners."""
    y, x = (
        ((torch.arange(length, device=image.device) + 0.5) / length * 2 - 1) ** 2
        for length in image.shape[1:]
    )
    return 1 - loss / 2 * (x + y[:, None])
