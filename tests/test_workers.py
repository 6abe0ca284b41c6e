import ctypes
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
import torch

from sightline import workers


def test_a_worker_computes_with_one_thread() -> None:
    with ProcessPoolExecutor(1, get_context("spawn"), workers.begin_worker) as pool:
        assert pool.submit(torch.get_num_threads).result() == 1


def test_threads_come_back_after_work_with_one() -> None:
    threads = torch.get_num_threads()
    with workers.one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == threads


def test_memory_is_asked_to_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {}

    class Library:
        mallopt = staticmethod(lambda option, value: asked.setdefault(option, value))

    monkeypatch.setattr(ctypes, "CDLL", lambda _: Library)
    workers.keep_memory()
    assert set(asked) == {-1, -2, -3}
    assert all(0 < value < 2**31 for value in asked.values())


@pytest.mark.parametrize("library", [None, object()])
def test_another_library_is_left_alone(monkeypatch: pytest.MonkeyPatch, library: object) -> None:
    def find(_: None) -> object:
        if library is None:
            raise OSError("no such library")
        return library

    monkeypatch.setattr(ctypes, "CDLL", find)
    assert workers.keep_memory() is None
