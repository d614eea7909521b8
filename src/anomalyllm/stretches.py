"""Parts of a long training part whose own scores stand for those of all of it.

The rows are divided into as many strata as stretches fit into a budget, and of each stratum one stretch is looked at,
at a place that is drawn: evenly spaced ones would all fall into the same hour of the day. A stretch carries what its
windows need on both sides, so its rows have the very scores that the whole training part would give them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anomalyllm.fitted import Fitted
from anomalyllm.judges import Prepared
from anomalyllm.locating import usual_peaks
from anomalyllm.model.bank import Bank, Scale
from anomalyllm.seeding import generator

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

ROWS = 4096  # of a stretch that count; the more stretches, the more of the training part is seen


@dataclass(frozen=True)
class Stretch:
    """Which rows are looked at.

    Args:
        first, end: rows of the training part that are held, half-open; windows of every length begin at `first`.
        begin, stop: those of them that count.
    """

    first: int
    end: int
    begin: int
    stop: int

    @property
    def counted(self) -> slice:
        """The rows that count, among those that are held."""
        return slice(self.begin - self.first, self.stop - self.first)


def planned(rows: int, budget: int, reach: int, unit: int, seed: int) -> list[Stretch]:
    """Stretches of a training part of `rows`, of which at most `budget` count; in order, without overlap.

    Args:
        rows: T, more than `budget`.
        budget: rows.
        reach: samples of the longest window.
        unit: a multiple of every stride.
        seed: decides where in its stratum a stretch lies.
    """
    length = min(budget, max(ROWS, 4 * reach))
    borders = np.linspace(0, rows, budget // length + 1).astype(np.int64)
    chance = generator(seed, "stretches")
    stretches = []
    for low, high in zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True):
        begin = low + int(chance.integers(0, high - low - length + 1))
        stop = begin + length
        first = max(0, begin - reach) // unit * unit
        stretches.append(Stretch(first, min(rows, stop + reach - 1), begin, stop))
    return stretches


def seen_from(bank: Bank, row: int) -> Bank:
    """`bank` with its rows counted from `row` on: by them a window's neighbours in time are told."""
    return dataclasses.replace(bank, starts=bank.starts - row)


def own_scores(fitted: Fitted, parts: Sequence[tuple[Stretch, Prepared]]) -> list[Floats]:
    """Of each stretch the scores of its rows that count, in units of `fitted`; no window meets its neighbours."""
    return [_moved(fitted, at.first).point_scores(part, own=True)[at.counted] for at, part in parts]


def usual_scales(fitted: Fitted, parts: Sequence[tuple[Stretch, Prepared]]) -> Iterator[Scale]:
    """The scales of places with the highest that their curves reach in any of the stretches."""
    for scale in fitted.scales:
        usual = np.zeros(0)
        for at, part in parts:
            moved = dataclasses.replace(scale, bank=seen_from(scale.bank, at.first))
            peaks = usual_peaks(fitted, moved, part)
            usual = peaks if not len(usual) else np.maximum(usual, peaks)
        yield dataclasses.replace(scale, usual=usual)


def _moved(fitted: Fitted, row: int) -> Fitted:
    """`fitted` for a part of its training rows that begins at `row`."""
    judges = (dataclasses.replace(judge, bank=seen_from(judge.bank, row)) for judge in fitted.retrieval)
    return dataclasses.replace(fitted, judges=tuple(judges))
