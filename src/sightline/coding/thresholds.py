"""The thresholds that turn samples into events; docs/coding.md says why they are what they are."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields


@dataclass(frozen=True, kw_only=True)
class Coding:
    """How samples become events. Raises ValueError for a value that makes no sense."""

    inside_threshold: float = 0.5
    """Below this probability that the target is in the picture, a person looks outside."""
    head_margin: float = 0.25
    """Who is looked at: the head box, grown on each side by this share of its width and height."""
    minimum_duration: float = 0.2
    """Seconds; shorter events are left out."""
    merge_gap: float = 0.2
    """Seconds; an event that goes on after a gap of at most this is one event."""
    joint_distance: float = 0.07
    """Joint attention to a place: gaze points this near, as a share of the picture's diagonal."""
    longest_step: float = 1.0
    """Seconds from picture to picture; after a longer step nobody knows what happened in it."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{field.name} is {value}; it must be a number that is 0 or more.")
        if self.inside_threshold > 1:
            raise ValueError(f"inside_threshold is {self.inside_threshold}; it is at most 1.")
