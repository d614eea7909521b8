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

from anomalyllm.banking import FEW_MISSING
from anomalyllm.config import DetectorConfig
from anomalyllm.fitted import Fitted
from anomalyllm.judges import Prepared
from anomalyllm.locating import usual_peaks
from anomalyllm.model.bank import Scale
from anomalyllm.seeding import generator
from anomalyllm.training.data import clear_of_gaps, mostly_there

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

FEWEST_OWN_ROWS = 10_000  # that a threshold can be taken from
MOST_OWN_VALUES = 10_000_000  # numbers in the rows that are looked at: 40 MB; of many channels fewer rows than asked
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


def own_rows(config: DetectorConfig, channels: int) -> int:
    """How many rows of a long training part are looked at: of many channels fewer than `retrieval.own_rows`."""
    return min(config.retrieval.own_rows, max(FEWEST_OWN_ROWS, MOST_OWN_VALUES // channels))


def rows_of(stretches: Sequence[Stretch]) -> Indices:
    """The training rows of `stretches` that count, ascending."""
    return np.concatenate([np.arange(at.begin, at.stop) for at in stretches])


def trusted_scores(
    scores: Floats, parts: Sequence[tuple[Stretch, Prepared]], window: int, absent: NDArray[np.bool_]
) -> Floats:
    """The scores (N,) of `parts` that no window with gaps has touched, if any; `absent` (C,) have no value at all."""
    clear = np.concatenate([_clear(part, window, absent)[at.counted] for at, part in parts])
    return scores[clear] if clear.any() else scores


def _clear(part: Prepared, window: int, absent: NDArray[np.bool_]) -> NDArray[np.bool_]:
    missing = np.zeros(part.values.shape, np.bool_) if part.missing is None else part.missing
    return clear_of_gaps(mostly_there(missing, window, FEW_MISSING, absent), window)


def own_scores(fitted: Fitted, parts: Sequence[tuple[Stretch, Prepared]]) -> list[Floats]:
    """Of each stretch the scores of its rows that count, in units of `fitted`; no window meets its neighbours."""
    return [_moved(fitted, at.first).point_scores(part, own=True)[at.counted] for at, part in parts]


def usual_scales(fitted: Fitted, parts: Sequence[tuple[Stretch, Prepared]]) -> Iterator[Scale]:
    """The scales of places with the highest that their curves reach in any of the stretches."""
    for scale in fitted.scales:
        usual = np.zeros(0)
        for at, part in parts:
            moved = dataclasses.replace(scale, bank=scale.bank.seen_from(at.first))
            peaks = usual_peaks(fitted, moved, part)
            usual = peaks if not len(usual) else np.maximum(usual, peaks)
        yield dataclasses.replace(scale, usual=usual)


def _moved(fitted: Fitted, row: int) -> Fitted:
    """`fitted` for a part of its training rows that begins at `row`."""
    return dataclasses.replace(fitted, judges=tuple(judge.seen_from(row) for judge in fitted.judges))
