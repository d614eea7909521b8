"""Threads of our own: work in pieces that do not touch each other, on as many as the caller gave torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Piece = TypeVar("Piece")


def divided(do: Callable[[Piece], object], pieces: Sequence[Piece]) -> None:
    """Does every piece; raises what a piece raised."""
    workers = min(len(pieces), torch.get_num_threads())
    if workers < 2:
        for piece in pieces:
            do(piece)
        return
    with ThreadPoolExecutor(workers) as pool:
        for _ in pool.map(do, pieces):
            pass
