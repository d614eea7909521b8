"""Nearest neighbour and matrix profile against a double loop over all windows."""

from __future__ import annotations

import numpy as np
import pytest

import naive
from anomalyllm.evaluation.baselines.neighbours import NONE, MatrixProfile, NearestNeighbour, nearest_window
from anomalyllm.evaluation.baselines.shape import normalised
from unit.evaluation.baselines.slowly import LENGTH, by_channel, disturbed, point_scores, scaled, training

BLOCKS = "anomalyllm.evaluation.baselines.neighbours"


def apart(bank: list[np.ndarray], start: int) -> list[np.ndarray]:
    """The windows that share no point with the one at `start`."""
    return [window for place, window in enumerate(bank) if abs(place - start) >= LENGTH]


@pytest.mark.parametrize("channels", [1, 2])
def test_nearest_neighbour_equals_the_double_loop(channels: int) -> None:
    train, X = training(channels), disturbed(channels)
    bank, fitted = by_channel(train), NearestNeighbour(window=LENGTH).fit(train)
    slow = point_scores(fitted, X, train, lambda channel, window, _: naive.nearest_shape(window, bank[channel]))
    assert fitted.decision_function(X) == pytest.approx(slow, abs=1e-5)


def test_a_training_window_never_meets_one_that_shares_a_point_with_it() -> None:
    """Otherwise training scores are near 0, and the threshold with them."""
    train = training()
    bank, fitted = by_channel(train)[0], NearestNeighbour(window=LENGTH).fit(train)
    slow = point_scores(fitted, train, train, lambda _, window, start: naive.nearest_shape(window, apart(bank, start)))
    assert fitted.decision_scores_ == pytest.approx(slow, abs=1e-5)
    assert fitted.decision_function(train).max() < 0.01 * fitted.decision_scores_.max()  # without the rule


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Borders inside the bank, inside the windows and at their ends, with windows left out across them."""
    train, X = training(), disturbed()
    whole = NearestNeighbour(window=LENGTH).fit(train)
    for bank, windows, values in ((7, 3, LENGTH), (369, 5, 2 * LENGTH), (1, 1, 1)):
        monkeypatch.setattr(f"{BLOCKS}.BANK_BLOCK", bank)
        monkeypatch.setattr(f"{BLOCKS}.WINDOW_BLOCK", windows)
        monkeypatch.setattr("anomalyllm.evaluation.baselines.base.MOST_VALUES", values)
        cut = NearestNeighbour(window=LENGTH).fit(train)
        assert cut.decision_function(X) == pytest.approx(whole.decision_function(X), abs=1e-5)
        assert cut.decision_scores_ == pytest.approx(whole.decision_scores_, abs=1e-5)


def test_a_window_that_is_in_the_bank_is_its_own_nearest() -> None:
    bank = scaled(training(), training())[:, 0].astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(bank, LENGTH)
    assert nearest_window(normalised(windows[[5, 300]]), windows, None).tolist() == [5, 300]


def test_windows_with_nothing_to_compare_with_are_not_judged() -> None:
    """Two windows' length of rows: all windows but the first and the last overlap every other one."""
    train = training(rows=2 * LENGTH)
    fitted = NearestNeighbour(window=LENGTH).fit(train)
    middle = normalised(np.zeros((1, LENGTH)))
    windows = np.lib.stride_tricks.sliding_window_view(train[:, 0].astype(np.float32), LENGTH)
    assert nearest_window(middle, windows, np.array([LENGTH // 2])).tolist() == [NONE]
    bank = by_channel(train)[0]
    first, last = (naive.nearest_shape(bank[start], [bank[LENGTH - start]]) for start in (0, LENGTH))
    assert fitted.decision_scores_ == pytest.approx([first] * LENGTH + [last] * LENGTH, abs=1e-5)


def test_matrix_profile_equals_the_double_loop() -> None:
    """Slow the first time, since STUMPY compiles itself: everything about it is asked in one test."""
    import stumpy

    train, X = training(2, 140), disturbed(2, 120)
    X[110:, -1] += np.arange(10)  # flat windows have rules of their own there
    before = stumpy.config.STUMPY_EXCL_ZONE_DENOM
    bank, fitted = by_channel(train), MatrixProfile(window=LENGTH).fit(train)
    assert before == stumpy.config.STUMPY_EXCL_ZONE_DENOM
    assert fitted.stride_ == 1
    slow = point_scores(fitted, X, train, lambda c, window, _: naive.nearest_z_normalised(window, bank[c]))
    assert fitted.decision_function(X) == pytest.approx(slow, abs=1e-6)
    slow = point_scores(
        fitted, train, train, lambda c, window, start: naive.nearest_z_normalised(window, apart(bank[c], start))
    )
    assert fitted.decision_scores_ == pytest.approx(slow, abs=1e-6)

    short = training(rows=2 * LENGTH)  # only the first and the last window have another that shares no point
    bank, fitted = by_channel(short), MatrixProfile(window=LENGTH).fit(short)
    distance = naive.nearest_z_normalised(bank[0][0], [bank[0][LENGTH]])
    assert fitted.decision_scores_ == pytest.approx([distance] * (2 * LENGTH), abs=1e-6)
