"""Areas, medians and quartiles of two sets of distances, beside counts of all pairs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from anomalyllm.evaluation.probing.separation import area, median, quartiles, ratio


def slow_area(strange: list[float], normal: list[float]) -> float:
    """Every pair, by hand."""
    wins = [1.0 if high > low else 0.5 if high == low else 0.0 for high in strange for low in normal]
    return sum(wins) / len(wins)


@pytest.mark.parametrize("seed", range(5))
def test_the_area_is_the_share_of_pairs_in_order(seed: int) -> None:
    chance = np.random.default_rng(seed)
    strange, normal = chance.integers(0, 6, 17) * 1.0, chance.integers(0, 4, 11) * 1.0  # with many ties
    assert area(strange, normal) == pytest.approx(slow_area(strange.tolist(), normal.tolist()), abs=1e-12)


def test_what_was_not_judged_does_not_count_and_nothing_left_is_unknown() -> None:
    known = np.array([2.0, 3.0])
    assert area(np.array([math.nan, 4.0, math.inf]), known) == 1.0
    assert math.isnan(area(np.array([math.nan]), known))
    assert math.isnan(area(known, np.zeros(0)))
    assert math.isnan(median(np.zeros(0)))
    assert all(math.isnan(value) for value in quartiles("x", np.zeros(0)).values())


def test_ratios_of_medians_and_quartiles() -> None:
    assert ratio(np.array([1.0, 4.0, 9.0]), np.array([2.0])) == 2.0
    assert math.isnan(ratio(np.ones(1), np.zeros(3)))
    assert quartiles("x", np.arange(5.0)) == {"x_q25": 1.0, "x_q50": 2.0, "x_q75": 3.0}
