"""Notes from counts are those of the whole, wherever it is cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomalyllm.data import tally
from anomalyllm.data.handling import median_step
from anomalyllm.data.origin import Origin
from anomalyllm.data.series import build_series, value_notes
from anomalyllm.data.tally import Tally

VALUES = st.sampled_from([0.0, 1.0, np.nan, np.inf, -np.inf, 1e31, -1e40])


def counted(values: np.ndarray, times: np.ndarray | None, cuts: list[int]) -> Tally:
    found = Tally(("a", "b"))
    for begin, end in zip([0, *cuts], [*cuts, len(values)], strict=True):
        found.take(values[begin:end].copy(), None if times is None else times[begin:end])
    return found


@given(
    rows=st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=30),
    steps=st.lists(st.integers(1, 4), min_size=30, max_size=30),
    cuts=st.lists(st.integers(0, 30), max_size=4),
)
@settings(derandomize=True, deadline=None, max_examples=200)
def test_the_notes_are_those_of_the_whole(rows: list[tuple[float, float]], steps: list[int], cuts: list[int]) -> None:
    values = np.array(rows)
    times = np.cumsum(steps[: len(rows)]).astype("datetime64[s]").astype("datetime64[ns]")
    found = counted(values, times, sorted(min(cut, len(rows)) for cut in cuts))
    whole = build_series(values.copy(), ("a", "b"), times=times, origin=Origin())
    assert tuple(found.notes()) == whole.notes
    assert found.value_notes() == value_notes(whole)
    assert found.absent.tolist() == np.isnan(whole.values).sum(axis=0).tolist()
    assert found.median_step == (median_step(times) if len(rows) > 1 else None)


def test_very_many_different_steps_are_counted_by_their_first_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the counts of irregular times would take as much memory as the times."""
    monkeypatch.setattr(tally, "MOST_STEPS", 100)
    times = np.cumsum(np.random.default_rng(0).integers(10**9, 2 * 10**9, 5000)).astype("datetime64[ns]")
    found = counted(np.zeros((5000, 2)), times, list(range(50, 5000, 50)))
    assert len(found._steps) < 1100
    assert found.median_step == pytest.approx(median_step(times), rel=2e-3)
