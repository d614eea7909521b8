"""The checks that every form shares: two arrays and their labels in, a case's values out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomalyllm.data.handling import discard_extremes, note_missing
from anomalyllm.data.numbers import array_values
from anomalyllm.data.origin import Origin
from anomalyllm.data.requirements import binary_labels, require_channels, require_rows
from anomalyllm.data.series import numbered_channels
from anomalyllm.data.wording import short
from anomalyllm.datasets.case import CaseData, Floats, Labels
from anomalyllm.datasets.folders import AGAIN
from anomalyllm.errors import ReadError


def case_data(
    source: str,
    train: Any,
    test: Any,
    labels: Any,
    train_labels: Any | None = None,
    *,
    notes: Sequence[str] = (),
) -> CaseData:
    """Checks the arrays of a case and copies them into one; infinite values become NaN, with a note.

    Args:
        source: the file, for messages.
        train: (T, C) or (T,) numbers.
        test: (T', C) or (T',).
        labels: 0/1 for each row of `test`, in any shape.
        train_labels: the same for `train`, or None.
        notes: what was handled before.

    Raises:
        ReadError: no rows, channels that differ, labels that are too many, too few or not 0/1.
    """
    told = list(notes)
    learned, judged = _values(source, "train", train, told), _values(source, "test", test, told)
    if learned.shape[1] != judged.shape[1]:
        came = f"{learned.shape[1]} in train and {judged.shape[1]} in test of {short(source, 120)}"
        raise ReadError("as many channels in train as in test", came, AGAIN)
    marks = _labels(source, "test", labels, len(judged))
    train_marks = None if train_labels is None else _labels(source, "train", train_labels, len(learned))
    return CaseData(learned, judged, marks, train_marks, tuple(told))


def cut(
    source: str, values: NDArray[Any], labels: NDArray[Any], train_end: int, *, notes: Sequence[str] = ()
) -> CaseData:
    """A case from one labelled series: the rows before `train_end` are for training.

    Raises:
        ReadError: one of the two parts would be empty, or a check of `case_data`.
    """
    if not 0 < train_end < len(values):
        came = f"{train_end} of {len(values)} rows in {short(source, 120)}"
        raise ReadError("rows to train on and rows to score", came, "check that the file is whole")
    parts = values[:train_end], values[train_end:], labels[train_end:], labels[:train_end]
    return case_data(source, *parts, notes=notes)


def labels_of_ranges(rows: int, ranges: Iterable[tuple[int, int]], source: str) -> Labels:
    """Labels (rows,) that are 1 from the first to the last row of each range, both included, counted from 0.

    Raises:
        ReadError: a range that ends before it begins, or leaves the rows.
    """
    labels = np.zeros(rows, np.int8)
    for first, last in ranges:
        if not 0 <= first <= last < rows:
            expected = f"anomalies within rows 0 to {rows - 1}, first row before last"
            raise ReadError(expected, f"{first} to {last} for {short(source, 120)}", AGAIN)
        labels[first : last + 1] = 1
    return labels


def _values(source: str, part: str, array: Any, notes: list[str]) -> Floats:
    origin = Origin(source, ReadError, lambda row: f"{part} row {row}")
    values = array_values(array, origin)
    require_rows(values, Origin(f"{part} of {source}", ReadError))
    require_channels(values, Origin(f"{part} of {source}", ReadError))
    found: list[str] = []
    names = numbered_channels(values.shape[1])
    discard_extremes(values, names, found)
    note_missing(values, names, found)
    notes.extend(f"{part}: {note}" for note in found)
    return values


def _labels(source: str, part: str, array: Any, rows: int) -> Labels:
    origin = Origin(source, ReadError, lambda row: f"{part} row {row}")
    values = array_values(np.ravel(array), origin)[:, 0]
    if len(values) != rows:
        came = f"{len(values)} in {short(source, 120)}"
        raise ReadError(f"{rows} labels, one for each row of {part}", came, AGAIN)
    return binary_labels(values, "label", origin)
