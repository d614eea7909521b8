"""The nearest row to the last bit: what a loop over all rows finds, whatever tiles, blocks, channels and ties."""

from __future__ import annotations

import numpy as np
import pytest

import naive
from anomalyllm.model import nearest
from anomalyllm.model.nearest import Overlap, Table


def rows(channels: int, count: int, points: int = 6, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((channels, count, points)).astype(np.float32)


def nearly_equal(count: int, points: int = 16) -> np.ndarray:
    """Windows of one wave that repeats, each time with other last digits: (1, count, points)."""
    time = np.arange(count)[:, None] % 5 + np.arange(points)
    noise = np.random.default_rng(0).standard_normal((count, points)) * 1e-6
    return (np.sin(time) + noise)[None].astype(np.float32)


def slowly(queries: np.ndarray, bank: np.ndarray) -> np.ndarray:
    """Every difference, one query after the other."""
    pairs = zip(queries, bank, strict=True)
    found = [[naive.least_mean_square(query, normal) for query in asked] for asked, normal in pairs]
    return np.array(found, dtype=np.float32).reshape(queries.shape[:2])


@pytest.mark.parametrize("most_products", [1 << 18, 3000])
@pytest.mark.parametrize("most_distances", [1 << 20, 1])
@pytest.mark.parametrize(("channels", "windows", "count"), [(1, 1, 1), (1, 40, 50), (3, 17, 100), (4, 16, 33)])
def test_it_is_what_a_loop_finds(
    channels: int, windows: int, count: int, most_distances: int, most_products: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the last bit, over the borders of tiles, groups and blocks."""
    monkeypatch.setattr(nearest, "MOST_PRODUCTS", most_products)
    monkeypatch.setattr(nearest, "MOST_DISTANCES", most_distances)
    queries, bank = rows(channels, windows, seed=1), rows(channels, count)
    found = Table.of(bank).mean_squares(queries)
    assert found.dtype == np.float32
    assert found.tobytes() == slowly(queries, bank).tobytes()


@pytest.mark.parametrize("most_products", [1 << 18, 16 * 17 * 40])
def test_rows_that_a_product_cannot_tell_apart_are_told_apart(
    most_products: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a wave repeats, most rows are nearly nearest; which one wins must not hang on rounding.

    The guard, seen to fail: the row that the product alone names is another for many windows.
    """
    monkeypatch.setattr(nearest, "MOST_PRODUCTS", most_products)
    bank, queries = nearly_equal(400), nearly_equal(60) + np.float32(3e-6)
    exact = slowly(queries, bank)
    product = ((bank[0] ** 2).sum(axis=1) - 2 * queries[0] @ bank[0].T).argmin(axis=1)
    assert (((queries[0] - bank[0, product]) ** 2).mean(axis=1) > exact[0]).sum() > 10
    table = Table.of(bank)
    assert table.mean_squares(queries).tobytes() == exact.tobytes()
    singles = [table.mean_squares(queries[:, index : index + 1]) for index in range(60)]
    assert np.concatenate(singles, axis=1).tobytes() == exact.tobytes()


def test_equal_rows_are_at_no_distance() -> None:
    """Square waves and counters repeat exactly; a bank full of one row is no reason to look at all of it twice."""
    bank = np.repeat(rows(1, 3), 50, axis=1)
    assert Table.of(bank).mean_squares(bank).tolist() == [[0.0] * 150]


@pytest.mark.parametrize("most_products", [1 << 18, 2000])
@pytest.mark.parametrize("most_distances", [1 << 20, 1])
def test_what_shares_a_point_is_barred_in_every_tile(
    most_distances: int, most_products: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearest, "MOST_PRODUCTS", most_products)
    monkeypatch.setattr(nearest, "MOST_DISTANCES", most_distances)
    starts, bank_starts = np.arange(0, 120, 2), np.arange(0, 120, 3)
    queries, bank = rows(2, 60, seed=1), rows(2, 40)
    found = Table.of(bank).mean_squares(queries, Overlap(starts, bank_starts, 12))
    for index, start in enumerate(starts):
        apart = np.abs(bank_starts - start) >= 12
        expected = slowly(queries[:, index : index + 1], bank[:, apart])
        assert found[:, index].tobytes() == expected.tobytes()


def test_a_block_of_windows_that_is_barred_from_everything_is_infinitely_far() -> None:
    overlap = Overlap(np.arange(3), np.arange(4), 12)
    assert np.isinf(Table.of(rows(2, 4)).mean_squares(rows(2, 3), overlap)).all()


def test_nothing_asked_nothing_answered() -> None:
    assert Table.of(rows(2, 4)).mean_squares(rows(2, 0)).shape == (2, 0)


def test_inputs_are_not_changed() -> None:
    queries, bank = rows(2, 20, seed=1), rows(2, 30)
    before = queries.tobytes(), bank.tobytes()
    table = Table.of(bank)
    first = table.mean_squares(queries)
    assert table.mean_squares(queries).tobytes() == first.tobytes()
    assert (queries.tobytes(), bank.tobytes()) == before
