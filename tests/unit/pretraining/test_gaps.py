"""Generated gaps: of three kinds, rare enough to leave normal windows, and filled as the product fills them."""

from __future__ import annotations

import numpy as np

from anomalyllm.pretraining.gaps import REGULAR, Part, gaps


def runs(missing: np.ndarray) -> list[int]:
    """Lengths of the gaps, the slow way."""
    found, run = [], 0
    for point in [*missing.tolist(), False]:
        if point:
            run += 1
        elif run:
            found.append(run)
            run = 0
    return found


def test_gaps_are_their_seed_and_leave_most_of_a_series() -> None:
    shares = []
    for seed in range(60):
        missing = gaps(np.random.default_rng(seed), 8000, 50.0)
        assert np.array_equal(missing, gaps(np.random.default_rng(seed), 8000, 50.0))
        assert missing.shape == (8000,)
        shares.append(missing.mean())
    assert min(shares) > 0
    assert max(shares) < 0.2, "windows with few of them are what a bank is cut from"


def test_gaps_are_short_or_long_or_regular() -> None:
    kinds = {"short": 0, "long": 0, "regular": 0}
    for seed in range(60):
        missing = gaps(np.random.default_rng(seed), 8000, 50.0)
        begins = np.flatnonzero(np.diff(missing.astype(int)) == 1)
        apart = set(np.diff(begins).tolist())
        if len(apart) == 1:
            kinds["regular"] += 1
            assert REGULAR[0] <= min(apart) < REGULAR[1]
        elif max(runs(missing)) > 12:
            kinds["long"] += 1
            assert len(runs(missing)) < 12
        else:
            kinds["short"] += 1
    assert min(kinds.values()) >= 10, kinds


def test_a_gap_is_filled_with_the_last_value_seen() -> None:
    missing = np.array([True, False, True, True, False, True])
    part = Part(np.array([5.0, 1.0, 2.0, 3.0, 4.0, 9.0]), missing)
    assert part.filled.tolist() == [0.0, 1.0, 1.0, 1.0, 4.0, 4.0], "before the first stands the training mean"
    assert part.values.tolist() == [5.0, 1.0, 2.0, 3.0, 4.0, 9.0]


def test_a_part_without_gaps_is_as_it_happened() -> None:
    values = np.arange(5.0)
    assert np.array_equal(Part.whole(values).filled, values)
    assert not Part.whole(values).missing.any()
