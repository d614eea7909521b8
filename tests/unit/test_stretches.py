"""Stretches of a long training part: where they lie, and that their scores are those of the whole."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from anomalyllm import AnomalyLLM
from anomalyllm.judges import Prepared
from anomalyllm.locating import usual_peaks
from anomalyllm.stretches import ROWS, Stretch, own_scores, planned, usual_scales
from conftest import sine


@pytest.mark.parametrize(("rows", "budget"), [(1001, 1000), (20_000, 9000), (10**7, 500_000), (500_001, 500_000)])
def test_one_stretch_of_each_stratum_and_never_more_than_the_budget(rows: int, budget: int) -> None:
    found = planned(rows, budget, 128, 16, seed=0)
    counted = [at.stop - at.begin for at in found]
    assert len(set(counted)) == 1
    assert budget - ROWS < sum(counted) <= budget
    borders = np.linspace(0, rows, len(found) + 1)
    for at, low, high in zip(found, borders[:-1], borders[1:], strict=True):
        assert int(low) <= at.begin < at.stop <= high
        assert at.first % 16 == 0
        assert at.first == 0 or at.begin - at.first >= 128
        assert at.end == rows or at.end - at.stop >= 127


def test_where_they_lie_is_drawn_once_for_each_seed() -> None:
    """Evenly spaced ones would see the same hour of every day."""
    first, again, other = (planned(10**6, 10**5, 128, 16, seed) for seed in (0, 0, 1))
    assert first == again != other
    assert len({at.begin % 1440 for at in first}) == len(first)


@pytest.fixture(scope="module")
def detector() -> AnomalyLLM:
    X = sine(3000, 2)
    X[700:720] += 1.0
    X[1500:1600, 0] = np.nan
    return AnomalyLLM(settings={"retrieval.bank": 256}).fit(X)


def parts(detector: AnomalyLLM, stretches: list[Stretch]) -> list[tuple[Stretch, Prepared]]:
    X = sine(3000, 2)
    X[700:720] += 1.0
    X[1500:1600, 0] = np.nan
    whole = detector._fitted.prepare(X)
    assert whole.missing is not None
    return [(at, Prepared(whole.values[at.first : at.end], whole.missing[at.first : at.end])) for at in stretches]


def test_own_scores_of_a_stretch_are_those_of_the_whole(detector: AnomalyLLM) -> None:
    """To the last bit: distances in time, from which a window's neighbours are told, are those of the whole."""
    stretches = [Stretch(0, 527, 0, 400), Stretch(512, 1827, 700, 1700), Stretch(2480, 3000, 2700, 3000)]
    for at, scores in zip(stretches, own_scores(detector._fitted, parts(detector, stretches)), strict=True):
        assert scores.tobytes() == detector.decision_scores_[at.begin : at.stop].tobytes()


def test_a_moved_bank_is_the_bank_at_another_row(detector: AnomalyLLM) -> None:
    bank = detector._fitted.retrieval[0].bank
    moved = bank.seen_from(700)
    assert (moved.starts + 700).tolist() == bank.starts.tolist()
    assert np.shares_memory(moved.windows, bank.windows)


def test_usual_peaks_are_the_highest_of_all_stretches(detector: AnomalyLLM) -> None:
    fitted = detector._fitted
    (whole,) = parts(detector, [Stretch(0, 3000, 0, 3000)])
    assert all(
        np.array_equal(scale.usual, known.usual)
        for scale, known in zip(usual_scales(fitted, [whole]), fitted.scales, strict=True)
    )
    first, second = parts(detector, [Stretch(0, 1024, 0, 1024), Stretch(1600, 3000, 1600, 3000)])
    both = list(usual_scales(fitted, [first, second]))
    for index, scale in enumerate(fitted.scales):
        alone = [usual_peaks(fitted, _moved(scale, at.first), part) for at, part in (first, second)]
        assert both[index].usual.tolist() == np.maximum(*alone).tolist()


def _moved(scale, row):  # type: ignore[no-untyped-def]
    return dataclasses.replace(scale, bank=scale.bank.seen_from(row))
