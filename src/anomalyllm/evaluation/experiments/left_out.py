"""Settings chosen on other data: for each set, the variant that is best on all the other sets, judged on this one.

What the best variant of every set reaches (the oracle) is what choosing on the set's own labels would promise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from anomalyllm.evaluation.bench.rows import Row
from anomalyllm.evaluation.bench.summary import by_case
from anomalyllm.evaluation.experiments.findings import of_variant
from anomalyllm.evaluation.experiments.grid import Grid
from anomalyllm.evaluation.statistics import Comparison, compare

MEASURE = "vus_pr"  # defined on every set, whatever it is first judged by


class Choice(NamedTuple):
    """One set, left out while the variant was chosen."""

    dataset: str
    chosen: str  # the best on the mean of the other sets
    value: float  # of the chosen one, here
    oracle: str  # the best here
    best: float
    reference: float  # of the grid's reference, here


def left_out_choices(means: Mapping[str, Mapping[str, float]], reference: str) -> list[Choice]:
    """The choice for each set.

    Args:
        means: {variant: {set: mean}}; variants that lack a set (absent, or NaN) are not chosen from.
        reference: a variant that has all sets.
    """
    sets = list(means[reference])
    whole = {name: row for name, row in means.items() if all(np.isfinite(row.get(one, np.nan)) for one in sets)}
    choices = []
    for left in sets:
        others = {name: float(np.mean([row[one] for one in sets if one != left])) for name, row in whole.items()}
        chosen = max(others, key=others.__getitem__) if len(sets) > 1 else reference
        oracle = max(whole, key=lambda name: whole[name][left])
        value, best = whole[chosen][left], whole[oracle][left]
        choices.append(Choice(left, chosen, value, oracle, best, means[reference][left]))
    return choices


def left_out(grid: Grid, rows: Sequence[Row]) -> tuple[list[Choice], Comparison] | None:
    """The choices from rows, and chosen less reference over all series; None where the reference has no rows."""
    values = {
        variant.label: {
            dataset: by_case([row for row in group if row["dataset"] == dataset], MEASURE)
            for dataset in dict.fromkeys(row["dataset"] for row in group)
        }
        for variant in grid.variants
        if (group := of_variant(rows, variant.label))
    }
    if grid.reference not in values:
        return None
    means = {name: {one: _mean(cases) for one, cases in sets.items()} for name, sets in values.items()}
    means[grid.reference] = {one: mean for one, mean in means[grid.reference].items() if np.isfinite(mean)}
    choices = left_out_choices(means, grid.reference)
    pairs = [
        (values[choice.chosen][choice.dataset].get(case, np.nan), value)
        for choice in choices
        for case, value in values[grid.reference][choice.dataset].items()
    ]
    first, second = np.array(pairs, dtype=np.float64).reshape(-1, 2).T
    return choices, compare(first, second)


def _mean(cases: Mapping[str, float]) -> float:
    known = [value for value in cases.values() if np.isfinite(value)]
    return float(np.mean(known)) if known else np.nan
