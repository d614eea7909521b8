"""Windows of several series as one batch on the device: of a step, and of the validation, which is always the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from anomalyllm.config import DetectorConfig
from anomalyllm.model.transfer import moved
from anomalyllm.seeding import generator
from anomalyllm.training.data import Indices, TrainingData, step_size
from anomalyllm.windows.augment import views


@dataclass(frozen=True)
class Batch:
    """A batch of each series, with two views of each window where the loss asks of them.

    Args:
        windows: (M, V, B, C, L); V is 3, the windows themselves before their views, or 1.
        forbidden: (M, B, K) marks prototypes that a window may not meet; None where all may be met.
        counts: (M,) how many windows of a series count; those behind fill it up.
        channels: (C,) which channels these are; None: all.
    """

    windows: Tensor
    forbidden: Tensor | None
    counts: tuple[int, ...]
    channels: Tensor | None = None

    def keep(self, places: Sequence[int]) -> Batch:
        """Of the series at `places` alone."""
        chosen = torch.tensor(places, device=self.windows.device)
        forbidden = None if self.forbidden is None else self.forbidden[chosen]
        return Batch(self.windows[chosen], forbidden, tuple(self.counts[place] for place in places), self.channels)


class SideBySide:
    """The data of M series with as many channels, and windows of one length.

    Args:
        data: M.
        config: `training`, `augment` and `loss` are read.
        seed: of order and synthetic anomalies: those that a series has alone.
        device: where batches go.
    """

    def __init__(self, data: Sequence[TrainingData], config: DetectorConfig, seed: int, device: torch.device) -> None:
        self.data = list(data)
        self.config = config
        self.seed = seed
        self.device = device
        self.size = step_size(data[0], config)
        self.banks = self._banks()
        self.validation = self._validation()

    def batch(self, step: int) -> Batch:
        """The windows of step `step`."""
        starts = [each.batch(self.seed, step, self.size) for each in self.data]
        channels = self.data[0].channels(self.seed, step) if self.config.channel_mode == "separate" else None
        return self._batch(starts, "views", step, channels)

    def keep(self, places: Sequence[int]) -> None:
        """Goes on with the series at `places` alone."""
        self.data = [self.data[place] for place in places]
        self.banks = None if self.banks is None else self.banks[torch.tensor(places, device=self.device)]
        kept = [part.keep(places) for part in self.validation]
        self.validation = [part for part in kept if any(part.counts)]

    def _validation(self) -> list[Batch]:
        """The held-out windows in pieces of a batch, each series' own, made once."""
        size, validated = self.config.training.batch, [each.validation() for each in self.data]
        begins = range(0, max(map(len, validated)), size)
        pieces = [[starts[begin : begin + size] for starts in validated] for begin in begins]
        return [self._batch(piece, "validation", begin, None) for piece, begin in zip(pieces, begins, strict=True)]

    def _batch(self, pieces: list[Indices], purpose: str, step: int, channels: Indices | None) -> Batch:
        """Starts of each series as a batch; one with fewer has windows of zeros behind."""
        most, window = max(map(len, pieces)), self.data[0].windows.shape[2]
        width = self.data[0].windows.shape[1] if channels is None else len(channels)
        asked = 3 if self.config.loss.asks_of_views else 1
        windows = np.zeros((len(pieces), asked, most, width, window), dtype=np.float32)
        starts = np.zeros((len(pieces), most), dtype=np.int64)
        for place, (each, piece) in enumerate(zip(self.data, pieces, strict=True)):
            if not len(piece):
                continue
            starts[place, : len(piece)] = piece
            normal = each.windows[piece] if channels is None else each.windows[piece][:, channels]
            windows[place, 0, : len(piece)] = normal
            if asked > 1:
                drawn = views(normal, self.config.augment, generator(self.seed, purpose, step))
                windows[place, 1:, : len(piece)] = drawn
        named = None if channels is None else moved(channels, self.device)
        counts = tuple(len(piece) for piece in pieces)
        return Batch(moved(windows, self.device), self._forbidden(starts), counts, named)

    def _banks(self) -> Tensor | None:
        """Where prototypes were cut, (M, K), made equally long as a stack makes them; None where they were not cut."""
        banks = [each.bank for each in self.data]
        most = max(map(len, banks))
        return None if most == 0 else moved(np.stack([_filled(bank, most) for bank in banks]), self.device)

    def _forbidden(self, starts: NDArray[np.int64]) -> Tensor | None:
        """Whether windows at `starts` (M, B) share a point with a prototype, (M, B, K)."""
        if self.banks is None:
            return None
        apart = moved(starts, self.device)[:, :, None] - self.banks[:, None, :]
        overlap: Tensor = apart.abs() < self.data[0].windows.shape[2]
        return overlap


def step_shape(data: TrainingData, config: DetectorConfig) -> tuple[int, int, int]:
    """What series must share to be trained together: channels, window, and windows of a step."""
    _, channels, window = data.windows.shape
    return channels, window, min(step_size(data, config), len(data.starts))


def _filled(bank: Indices, most: int) -> Indices:
    return np.concatenate([bank, np.repeat(bank[-1:], most - len(bank))])
