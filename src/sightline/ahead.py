"""Stages of a pipeline that work at the same time, a bounded number of items apart."""

from __future__ import annotations

import atexit
from collections.abc import Generator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Any, TypeVar
from weakref import WeakSet

T = TypeVar("T")

_working: WeakSet[Generator[Any]] = WeakSet()


@atexit.register
def _stop_all() -> None:
    """Stop what was left half-way: a thread that lives on while Python ends may crash it."""
    for stage in list(_working):
        with suppress(ValueError):  # another stage's thread is in it, and closes it
            stage.close()


@dataclass(frozen=True)
class _End:
    """The last thing in a queue, with the error that ended the work, if one did."""

    error: BaseException | None = None


def ahead(items: Iterable[T], size: int) -> Generator[T]:
    """The same `items` in order, made by a thread that stays at most `size` of them ahead.

    An error of `items` is raised where it would have been. A consumer that stops closes `items`.
    """
    stage = _ahead(items, size)
    _working.add(stage)
    return stage


def _ahead(items: Iterable[T], size: int) -> Generator[T]:
    queue: Queue[Any] = Queue(size)
    stopped = Event()
    worker = Thread(target=_work, args=(items, queue, stopped), daemon=True)
    worker.start()
    try:
        while not isinstance(item := queue.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stopped.set()
        with suppress(Empty):
            while True:
                queue.get_nowait()
        worker.join(timeout=10)  # a camera that gives no picture must not keep us


def _work(items: Iterable[Any], queue: Queue[Any], stopped: Event) -> None:
    end = _End()
    try:
        for item in items:
            if not _put(item, queue, stopped):
                break
    except BaseException as error:  # the consumer's to handle
        end = _End(error)
    if hasattr(items, "close"):
        items.close()  # pyright: ignore[reportAttributeAccessIssue]
    _put(end, queue, stopped)


def _put(item: Any, queue: Queue[Any], stopped: Event) -> bool:
    """Wait for a place in the queue; False when the consumer has stopped."""
    while not stopped.is_set():
        with suppress(Full):
            queue.put(item, timeout=0.1)
            return True
    return False
