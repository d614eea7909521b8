"""Networks in evaluation mode over many windows, a batch at a time; and which channels a discrepancy comes from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from anomalyllm.model.distiller import Distiller
from anomalyllm.model.prototypes import gather
from anomalyllm.model.transfer import moved
from anomalyllm.windows.kept import Windows

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

ROWS_PER_BATCH = 512  # channel-windows in flight: large enough for the cores, small enough for their caches
FEWEST_WINDOWS = 16  # in a batch, however many channels: the bank is read once for each batch


class Evidence(NamedTuple):
    """What the networks say of windows, uncalibrated."""

    discrepancy: Floats  # (W, G) between teacher and student
    mismatch: Floats  # (W, G) between a window and its prototype; the mean over channels where G is 1
    choice: Indices  # (W, C) the prototypes


def gather_evidence(distiller: Distiller, windows: Windows, starts: Indices, bank: Indices | None = None) -> Evidence:
    """Evidence on the windows that begin at `starts`.

    Args:
        distiller: put into evaluation mode.
        windows: of the series, (T - L + 1, C, L).
        starts: (W,), at least one.
        bank: where the prototypes were cut from this same series, (K,): a window then never meets its own points.
    """
    distiller.eval()
    found: tuple[Tensor, ...] = ()  # on the device: reading each batch would wait for it
    done = 0
    with torch.inference_mode():
        for part in _batches(starts, windows.shape[1]):
            pair = distiller(to_tensor(distiller, windows[part]), forbidden(distiller, part, bank, windows.shape[-1]))
            distance = pair.discrepancy
            mismatch = pair.mismatch if distance.shape[1] > 1 else pair.mismatch.mean(dim=1, keepdim=True)
            columns = (distance, mismatch, pair.choice)
            if not found:  # at once for all: small results left between the batches' large ones would hold memory
                found = tuple(column.new_empty(len(starts), column.shape[1]) for column in columns)
            for whole, column in zip(found, columns, strict=True):
                whole[done : done + len(part)] = column
            done += len(part)
    discrepancy, mismatch, choice = (column.cpu().numpy() for column in found)
    return Evidence(discrepancy.astype(np.float64), mismatch.astype(np.float64), choice)


def channel_shares(distiller: Distiller, windows: NDArray[np.floating], starts: Indices) -> Floats:
    """Each channel's share in the discrepancy where one vector speaks for all channels; (W, C), rows sum to 1.

    Gradient times difference from the chosen prototype, absolute, summed over the window (first-order attribution).
    """
    distiller.eval()
    shares: list[NDArray[np.float32]] = []
    for part in _batches(starts, windows.shape[1]):
        batch = to_tensor(distiller, windows[part]).requires_grad_()
        pair = distiller(batch)
        (gradient,) = torch.autograd.grad(pair.discrepancy.sum(), batch)
        difference = batch - gather(distiller.student.prototypes, pair.choice)
        weight = (gradient * difference).abs().sum(dim=-1).detach() + 1e-12
        shares.append((weight / weight.sum(dim=1, keepdim=True)).cpu().numpy())
    return np.concatenate(shares).astype(np.float64)


def to_tensor(distiller: Distiller, windows: NDArray[np.floating]) -> Tensor:
    """A batch (B, C, L) as float32 on the networks' device; always a copy."""
    return moved(windows.astype(np.float32, copy=False), distiller.student.prototypes.device)


def forbidden(distiller: Distiller, starts: Indices, bank: Indices | None, window: int) -> Tensor | None:
    """(B, K): whether a window shares a point with the prototype. None where the bank is not from this series."""
    if bank is None or len(bank) == 0:
        return None
    overlap = np.abs(starts[:, None] - bank[None, :]) < window
    return moved(overlap, distiller.student.prototypes.device)


def _batches(starts: Indices, channels: int) -> Iterator[Indices]:
    size = max(FEWEST_WINDOWS, ROWS_PER_BATCH // channels)
    for begin in range(0, len(starts), size):
        yield starts[begin : begin + size]
