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
Values = Mapping[str, Mapping[str, float]]


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
    """The choices from rows, and chosen less reference over all series; None where the reference has no rows.

    Only variants that have every series of the reference are chosen from: a mean over the easy ones among them would
    be held against means over all.
    """
    values = {variant.label: _by_set(of_variant(rows, variant.label)) for variant in grid.variants}
    wanted = values[grid.reference]
    if not wanted:
        return None
    whole = {name: sets for name, sets in values.items() if _has(sets, wanted)}
    means = {
        name: {one: float(np.mean([sets[one][case] for case in wanted[one]])) for one in wanted}
        for name, sets in whole.items()
    }
    choices = left_out_choices(means, grid.reference)
    pairs = [
        (whole[choice.chosen][choice.dataset][case], value)
        for choice in choices
        for case, value in wanted[choice.dataset].items()
    ]
    first, second = np.array(pairs, dtype=np.float64).reshape(-1, 2).T
    return choices, compare(first, second)


def _by_set(rows: Sequence[Row]) -> Values:
    """{set: {series: value}} of one variant, where it is defined."""
    found = {name: by_case([row for row in rows if row["dataset"] == name], MEASURE) for name in _sets(rows)}
    known = {name: {case: one for case, one in cases.items() if np.isfinite(one)} for name, cases in found.items()}
    return {name: cases for name, cases in known.items() if cases}


def _sets(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row["dataset"] for row in rows))


def _has(values: Values, wanted: Values) -> bool:
    return all(set(cases) <= set(values.get(name, {})) for name, cases in wanted.items())
