"""From rows to tables: means over series with their intervals, and paired comparisons between methods.

Seeds of a series are averaged first (see `evaluation.statistics`). A series on which a method failed counts as failed
and is left out of its means; comparisons use the series that both methods have.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomalyllm.evaluation.bench.rows import COSTS, MEASURED, Row, number
from anomalyllm.evaluation.statistics import Comparison, Interval, compare, mean_interval

Floats = NDArray[np.float64]
Group = tuple[str, str, str]  # method, protocol, data set

LOCATED = frozenset({"UCR"})  # sets that are judged by one location; the others by VUS-PR
HONEST = "honest"


def summarise(rows: Iterable[Row]) -> dict[str, dict[str, dict[str, Any]]]:
    """{method: {data set: figures}}; a method under another protocol than `honest` is named with it.

    Figures: `n` series, `failed`, `seeds`, the mean of every measure, `ci95` of the headline measure (`headline`),
    `intervals` of all measures, and the median seconds and the largest memory of a run.
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


def figures(rows: Sequence[Row], dataset: str) -> dict[str, Any]:
    """Everything that is said of one method on one data set."""
    done = [row for row in rows if row["status"] == "done"]
    intervals = {name: mean_interval(np.array(list(by_case(done, name).values()))) for name in MEASURED}
    seconds = [number(row["seconds_fit"]) + np.nan_to_num(number(row["seconds_score"])) for row in done]
    memory = [number(row[COSTS[2]]) for row in done]
    best = intervals[headline(dataset)]
    return {
        "n": len({row["case"] for row in done}),
        "failed": len({row["case"] for row in rows if row["status"] == "failed"}),
        "seeds": len({row["seed"] for row in done}),
        "teacher": next((row["teacher"] for row in done if row["teacher"]), ""),
        "headline": headline(dataset),
        "ci95": None if math.isnan(best.mean) else [best.low, best.high],
        **{name: None if math.isnan(interval.mean) else interval.mean for name, interval in intervals.items()},
        "seconds_median": float(np.median(seconds)) if seconds else None,
        "peak_memory_mib": max((value for value in memory if not math.isnan(value)), default=None),
        "intervals": {name: _pair(interval) for name, interval in intervals.items() if interval.count},
    }


def by_case(rows: Iterable[Row], measure: str) -> dict[str, float]:
    """The mean over seeds of a measure, for each series, sorted by name; NaN where it is not defined.

    Sorted, because a bootstrap depends on the order of its values, and rows come in the order in which they end.
    """
    values: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if row["status"] == "done":
            values[row["case"]].append(number(row[measure]))
    return {case: float(np.mean(values[case])) for case in sorted(values)}


def compared(ours: Sequence[Row], theirs: Sequence[Row], measure: str) -> Comparison:
    """One method against another on the series that both have, by the mean over seeds."""
    first, second = by_case(ours, measure), by_case(theirs, measure)
    shared = [case for case in first if case in second]
    return compare(np.array([first[case] for case in shared]), np.array([second[case] for case in shared]))


def _pair(interval: Interval) -> list[float]:
    return [interval.low, interval.high]
