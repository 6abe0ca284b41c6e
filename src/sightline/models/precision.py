"""Number format and memory layout of prediction: as fast as is safe on the device."""

from __future__ import annotations

import torch

from sightline.models.base import GazeModel


def choose_precision(precision: str, device: str) -> torch.dtype:
    """The dtype for "float32", "bfloat16" or "auto" on `device`; raises ValueError for others."""
    if precision == "auto":
        return torch.bfloat16 if _fast_bfloat16(find_device(device)) else torch.float32
    if precision not in ("float32", "bfloat16"):
        raise ValueError(f"precision {precision!r} is unknown; take auto, float32 or bfloat16")
    return getattr(torch, precision)


def _fast_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type != "cpu" or not hasattr(torch.cpu, "get_capabilities"):  # torch 2.10 cannot tell
        return False
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def prepare(model: GazeModel, device: str, precision: torch.dtype) -> GazeModel:
    """The model on `device` in evaluation mode, channels last, predicting in `precision`."""
    model.precision = precision
    return model.to(find_device(device)).to(memory_format=torch.channels_last).eval()  # pyright: ignore


def find_device(name: str) -> torch.device:
    """The device of that name; raises ValueError where there is none."""
    try:
        device = torch.device(name)
    except RuntimeError as error:
        known = "cpu, cuda, cuda:1 or mps"
        raise ValueError(f"there is no device named {name!r}; take {known}") from error
    gpus = {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if (device.index or 0) >= gpus.get(device.type, 1):
        raise ValueError(f"no GPU {name!r} is usable here; take the device 'cpu'")
    return device
