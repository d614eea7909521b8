"""Two arrays and their labels as a case, and the sentences for those that do not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from anomalyllm.datasets.assembling import case_data, cut, labels_of_ranges
from anomalyllm.errors import ReadError

TRAIN = np.arange(6, dtype=np.float32).reshape(3, 2)
TEST = -np.arange(8, dtype=np.int16).reshape(4, 2)
LABELS = np.array([0, 1, 1, 0], np.uint8)


def test_values_are_float64_and_labels_int8_whatever_they_were() -> None:
    data = case_data("x", TRAIN, TEST, LABELS.reshape(4, 1).astype(bool), np.zeros(3))
    assert (data.train.dtype, data.test.dtype, data.labels.dtype) == (np.float64, np.float64, np.int8)
    np.testing.assert_array_equal(data.test, TEST)
    assert data.labels.tolist() == [0, 1, 1, 0]
    assert data.train_labels is not None
    assert data.train_labels.tolist() == [0, 0, 0]
    assert data.notes == ()
    assert case_data("x", TRAIN[:, 0], TEST[:, 0], LABELS).train.shape == (3, 1)


def test_infinite_values_are_missing_with_a_note_and_the_input_is_not_changed() -> None:
    test = TEST.astype(np.float64)
    test[1, 1], test[2, 0] = np.inf, np.nan
    before = test.copy()
    data = case_data("x", TRAIN, test, LABELS, notes=["before"])
    assert np.isnan(data.test).sum() == 2
    assert data.notes == (
        "before",
        "test: 1 value is infinite and taken as missing: channel channel_1",
        "test: 2 values are missing: channel_0 has 1, first at row 2; channel_1 has 1, first at row 1",
    )
    np.testing.assert_array_equal(test, before)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            (TRAIN, TEST[:, :1], LABELS),
            "expected as many channels in train as in test, got 2 in train and 1 in test of x; fetch the set again",
        ),
        (
            (TRAIN[:0], TEST, LABELS),
            "expected at least one row, got no rows in train of x; check the export",
        ),
        (
            (TRAIN, TEST[:, :0], LABELS),
            "expected at least one column of numbers, got none in test of x; check which columns were chosen",
        ),
        (
            (TRAIN, TEST, LABELS[1:]),
            "expected 4 labels, one for each row of test, got 3 in x; fetch the set again",
        ),
        (
            (TRAIN, TEST, LABELS, np.zeros(9)),
            "expected 3 labels, one for each row of train, got 9 in x; fetch the set again",
        ),
        (
            (TRAIN, TEST, LABELS * 2),
            "expected 0 or 1 in 'label', got 2 at test row 1 of x; "
            "use 0 for normal and 1 for anomalous, or choose another label column",
        ),
        (
            (TRAIN, TEST.reshape(2, 2, 2), LABELS),
            "expected values of shape (T,) or (T, C), got an array of shape (2, 2, 2); score one series at a time",
        ),
    ],
)
def test_each_fault_is_one_sentence(arguments: tuple[Any, ...], sentence: str) -> None:
    with pytest.raises(ReadError) as caught:
        case_data("x", *arguments)
    assert str(caught.value) == sentence


def test_a_series_is_cut_with_its_labels() -> None:
    data = cut("x", TEST, LABELS, 2)
    assert data.train_labels is not None
    assert (len(data.train), data.labels.tolist(), data.train_labels.tolist()) == (2, [1, 0], [0, 1])


@pytest.mark.parametrize("end", [0, 4, 9])
def test_a_cut_leaves_rows_on_both_sides(end: int) -> None:
    with pytest.raises(ReadError, match=f"expected rows to train on and rows to score, got {end} of 4 rows in x;"):
        cut("x", TEST, LABELS, end)


def test_ranges_include_their_last_row_and_may_overlap() -> None:
    assert labels_of_ranges(6, [(1, 2), (2, 3), (5, 5)], "x").tolist() == [0, 1, 1, 1, 0, 1]
    assert labels_of_ranges(3, [], "x").tolist() == [0, 0, 0]


@pytest.mark.parametrize("pair", [(-1, 2), (3, 2), (2, 6)])
def test_a_range_outside_the_rows_is_refused(pair: tuple[int, int]) -> None:
    """Cutting it short would hide a table of labels that belongs to another file."""
    with pytest.raises(ReadError) as caught:
        labels_of_ranges(6, [pair], "x")
    assert str(caught.value) == (
        f"expected anomalies within rows 0 to 5, first row before last, got {pair[0]} to {pair[1]} for x; "
        "fetch the set again"
    )
