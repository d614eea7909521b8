"""What is handled instead of refused: order, gaps, extremes. Each leaves a note of one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from anomalyllm.data.origin import Floats, Times
from anomalyllm.data.wording import NAMED, channels_named, others, plural, short, span

Counts: TypeAlias = NDArray[np.int_]

LARGEST = 1e30  # larger magnitudes are fill values of loggers, and their squares leave float32
IRREGULAR_SHARE = 0.01  # of the steps that differ, and by how much of the median step


def rows_in_order(times: Times, notes: list[str]) -> NDArray[np.intp] | None:
    """The rows that put times into strictly increasing order (of equal ones the last); None if they are."""
    steps = np.diff(times.view(np.int64))
    if (steps > 0).all():
        return None
    rows: NDArray[np.intp] = np.arange(len(times))
    if (steps < 0).any():
        notes.append("the times were not in order: the rows were sorted by time")
        rows = np.argsort(times, kind="stable")
    kept: NDArray[np.intp] = rows[np.append(np.diff(times[rows].view(np.int64)) > 0, True)]
    tell_repeated(len(times) - len(kept), notes)
    return kept


def tell_repeated(repeated: int, notes: list[str]) -> None:
    """That of rows with equal time the last was kept."""
    if repeated:
        rest = "1 row repeats" if repeated == 1 else f"{repeated} rows repeat"
        notes.append(f"{rest} a time: the last row of each time was kept")


def note_irregular_steps(times: Times, notes: list[str]) -> None:
    """Tells once if more than 1 % of the steps differ from the median step by more than 1 %."""
    if len(times) < 3:
        return
    steps = np.diff(times.view(np.int64)).astype(np.float64)
    median = median_step(times)
    tell_irregular(float(np.mean(np.abs(steps - median) > IRREGULAR_SHARE * median)), median, notes)


def tell_irregular(share: float, median: float, notes: list[str]) -> None:
    """That a share of the steps differs from the median step, in nanoseconds."""
    if share > IRREGULAR_SHARE:
        notes.append(
            f"sampling is irregular: {share:.1%} of the steps differ from the median step of {span(median)}, "
            "and rows are taken as equally spaced"
        )


def note_missing(values: Floats, channels: Sequence[str], notes: list[str]) -> None:
    """Tells how many values are missing, where first, and which channels have none at all."""
    missing = np.isnan(values)
    tell_missing(missing.sum(axis=0), missing.argmax(axis=0), len(values), channels, notes)


def tell_missing(counts: Counts, first: Counts, rows: int, channels: Sequence[str], notes: list[str]) -> None:
    """The same from counts (C,) and first rows (C,) of missing values among `rows`."""
    empty = np.flatnonzero(counts == rows)
    partly = np.flatnonzero((counts > 0) & (counts < rows))
    if len(partly):
        details = [f"{short(channels[i])} has {counts[i]}, first at row {first[i]}" for i in partly[:NAMED]]
        total = plural(int(counts[partly].sum()), "value is", "values are")
        notes.append(f"{total} missing: {'; '.join(details)}{others(len(partly))}")
    if len(empty):
        who = channels_named(channels, empty)
        notes.append(f"{who} no value at all and {'counts' if len(empty) == 1 else 'count'} as constant")


def discard_extremes(values: Floats, channels: Sequence[str], notes: list[str]) -> None:
    """Infinities, and numbers beyond 1e30, become NaN in `values`."""
    infinite, beyond = discarded_extremes(values)
    tell_extremes(infinite, beyond, channels, notes)


def discarded_extremes(values: Floats) -> tuple[Counts, Counts]:
    """How many infinities and how many numbers beyond 1e30, (C,) each, became NaN in `values`."""
    with np.errstate(invalid="ignore"):
        extreme = np.abs(values) > LARGEST
    infinite = np.isinf(values)
    values[extreme] = np.nan
    return infinite.sum(axis=0), (extreme & ~infinite).sum(axis=0)


def tell_extremes(infinite: Counts, beyond: Counts, channels: Sequence[str], notes: list[str]) -> None:
    """That infinities and numbers beyond 1e30, (C,) of each, were taken as missing."""
    for counts, name in ((infinite, "infinite"), (beyond, f"beyond {LARGEST:.0e} in magnitude")):
        if counts.any():
            total = plural(int(counts.sum()), "value is", "values are")
            where = channels_named(channels, np.flatnonzero(counts), verb=False)
            notes.append(f"{total} {name.replace('+', '')} and taken as missing: {where}")


def note_constant(values: Floats, channels: Sequence[str], notes: list[str]) -> None:
    """Tells which channels hold one value throughout."""
    tell_constant(np.fmin.reduce(values, axis=0) == np.fmax.reduce(values, axis=0), len(values), channels, notes)


def tell_constant(constant: NDArray[np.bool_], rows: int, channels: Sequence[str], notes: list[str]) -> None:
    """That channels, those of (C,), hold one value in all of `rows`."""
    if rows >= 2 and constant.any():
        notes.append(f"{channels_named(channels, np.flatnonzero(constant))} one value throughout (constant)")


def median_step(times: Times) -> float:
    """In nanoseconds."""
    return float(np.median(np.diff(times.view(np.int64))))
