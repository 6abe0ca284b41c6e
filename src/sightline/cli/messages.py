"""What a command tells its user beside its results, on the standard error stream."""

from __future__ import annotations

import sys


def say(message: str) -> None:
    """Tell a sentence, or nothing if it is empty."""
    if message:
        print(f"sightline: {message}", file=sys.stderr)
