"""Threads of our own: work in pieces that do not touch each other, on as many as the caller allows.

Torch is asked where it is loaded (`torch.set_num_threads`), so that a program has one number to set; it is not loaded
for the question. Without it OMP_NUM_THREADS counts, as for the libraries below NumPy, and then the cores.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import TypeVar

Piece = TypeVar("Piece")


def divided(do: Callable[[Piece], object], pieces: Sequence[Piece]) -> None:
    """Does every piece; raises what a piece raised."""
    workers = min(len(pieces), allowed_threads())
    if workers < 2:
        for piece in pieces:
            do(piece)
        return
    with ThreadPoolExecutor(workers) as pool:
        for _ in pool.map(do, pieces):
            pass


def allowed_threads() -> int:
    """How many threads the caller allows, at least 1."""
    torch = sys.modules.get("torch")
    if torch is not None:
        return int(torch.get_num_threads())
    named = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    return max(1, int(named)) if named.isdigit() else cores()


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Torch, where it is loaded, computes by one thread inside, and ours do as it does; afterwards all is as before.

    The number is one for the whole process: whoever of several comes first sets it, whoever goes last gives it back.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    _inside.enter(torch)
    try:
        yield
    finally:
        _inside.leave(torch)


class _Inside:
    """How many are inside `one_thread`, and the number of threads before the first."""

    def __init__(self) -> None:
        self.lock, self.count, self.before = threading.Lock(), 0, 1

    def enter(self, torch: ModuleType) -> None:
        with self.lock:
            if self.count == 0:
                self.before = torch.get_num_threads()
                torch.set_num_threads(1)
            self.count += 1

    def leave(self, torch: ModuleType) -> None:
        with self.lock:
            self.count -= 1
            if self.count == 0:
                torch.set_num_threads(self.before)


_inside = _Inside()
