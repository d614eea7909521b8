"""Chance inside torch: layers draw from the process's own state, so it is lent for a moment and given back."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import torch

_ONE_AT_A_TIME = threading.RLock()


@contextlib.contextmanager
def torch_chance(seed: int) -> Iterator[None]:
    """Inside, torch draws from `seed`; afterwards its global state is what it was, on the CPU and on every GPU.

    One thread at a time: the state is the process's, and two fits at once would draw from each other's.
    """
    gpus = list(range(torch.cuda.device_count()))
    with _ONE_AT_A_TIME, torch.random.fork_rng(devices=gpus):
        torch.manual_seed(seed)
        yield
