"""What the rows of an experiment say: each variant beside the reference, on the series that both have.

Seeds of a series are averaged first. Differences are paired by series, with 95 % bootstrap intervals. The first measure
decides: its comparisons alone have p-values, of a sign-flip permutation test, corrected by Holm over all of them. With
a dozen series a correction over every measure would leave nothing that could ever be told from chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from anomalyllm.evaluation.bench.rows import Row
from anomalyllm.evaluation.bench.summary import by_case
from anomalyllm.evaluation.experiments.grid import Answer, Grid
from anomalyllm.evaluation.statistics import RESAMPLES, Comparison, Interval, compare, mean_interval

QUARTILES = (25, 50, 75)
DECIDED = 0.05  # a corrected p-value below this is told from chance


@dataclass(frozen=True)
class Finding:
    """One variant.

    Attributes:
        label: its name.
        series: on which the measure that decides is defined: areas are not where nothing is anomalous.
        seeds: with rows that were carried out.
        failed: rows that were not.
        means: of every measure over its series, with intervals.
        reference: label of the variant that it is compared with; "" where it has none, or that one has no rows.
        differences: from the reference, by measure.
        adjusted: the p-value of the first measure's difference after Holm's correction, by that measure.
        least: what that p-value would be if all series differed in the same direction: it cannot be less.
    """

    label: str
    series: int
    seeds: int
    failed: int
    means: Mapping[str, Interval]
    reference: str
    differences: Mapping[str, Comparison]
    adjusted: Mapping[str, float]
    least: float


def findings(grid: Grid, rows: Sequence[Row]) -> list[Finding]:
    """A finding for each variant that has rows, in the order of the grid."""
    groups = {variant.label: of_variant(rows, variant.label) for variant in grid.variants}
    groups = {label: group for label, group in groups.items() if group}
    drawn = [f"{name}_q{part}" for name in grid.quartiles for part in QUARTILES]
    measures = (*grid.measures, *grid.also, *drawn)
    references = {one.label: grid.reference_of(one) for one in grid.variants if grid.reference_of(one) in groups}
    differences = {
        label: {measure: paired(group, groups[references[label]], measure) for measure in grid.measures}
        for label, group in groups.items()
        if label in references
    }
    decisive = grid.measures[0]
    adjusted = dict(zip(differences, holm([found[decisive].p_value for found in differences.values()]), strict=True))
    return [
        Finding(
            label=label,
            series=mean_of(group, decisive).count,
            seeds=len({row["seed"] for row in group if row["status"] == "done"}),
            failed=sum(row["status"] != "done" for row in group),
            means={measure: mean_of(group, measure) for measure in measures},
            reference=references.get(label, ""),
            differences=differences.get(label, {}),
            adjusted={decisive: adjusted[label]} if label in adjusted else {},
            least=least_p(differences[label][decisive].difference.count, len(adjusted)) if label in adjusted else 1.0,
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


def least_p(series: int, comparisons: int) -> float:
    """The least corrected p-value that so many series can give, whatever the differences.

    Of all 2^n changes of signs two are as far out as n differences of one sign, or of `RESAMPLES` drawn ones so many;
    Holm multiplies the least by the number of comparisons.
    """
    single = 2 * max(0.5**series, 1 / (RESAMPLES + 1)) if series > 1 else 1.0
    return min(1.0, single * comparisons)


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
