"""Number format and memory layout of prediction: as fast as is safe on the device."""

from __future__ import annotations

import torch

from sightline.models.base import GazeModel


def choose_precision(precision: str, device: str) -> torch.dtype:
    """The dtype for "float32", "bfloat16" or "auto" on `device`; raises ValueError for others."""
    if precision == "auto":
        return torch.bfloat16 if _fast_bfloat16(torch.device(device)) else torch.float32
    if precision not in ("float32", "bfloat16"):
        raise ValueError(f"precision {precision!r} is unknown; take auto, float32 or bfloat16")
    return getattr(torch, precision)


def _fast_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities = torch.cpu.get_capabilities() if device.type == "cpu" else {}
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def prepare(model: GazeModel, device: str, precision: torch.dtype) -> GazeModel:
    """The model on `device` in evaluation mode, channels last, predicting in `precision`."""
    if torch.device(device).type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"no GPU is usable here; take device='cpu' instead of {device!r}")
    model.precision = precision
    return model.to(device).to(memory_format=torch.channels_last).eval()  # pyright: ignore
