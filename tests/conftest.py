"""Test session settings: one thread, no network, fixed seeds."""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # several processes with spinning threads starve one another
os.environ["HF_HUB_OFFLINE"] = "1"  # read when huggingface_hub is first imported
os.environ["SIGHTLINE_CACHE"] = os.devnull  # what the user has pulled changes no test

from pathlib import Path

import pytest
import torch

torch.set_num_threads(1)

GOLDEN = Path(os.environ.get("SIGHTLINE_GOLDEN", Path(__file__).parent / "golden"))


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def golden() -> Path:
    """The folder of reference values; each system has its own sub-folder."""
    return GOLDEN
