"""The windows that training sees: cut from the fit part, validated on a held-out tail, in an order given by a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anomalyllm.config import DetectorConfig
from anomalyllm.seeding import generator
from anomalyllm.windows.kept import Windows

Indices = NDArray[np.int64]

MOST_CHANNELS = 4  # in a step, where channels are judged alone: they share their weights, so a few at a time will do
MOST_VALIDATION_WINDOWS = 512  # times channels: more change the mean little and cost as much as training
FEWEST_VALIDATION_WINDOWS = 16


@dataclass(frozen=True)
class TrainingData:
    """Windows of a training part.

    Args:
        windows: every window of it as a view, or those that are asked for; scaled, nothing missing.
        starts: first rows of the windows to train on, (W,).
        held_out: first rows of windows in the held-out tail, (V,); they share no point with those in `starts` where
            the series is long enough.
        bank: first rows of the windows that serve as prototypes, (K,), or empty.
        sampled_from: how many windows `starts` was drawn from; its own number where all are trained on.
        validated: which windows of the tail are validated on; None: `held_out`, thinned.
        held_out_from: how many windows `held_out` stands for; None: its own number.
    """

    windows: Windows
    starts: Indices
    held_out: Indices
    bank: Indices
    sampled_from: int
    validated: Indices | None = None
    held_out_from: int | None = None

    def batch(self, seed: int, step: int, size: int) -> Indices:
        """The starts of step `step`: a part of the epoch's own permutation; the last, smaller part is left out."""
        size = min(size, len(self.starts))
        per_epoch = len(self.starts) // size
        epoch, place = divmod(step, per_epoch)
        order = generator(seed, "order", epoch).permutation(len(self.starts))
        return self.starts[order[place * size : (place + 1) * size]]

    def steps(self, epochs: int, size: int, most: int | None) -> int:
        """Number of steps in `epochs` epochs, at most `most`."""
        steps = epochs * (len(self.starts) // min(size, len(self.starts)))
        return steps if most is None else min(steps, most)

    def channels(self, seed: int, step: int) -> Indices:
        """The channels of step `step` where each is judged alone: at most `MOST_CHANNELS`, drawn."""
        count = self.windows.shape[1]
        if count <= MOST_CHANNELS:
            return np.arange(count, dtype=np.int64)
        return np.sort(generator(seed, "channels", step).choice(count, MOST_CHANNELS, replace=False).astype(np.int64))

    def windows_per_step(self, batch: int) -> int:
        """Windows of a step where each channel is judged alone: `batch` counts a window once for each channel."""
        together = min(MOST_CHANNELS, int(self.windows.shape[1]))
        return max(1, batch // together)

    @property
    def tail(self) -> int:
        """Windows of the held-out tail, those among them that are not kept."""
        return len(self.held_out) if self.held_out_from is None else self.held_out_from

    def validation(self) -> Indices:
        """Starts in the held-out tail, so few that windows times channels stay few."""
        if self.validated is not None:
            return self.validated
        return thinned(self.held_out, most_validated(self.windows.shape[1]))


def most_validated(channels: int) -> int:
    """Windows of the held-out tail that are validated on, at most."""
    return max(FEWEST_VALIDATION_WINDOWS, MOST_VALIDATION_WINDOWS // channels)


def step_size(data: TrainingData, config: DetectorConfig) -> int:
    """Windows of a step, where the series has as many."""
    batch = config.training.batch
    return data.windows_per_step(batch) if config.channel_mode == "separate" else batch


def mostly_there(
    missing: NDArray[np.bool_], window: int, most: float, absent: NDArray[np.bool_] | None = None
) -> NDArray[np.bool_]:
    """Which windows of a series lack at most `most` (a share) of their values; (T, C) -> (T - L + 1,).

    Channels without any value do not count: they are constant, not gaps. `absent` (C,) names them where `missing` is
    only a part of the series.
    """
    partly = missing[:, ~(missing.all(axis=0) if absent is None else absent)]
    total = np.concatenate([[0], np.cumsum(partly.sum(axis=1))])
    lacking = total[window:] - total[:-window]
    there: NDArray[np.bool_] = lacking <= most * window * max(1, partly.shape[1])
    return there


def clear_of_gaps(there: NDArray[np.bool_], window: int) -> NDArray[np.bool_]:
    """Which points (T,) no window with gaps covers, from the windows without them (T - L + 1,)."""
    gaps = np.concatenate([[0], np.cumsum(~there)])
    rows = np.arange(len(there) + window - 1)
    clear: NDArray[np.bool_] = gaps[np.minimum(rows + 1, len(there))] == gaps[np.maximum(0, rows - window + 1)]
    return clear


def thinned(starts: Indices, most: int) -> Indices:
    """At most `most` of `starts`, evenly spread."""
    return starts[spread(len(starts), most)]


def spread(count: int, most: int) -> Indices:
    """At most `most` places of `count`, evenly spread."""
    if count <= most:
        return np.arange(count, dtype=np.int64)
    return np.linspace(0, count - 1, most).astype(np.int64)


def stratified(count: int, most: int, chance: np.random.Generator) -> Indices:
    """At most `most` places of `count`, one drawn from each of as many equal parts.

    Evenly spaced, they could all be of one hour of the day.
    """
    if count <= most:
        return np.arange(count, dtype=np.int64)
    borders = np.linspace(0, count, most + 1).astype(np.int64)
    return chance.integers(borders[:-1], borders[1:])


def split_starts(rows: int, window: int, held_out: float, stride: int) -> tuple[Indices, Indices]:
    """Starts of windows for fitting and for validation, the latter from the last `held_out` (a share) of `rows`.

    Where the tail is shorter than a window it takes one window's rows; where nothing would be left to fit (fewer than
    two windows of rows), both are all windows.
    """
    fit, tail = split_ranges(rows, window, held_out, stride)
    return np.asarray(fit, dtype=np.int64), np.asarray(tail, dtype=np.int64)


def split_ranges(rows: int, window: int, held_out: float, stride: int) -> tuple[range, range]:
    """`split_starts` without an array of each."""
    border = min(rows - window, round(rows * (1 - held_out)))
    if border < window:
        every = range(0, rows - window + 1, stride)
        return every, every
    return range(0, border - window + 1, stride), range(border, rows - window + 1, stride)
