"""The end of training can be said in three ways, and every other way is answered with those three."""

from __future__ import annotations

import numpy as np
import pytest

from anomalyllm.data import Series, as_series, parse_train_end
from anomalyllm.data.origin import Origin
from anomalyllm.data.series import build_series
from anomalyllm.errors import DataError

FORMS = 'give a number of rows ("5000"), a share ("0.3" or "30%") or a time ("2024-01-31T12:00")'


def hourly(rows: int = 100) -> Series:
    times = np.datetime64("2024-01-01", "ns") + np.arange(rows) * np.timedelta64(3600, "s").astype("m8[ns]")
    return build_series(np.arange(float(rows)).reshape(-1, 1), times=times, origin=Origin("x.csv"))


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("30", 30),
        (" 1 ", 1),
        ("99", 99),
        ("0.3", 30),
        (".29", 29),
        ("30%", 30),
        ("12.5 %".replace(" ", ""), 12),
        ("2024-01-02", 24),
        ("2024-01-01T12:00", 12),
        ("2024-01-01 12:00:01", 13),
        ("2024-01-01T12:00:00Z", 12),
        ("2024-01-01T12:00+02:00", 10),
    ],
)
def test_three_ways_to_say_it(text: str, rows: int) -> None:
    assert parse_train_end(text, hourly()) == rows


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0", "expected a split that leaves rows on both sides of 100, got '0', which is 0 of them; "),
        ("100", "expected a split that leaves rows on both sides of 100, got '100', which is 100 of them; "),
        ("-5", "expected a split that leaves rows on both sides of 100, got '-5', which is -5 of them; "),
        ("1.0", "expected a split that leaves rows on both sides of 100, got '1.0', which is 100 of them; "),
        (
            "100%",
            "expected a split that leaves rows on both sides of 100, got '100%', which is 100 of them; ",
        ),
        (
            "0.001",
            "expected a split that leaves rows on both sides of 100, got '0.001', which is 0 of them; ",
        ),
        (
            "2023-01-01",
            "expected a split that leaves rows on both sides of 100, got '2023-01-01', which is 0 of them; ",
        ),
        ("9999-01-01", "expected a time between the years 1680 and 2260, got '9999-01-01'; "),
        ("half", "expected the end of training, got 'half'; "),
        ("", "expected the end of training, got ''; "),
        (".", "expected the end of training, got '.'; "),
    ],
)
def test_anything_else_is_refused_with_the_three_forms(text: str, sentence: str) -> None:
    with pytest.raises(DataError) as raised:
        parse_train_end(text, hourly())
    assert str(raised.value) == sentence + FORMS


def test_a_time_needs_times() -> None:
    with pytest.raises(DataError) as raised:
        parse_train_end("2024-01-02", as_series([1.0, 2.0]))
    assert str(raised.value) == f"expected a series with times, to split it at one, got none in array; {FORMS}"
