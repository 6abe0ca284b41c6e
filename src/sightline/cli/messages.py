"""What commands tell their users, in words."""

from __future__ import annotations

import sys


def say(message: str) -> None:
    """Tell a sentence beside the results, on the standard error stream; nothing if it is empty."""
    if message:
        print(f"sightline: {message}", file=sys.stderr)


def counted(number: int, one: str, many: str) -> str:
    """As "1 person" or "2 people"."""
    return f"{number} {one if number == 1 else many}"
