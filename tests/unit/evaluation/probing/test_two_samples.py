"""The two-sample test: halves of one kind cannot be told apart, other kinds can, and no window knows its neighbour."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest

from anomalyllm.errors import LibraryError
from anomalyllm.evaluation.probing.two_samples import FEWEST, FOLDS, blocks, two_sample_area


def drawn(count: int, seed: int, shift: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, 5)) + shift


def groups(count: int) -> np.ndarray:
    return np.arange(count) % FOLDS


def test_two_halves_of_one_kind_cannot_be_told_apart() -> None:
    areas = [two_sample_area(drawn(80, seed), drawn(120, 100 + seed), groups(80), groups(120)) for seed in range(10)]
    assert np.mean(areas) == pytest.approx(0.5, abs=0.06)


def test_kinds_that_lie_apart_can() -> None:
    assert two_sample_area(drawn(80, 0, 3.0), drawn(80, 1), groups(80), groups(80)) > 0.99


def test_copies_in_one_block_are_not_recognised() -> None:
    """Overlapping windows of one anomaly: a classifier that has seen one must not be asked about the next.

    Each of few anomalies lies somewhere of its own among the others; only its copies could give it away.
    """
    apart, leaked = [], []
    for seed in range(6):
        copies = np.repeat(drawn(8, seed), 10, axis=0) + 0.01 * drawn(80, 50 + seed)
        others = drawn(200, 100 + seed)
        apart.append(two_sample_area(copies, others, np.repeat(np.arange(8), 10), groups(200)))
        leaked.append(two_sample_area(copies, others, np.tile(np.arange(10), 8), groups(200)))
    assert np.mean(apart) == pytest.approx(0.5, abs=0.1)
    assert np.mean(leaked) > np.mean(apart) + 0.1


def test_few_windows_say_nothing() -> None:
    few, many = drawn(FEWEST - 1, 0), drawn(50, 1)
    assert math.isnan(two_sample_area(few, many, groups(len(few)), groups(50)))
    assert math.isnan(two_sample_area(many, few, groups(50), groups(len(few))))
    assert math.isnan(two_sample_area(many, many, np.zeros(50, np.int64), groups(50)))  # one group: nothing to learn


def test_blocks_are_anomalies_or_stretches_of_time() -> None:
    starts = np.array([30, 10, 20, 40, 0, 50, 60, 70])
    assert list(blocks(starts, np.zeros(8, np.int64))) == [1, 0, 1, 2, 0, 2, 3, 3]
    runs = np.array([7, 7, 3, 3, 9, 9, 1, 1])
    assert list(blocks(starts, runs)) == [2, 2, 1, 1, 3, 3, 0, 0]
    assert len(blocks(np.zeros(0, np.int64), np.zeros(0, np.int64))) == 0


def test_without_scikit_learn_it_says_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(LibraryError, match=r"expected scikit-learn for the probe of realism.*\[baselines\]"):
        two_sample_area(drawn(20, 0), drawn(20, 1), groups(20), groups(20))
