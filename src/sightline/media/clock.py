"""The number and the time of each picture, from the time stamps that a film's packets carry."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Protocol

from sightline.media.faults import Faults

NUDGE = 1e-3  # seconds between pictures whose stamps do not rise
JUMP = 1.0  # seconds back that no reordering explains: recordings put one after the other


class Stamped(Protocol):
    """A packet: its stamps of display and of decoding, and its duration, in ticks."""

    pts: int | None
    dts: int | None
    duration: int | None


@dataclass
class Clock:
    """Numbers the decoded pictures and gives their seconds from the film's first picture.

    A packet is announced when it goes into the decoder; the pictures come out in order of display.
    So a packet's picture is lost when one with a later stamp comes out before it, and keeps its
    number: numbers and times are the same from wherever decoding began.
    """

    unit: Fraction
    """Seconds of one tick of the stamps."""
    step: float
    """Usual seconds between pictures."""
    faults: Faults
    zero: int | None = None
    """The stamp of the film's first picture; when not given, that of the first to come out."""
    index: int = -1
    """The number of the picture that came out last."""
    time: float = 0.0
    """Its time."""
    end: float = 0.0
    """Where the last picture that was announced ends."""
    floor: int | None = None
    """The stamp of the first picture to count on from."""
    waiting: list[int] = field(default_factory=list)
    """Stamps of the pictures in the decoder, rising."""
    shift: int = 0
    """Ticks by which stamps are late, since they jumped back."""
    latest: int | None = None
    """The last stamp of decoding."""

    def __post_init__(self) -> None:
        self.floor = self.zero

    def announce(self, packet: Stamped) -> None:
        """Take note of a packet with a stamp; where stamps jump back, let them go on instead."""
        assert packet.pts is not None
        if packet.dts is not None:
            back = None if self.latest is None else self.latest - packet.dts - self.shift
            if back is not None and back > self.ticks(JUMP):
                self.faults.tell(f"The time stamps jump back at {self.end:.3f} s; times go on.")
                self.shift = self.ticks(self.end) + (self.zero or 0) - packet.pts
            self.latest = packet.dts + self.shift
        if self.shift:
            packet.pts += self.shift
            packet.dts = None if packet.dts is None else packet.dts + self.shift
        if self.floor is None or packet.pts >= self.floor:
            insort(self.waiting, packet.pts)
            duration = packet.duration or self.ticks(self.step)
            self.end = max(self.end, self.seconds(packet.pts + duration))

    def skip(self, stamp: int) -> None:
        """Count the pictures before a stamp, which will not come out."""
        self.floor = stamp
        self._drop(bisect_left(self.waiting, stamp))

    def place(self, stamp: int | None) -> tuple[int, float]:
        """The number and time of the picture that comes out; without a stamp by the usual step."""
        if stamp is None and self.zero is None:  # none has one, as in a bare .h264 file
            return self._next((self.index + 1) * self.step)
        if stamp is None:
            return self._next(self.time + self.step, "came without a time stamp")
        if self.zero is None:
            self.zero = self.floor = stamp
            if lost := bisect_left(self.waiting, stamp):
                self.faults.tell(f"{lost} pictures at the beginning could not be decoded.")
                del self.waiting[:lost]
        self.lose(stamp)
        if self.waiting and self.waiting[0] == stamp:
            del self.waiting[0]
        return self._next(self.seconds(stamp))

    def lose(self, stamp: int | None = None) -> None:
        """Note as lost the pictures that wait before a stamp, or all."""
        lost = len(self.waiting) if stamp is None else bisect_left(self.waiting, stamp)
        for waiting in self.waiting[:lost]:
            self.faults.note("could not be decoded", self.seconds(waiting))
        self._drop(lost)

    def seconds(self, stamp: int) -> float:
        """Seconds from the film's first picture."""
        ticks = stamp - (stamp if self.zero is None else self.zero)
        return ticks * self.unit.numerator / self.unit.denominator

    def ticks(self, seconds: float) -> int:
        """Seconds as ticks, rounded."""
        return round(seconds * self.unit.denominator / self.unit.numerator)

    def _drop(self, count: int) -> None:
        self.index += count
        del self.waiting[:count]

    def _next(self, time: float, fault: str = "") -> tuple[int, float]:
        if self.index >= 0 and time <= self.time:
            time, fault = self.time + NUDGE, "came with a time stamp that did not rise"
        if fault:
            self.faults.note(fault, time)
        self.index, self.time = self.index + 1, time
        return self.index, time
