"""What is handled instead of refused: order, gaps, extremes. Each leaves a note of one sentence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from anomalyllm.data.origin import Floats, Times
from anomalyllm.data.wording import NAMED, channels_named, others, plural, short, span

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
    repeated = len(times) - len(kept)
    if repeated:
        rest = "1 row repeats" if repeated == 1 else f"{repeated} rows repeat"
        notes.append(f"{rest} a time: the last row of each time was kept")
    return kept


def note_irregular_steps(times: Times, notes: list[str]) -> None:
    """Tells once if more than 1 % of the steps differ from the median step by more than 1 %."""
    if len(times) < 3:
        return
    steps = np.diff(times.view(np.int64)).astype(np.float64)
    median = median_step(times)
    share = float(np.mean(np.abs(steps - median) > IRREGULAR_SHARE * median))
    if share > IRREGULAR_SHARE:
        notes.append(
            f"sampling is irregular: {share:.1%} of the steps differ from the median step of {span(median)}, "
            "and rows are taken as equally spaced"
        )


def note_missing(values: Floats, channels: Sequence[str], notes: list[str]) -> None:
    """Tells how many values are missing, where first, and which channels have none at all."""
    missing = np.isnan(values)
    counts = missing.sum(axis=0)
    if not counts.any():
        return
    first = missing.argmax(axis=0)
    empty = np.flatnonzero(counts == len(values))
    partly = np.flatnonzero((counts > 0) & (counts < len(values)))
    if len(partly):
        details = [f"{short(channels[i])} has {counts[i]}, first at row {first[i]}" for i in partly[:NAMED]]
        total = plural(int(counts[partly].sum()), "value is", "values are")
        notes.append(f"{total} missing: {'; '.join(details)}{others(len(partly))}")
    if len(empty):
        who = channels_named(channels, empty)
        notes.append(f"{who} no value at all and {'counts' if len(empty) == 1 else 'count'} as constant")


def discard_extremes(values: Floats, channels: Sequence[str], notes: list[str]) -> None:
    """Infinities, and numbers beyond 1e30, become NaN in `values`."""
    with np.errstate(invalid="ignore"):
        extreme = np.abs(values) > LARGEST
    if not extreme.any():
        return
    infinite = np.isinf(values)
    for found, name in ((infinite, "infinite"), (extreme & ~infinite, f"beyond {LARGEST:.0e} in magnitude")):
        counts = found.sum(axis=0)
        if counts.any():
            total = plural(int(counts.sum()), "value is", "values are")
            where = channels_named(channels, np.flatnonzero(counts), verb=False)
            notes.append(f"{total} {name.replace('+', '')} and taken as missing: {where}")
    values[extreme] = np.nan


def note_constant(values: Floats, channels: Sequence[str], notes: list[str]) -> None:
    """Tells which channels hold one value throughout."""
    if len(values) < 2:
        return
    constant = np.flatnonzero(np.fmin.reduce(values, axis=0) == np.fmax.reduce(values, axis=0))
    if len(constant):
        notes.append(f"{channels_named(channels, constant)} one value throughout (constant)")


def median_step(times: Times) -> float:
    """In nanoseconds."""
    return float(np.median(np.diff(times.view(np.int64))))
