"""Evidence in units of what is usual, and one score from many channels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
from anomalyllm.scoring.calibrate import SMALLEST_SPREAD, Calibration, combine, to_score


def test_evidence_is_measured_from_the_middle_of_what_is_normal_to_its_border() -> None:
    """In every group by itself: channels of other sizes are alarmed alike."""
    raw = np.arange(101.0)[:, None] * [1.0, 10.0, 3.0]
    calibration = Calibration.fit(raw, 0.9)
    assert calibration.centre == pytest.approx([50, 500, 150])
    assert calibration.spread == pytest.approx([40, 400, 120])
    assert calibration.apply(np.array([[90.0, 500.0, 30.0]]))[0] == pytest.approx([1.0, 0.0, -1.0])


def test_a_group_that_hardly_moves_does_not_drown_the_others() -> None:
    """A command flag that is nearly always 0: in units of its own stillness each switch would be a thousand alarms."""
    raw = np.array([[1.0, 0.01, 1e-12], [1.5, 0.01, 2e-12], [2.0, 0.0101, 3e-12]])
    calibration = Calibration.fit(raw, 0.9)
    assert calibration.spread[0] > SMALLEST_SPREAD
    assert calibration.spread[1:].tolist() == [SMALLEST_SPREAD] * 2
    assert np.abs(calibration.apply(np.array([[1.5, 0.01, 1e-9]]))).max() < 1e-6
    assert calibration.apply(np.array([[1.5, 1.4, 1.4]])).max() < 15


def test_scores_are_finite_where_nothing_was_ever_different() -> None:
    """Not even a quantile below the median, whose spread would be negative, turns the order round."""
    for raw, quantile in (
        (np.zeros((5, 2)), 0.9),
        (np.arange(10.0).reshape(5, 2), 0.1),
        (np.ones((1, 2)), 0.9),
    ):
        calibration = Calibration.fit(raw, quantile)
        assert (calibration.spread > 0).all()
        applied = calibration.apply(np.array([[0.0, 1e9], [-1e30, 1e30]]))
        assert np.isfinite(applied).all()
        assert (applied[:, 1] > applied[:, 0]).all()


def test_no_calibration_leaves_evidence_as_it_is() -> None:
    raw = np.array([[0.0, 3.5], [1e9, 0.1]])
    assert np.array_equal(Calibration.none(2).apply(raw), raw)


def test_a_score_keeps_the_order_is_above_0_and_is_the_evidence_from_1_on() -> None:
    standardised = np.array([-1e12, -600.0, -5.0, 0.0, 0.999999, 1.0, 1.000001, 7.0, 1e12])
    scores = to_score(standardised)
    assert np.array_equal(scores[5:], standardised[5:])
    assert (np.diff(scores) > 0).all()
    assert scores[0] >= 0
    assert scores[4] == pytest.approx(1.0, abs=1e-5), "there is a jump at 1"


@given(
    scores=st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=6),
    power=st.sampled_from([1.0, 2.0, 4.0, 7.5]),
)
@settings(derandomize=True, deadline=None, max_examples=100)
def test_combining_equals_the_slow_power_mean(scores: list[float], power: float) -> None:
    assert combine(np.array([scores]), power)[0] == pytest.approx(naive.power_mean(scores, power), rel=1e-9)


def test_power_1_is_the_mean_and_a_large_one_the_largest() -> None:
    scores = np.array([[1.0, 2.0, 6.0], [0.0, 0.0, 3.0]])
    assert combine(scores, 1.0) == pytest.approx([3.0, 1.0])
    assert combine(scores, 2000.0) == pytest.approx([6.0, 3.0], rel=1e-3)


@pytest.mark.parametrize("power", [1.0, 4.0, 1e6])
def test_no_power_overflows(power: float) -> None:
    """1e12 is the largest score there is; its fourth power leaves float32, its thirtieth float64."""
    combined = combine(np.array([[1e12, 1.0], [1e-12, 1e-12], [0.0, 0.0]]), power)
    assert np.isfinite(combined).all()
    assert 0.49e12 < combined[0] <= 1e12
    assert combined[1] == pytest.approx(1e-12)
    assert combined[2] == 0.0


def test_one_channel_is_its_own_score() -> None:
    scores = np.array([[0.3], [7.0], [0.0]])
    assert combine(scores, 4.0) == pytest.approx([0.3, 7.0, 0.0])


def test_rows_do_not_touch_each_other() -> None:
    """A point's score depends on its own window only, also where another row is huge."""
    scores = np.array([[0.5, 0.25], [1e12, 3.0]])
    assert combine(scores, 4.0)[0] == combine(scores[:1], 4.0)[0]
