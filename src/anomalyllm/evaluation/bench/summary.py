"""From rows to tables: means over series with their intervals, and paired comparisons between methods.

Seeds of a series are averaged first (see `evaluation.statistics`), over those that were carried out and with which the
measure is defined. Comparisons use the series that both methods have.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomalyllm.evaluation.bench.rows import COSTS, MEASURED, Row, number, value_of
from anomalyllm.evaluation.statistics import Comparison, Interval, compare, mean_interval

Floats = NDArray[np.float64]
Group = tuple[str, str, str]  # method, protocol, data set

LOCATED = frozenset({"UCR"})  # sets that are judged by one location; the others by VUS-PR
HONEST = "honest"


def summarise(rows: Iterable[Row]) -> dict[str, dict[str, dict[str, Any]]]:
    """{method: {data set: figures}}; a method under another protocol than `honest` is named with it.

    Figures: `n` series that were judged, `failed` series without any, `failed_runs`, `seeds`; the mean of every measure
    (null where it is nowhere defined), over so many series (`counts`); `ci95` of the `headline` measure and `intervals`
    of all, where there are two series or more; the headline by family; the median seconds and largest memory of a run.
    """
    summary: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for (method, protocol, dataset), group in grouped(rows).items():
        summary[label(method, protocol)][dataset] = figures(group, dataset)
    return dict(summary)


def label(method: str, protocol: str) -> str:
    """How a method under a protocol is called."""
    return method if protocol == HONEST else f"{method} (protocol {protocol})"


def grouped(rows: Iterable[Row]) -> dict[Group, list[Row]]:
    """Rows by method, protocol and data set, in the order in which they first come."""
    groups: dict[Group, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["method"], row["protocol"], row["dataset"]].append(row)
    return dict(groups)


def headline(dataset: str) -> str:
    """The measure by which a data set is first judged."""
    return "accuracy" if dataset in LOCATED else "vus_pr"


def maximised(dataset: str) -> str:
    """The measure by which the paper's protocol chooses an epoch on the test labels."""
    return "accuracy" if dataset in LOCATED else "oracle_revised_point_adjusted_f1"


def figures(rows: Sequence[Row], dataset: str) -> dict[str, Any]:
    """Everything that is said of one method on one data set."""
    done = [row for row in rows if row["status"] == "done"]
    intervals = {name: _interval(done, name) for name in MEASURED}
    seconds = [number(row["seconds_fit"]) + np.nan_to_num(number(row["seconds_score"])) for row in done]
    memory = [number(row[COSTS[2]]) for row in done]
    best = intervals[headline(dataset)]
    return {
        "n": len({row["case"] for row in done}),
        "failed": len({row["case"] for row in rows} - {row["case"] for row in done}),
        "failed_runs": len(rows) - len(done),
        "seeds": len({row["seed"] for row in done}),
        "teacher": next((row["teacher"] for row in done if row["teacher"]), ""),
        "headline": headline(dataset),
        "ci95": [best.low, best.high] if best.count > 1 else None,
        **{name: None if math.isnan(interval.mean) else interval.mean for name, interval in intervals.items()},
        "seconds_median": float(np.median(seconds)) if seconds else None,
        "peak_memory_mib": max((value for value in memory if not math.isnan(value)), default=None),
        "intervals": {name: [found.low, found.high] for name, found in intervals.items() if found.count > 1},
        "counts": {name: found.count for name, found in intervals.items()},
        "families": _families(done, headline(dataset)),
    }


def _interval(rows: Iterable[Row], measure: str) -> Interval:
    return mean_interval(np.array(list(by_case(rows, measure).values())))


def _families(rows: Sequence[Row], measure: str) -> dict[str, dict[str, Any]]:
    """The headline measure by family: `n`, the mean and its interval."""
    families = sorted({row["family"] for row in rows})
    found = {family: _interval([row for row in rows if row["family"] == family], measure) for family in families}
    return {
        family: {
            "n": interval.count,
            measure: None if interval.count == 0 else interval.mean,
            "ci95": [interval.low, interval.high] if interval.count > 1 else None,
        }
        for family, interval in found.items()
    }


def by_case(rows: Iterable[Row], measure: str) -> dict[str, float]:
    """The mean over seeds of a measure, for each series, sorted by name; NaN where it is not defined.

    Sorted, because a bootstrap depends on the order of its values, and rows come in the order in which they end.
    """
    values: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if row["status"] == "done":
            values[row["case"]].append(value_of(row, measure))
    return {case: _mean_of_known(values[case]) for case in sorted(values)}


def _mean_of_known(values: Sequence[float]) -> float:
    """A measure may be undefined with one seed and not with another: no alarm, no delay of the first alarm."""
    known = [value for value in values if not math.isnan(value)]
    return float(np.mean(known)) if known else math.nan


def compared(ours: Sequence[Row], theirs: Sequence[Row], measure: str) -> Comparison:
    """One method against another on the series that both have, by the mean over seeds."""
    first, second = by_case(ours, measure), by_case(theirs, measure)
    shared = [case for case in first if case in second]
    return compare(np.array([first[case] for case in shared]), np.array([second[case] for case in shared]))
