"""What the rows of an experiment say: each variant beside the reference, on the series that both have.

Seeds of a series are averaged first. Differences are paired by series, with 95 % bootstrap intervals and a sign-flip
permutation test whose p-values are corrected by Holm over all comparisons of the experiment, every measure included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from anomalyllm.evaluation.bench.rows import Row
from anomalyllm.evaluation.bench.summary import by_case
from anomalyllm.evaluation.experiments.grid import Answer, Grid
from anomalyllm.evaluation.statistics import Comparison, Interval, compare, mean_interval

QUARTILES = (25, 50, 75)
SERIES_TO_BELIEVE = 6  # of fewer pairs no p-value can be below .03, whatever the differences


@dataclass(frozen=True)
class Finding:
    """One variant.

    Attributes:
        label: its name.
        series, seeds: with rows that were carried out.
        failed: rows that were not.
        means: of every measure over its series, with intervals.
        differences: from the reference, by measure; none of the reference itself.
        adjusted: p-values of these after Holm's correction.
    """

    label: str
    series: int
    seeds: int
    failed: int
    means: Mapping[str, Interval]
    differences: Mapping[str, Comparison]
    adjusted: Mapping[str, float]


def findings(grid: Grid, rows: Sequence[Row]) -> list[Finding]:
    """A finding for each variant that has rows, in the order of the grid."""
    groups = {variant.label: of_variant(rows, variant.label) for variant in grid.variants}
    groups = {label: group for label, group in groups.items() if group}
    drawn = [f"{name}_q{part}" for name in grid.quartiles for part in QUARTILES]
    measures = (*grid.measures, *grid.also, *drawn)
    differences = {
        (label, measure): paired(group, groups.get(grid.reference, ()), measure)
        for label, group in groups.items()
        if label != grid.reference and grid.reference in groups
        for measure in grid.measures
    }
    adjusted = dict(zip(differences, holm([found.p_value for found in differences.values()]), strict=True))
    return [
        Finding(
            label=label,
            series=len({row["case"] for row in group if row["status"] == "done"}),
            seeds=len({row["seed"] for row in group if row["status"] == "done"}),
            failed=sum(row["status"] != "done" for row in group),
            means={measure: mean_of(group, measure) for measure in measures},
            differences={name: found for (of, name), found in differences.items() if of == label},
            adjusted={name: value for (of, name), value in adjusted.items() if of == label},
        )
        for label, group in groups.items()
    ]


def of_variant(rows: Sequence[Row], label: str) -> list[Row]:
    """The rows of one variant, its cases named with their sets: sets may have names in common."""
    return [row | {"case": f"{row['dataset']} {row['case']}"} for row in rows if row["method"] == label]


def mean_of(rows: Sequence[Row], measure: str) -> Interval:
    """The mean over series, and where it may lie."""
    return mean_interval(np.array(list(by_case(rows, measure).values())))


def paired(ours: Sequence[Row], theirs: Sequence[Row], measure: str) -> Comparison:
    """Ours less theirs, on the series that both have."""
    first, second = by_case(ours, measure), by_case(theirs, measure)
    shared = [case for case in first if case in second]
    return compare(np.array([first[case] for case in shared]), np.array([second[case] for case in shared]))


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values for several questions at once (Holm, 1979): the chance of any false answer stays below what is said.

    Args:
        p_values: of single tests, in any order.

    Returns:
        The same, each multiplied by how many are not smaller, never below that of a smaller one, at most 1.
    """
    adjusted = [1.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        highest = max(highest, min(1.0, p_values[place] * (len(p_values) - rank)))
        adjusted[place] = highest
    return adjusted


def answering(answer: Answer, found: Sequence[Finding]) -> Interval | None:
    """The number behind the answer: a difference from the reference, else a mean; None where there are no rows."""
    one = next((finding for finding in found if finding.label == answer.variant), None)
    if one is None:
        return None
    if answer.measure in one.differences:
        return one.differences[answer.measure].difference
    return one.means.get(answer.measure)


def by_set(grid: Grid, rows: Sequence[Row], measure: str) -> dict[str, dict[str, Interval]]:
    """{variant: {set: mean of a measure}}, sets in the order in which they come."""
    sets = list(dict.fromkeys(row["dataset"] for row in rows))
    table = {}
    for variant in grid.variants:
        group = of_variant(rows, variant.label)
        if group:
            table[variant.label] = {
                name: mean_of([row for row in group if row["dataset"] == name], measure) for name in sets
            }
    return table
