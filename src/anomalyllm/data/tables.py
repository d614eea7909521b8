"""An Arrow table as a series: which column is the time, which the labels, which are channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from anomalyllm.data.moments import is_moment, is_number, is_text
from anomalyllm.data.numbers import MISSING_WORDS, numbers_in
from anomalyllm.data.origin import Floats, Labels, Origin, Times
from anomalyllm.data.requirements import binary_labels, require_known
from anomalyllm.data.series import Series, build_series
from anomalyllm.data.times import TimeColumn, find_time_column
from anomalyllm.data.wording import listed, nearest, short
from anomalyllm.errors import DataError

LABEL_NAMES = frozenset({"label", "labels", "is_anomaly", "anomaly"})


@dataclass(frozen=True)
class Wanted:
    """The caller's choice of the time, the channels in their order, the labels; None means "find out"."""

    time_column: str | None = None
    columns: tuple[str, ...] | None = None
    label_column: str | None = None


@dataclass(frozen=True)
class Columns:
    """The columns of a table by the parts they play.

    Attributes:
        names: C channels, by the names they will have.
        values: (T, C).
        times: (T,) in any order, or None.
        labels: (T,) 0/1, or None.
        parts: the columns of times, of labels, and those of `names` as the table has them; to compare tables by.
    """

    names: tuple[str, ...]
    values: Floats
    times: Times | None
    labels: Labels | None
    parts: tuple[tuple[str, ...], str | None, tuple[str, ...]]


def series_from_table(
    table: Any,
    wanted: Wanted,
    origin: Origin,
    *,
    notes: Sequence[str] = (),
    times: Times | None = None,
    decimal: str = ".",
) -> Series:
    """The series that a table holds.

    Args:
        table: pyarrow.Table.
        wanted: the caller's choice of columns.
        origin: for messages.
        notes: what was handled before.
        times: those of the frame's index; then no column is looked for.
        decimal: the decimal sign in texts.
    """
    told = list(notes)
    columns = columns_of(table, wanted, origin, told, times=times, decimal=decimal)
    named, labels = columns.names, columns.labels
    return build_series(columns.values, named, times=columns.times, labels=labels, notes=told, origin=origin)


def columns_of(
    table: Any, wanted: Wanted, origin: Origin, told: list[str], *, times: Times | None = None, decimal: str = "."
) -> Columns:
    """Which column plays which part, and its values; arguments as `series_from_table`, notes are appended to `told`."""
    table = table.rename_columns(unique_names(table.column_names, told))
    if wanted.columns is not None:
        require_known(wanted.columns, table.column_names, "column")
    found = TimeColumn((), times)
    if times is None:
        found = find_time_column(table, wanted.time_column, wanted.columns or (), origin, told) or found
    taken = set(found.names)
    label_name, labels = find_labels(table, wanted, taken, origin, told)
    rest = [name for name in table.column_names if name not in taken | {label_name}]
    channels = wanted.columns if wanted.columns is not None else channels_among(table, rest, told)
    values = matrix([numbers_of(table[name], name, origin, decimal) for name in channels], table.num_rows)
    named = tuple(name or f"channel_{index}" for index, name in enumerate(channels))
    return Columns(named, values, found.times, labels, (found.names, label_name, tuple(channels)))


def unique_names(names: Sequence[str], notes: list[str]) -> list[str]:
    """Column names with repeated ones numbered: a, a_2, a_3."""
    seen = set(names)
    if len(seen) == len(names):
        return list(names)
    unique: list[str] = []
    for name in names:
        number, candidate = 2, name
        while candidate in unique:
            candidate, number = f"{name}_{number}", number + 1
        unique.append(candidate)
    renamed = [new for old, new in zip(names, unique, strict=True) if old != new]
    notes.append(f"column names are repeated: the later ones are called {listed(renamed)}")
    return unique


def find_labels(
    table: Any, wanted: Wanted, taken: set[str], origin: Origin, notes: list[str]
) -> tuple[str | None, Labels | None]:
    """The wanted label column, or the first with a label's name: its name, and labels (T,) if it holds only 0/1.

    Raises:
        DataError (or the origin's kind): no such column, or other values in the wanted one.
    """
    if wanted.label_column is not None:
        if wanted.label_column not in table.column_names:
            remedy = nearest(wanted.label_column, table.column_names) or "name one of them, or leave label_column out"
            came = f"the columns {listed(table.column_names)}"
            raise origin.error(f"a label column {short(repr(wanted.label_column))}", came, remedy)
        values = numbers_of(table[wanted.label_column], wanted.label_column, origin)
        return wanted.label_column, binary_labels(values, wanted.label_column, origin)
    free = [name for name in table.column_names if name not in taken and name not in (wanted.columns or ())]
    for name in free:
        if name.strip().lower() in LABEL_NAMES and (len(free) > 1 or wanted.columns):
            try:
                labels = binary_labels(numbers_of(table[name], name, origin), name, origin)
            except DataError:
                # Left out, not kept: whether a column is a channel must not hang on values of rows yet to come.
                notes.append(f"column {short(name)} has a label's name but not only 0 and 1, and was left out")
                return name, None
            notes.append(f"column {short(name)} was read as labels, not as a channel")
            return name, labels
    return None, None


def channels_among(table: Any, names: Sequence[str], notes: list[str]) -> tuple[str, ...]:
    """The columns that are left, without further times and without unnamed empty ones."""
    import pyarrow as pa

    def is_left_out(name: str) -> bool:
        kind = table[name].type
        return is_moment(kind) or pa.types.is_time(kind) or (not name and table[name].null_count == table.num_rows)

    out = [name for name in names if is_left_out(name)]
    if out:
        shown = listed([name or "(unnamed, empty)" for name in out])
        notes.append(f"columns without numbers were left out: {shown}")
    gone = set(out)
    return tuple(name for name in names if name not in gone)


def numbers_of(column: Any, name: str, origin: Origin, decimal: str = ".") -> Floats:
    """An Arrow column as float64 (T,), NaN where missing; booleans as 0/1.

    Raises:
        DataError (or the origin's kind): text that is no number, or a type without a number's meaning.
    """
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        return numbers_of(column.cast(kind.value_type), name, origin, decimal)
    if pa.types.is_null(kind):
        return np.full(len(column), np.nan)
    if is_number(kind):
        return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64)
    if pa.types.is_boolean(kind):
        return np.asarray(column.cast(pa.int8()).cast(pa.float64()).to_numpy(), dtype=np.float64)
    if is_text(kind):
        return _numbers_of_text(column, name, origin, decimal)
    remedy = "convert it to numbers, or choose the channels without this column"
    raise origin.error(f"numbers in column {short(repr(name))}", f"values of type {short(str(kind))}", remedy)


def _numbers_of_text(column: Any, name: str, origin: Origin, decimal: str) -> Floats:
    """Texts as numbers: all at once where Arrow can, else one by one, to name the one that is at fault."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pc.utf8_trim_whitespace(column.cast(pa.large_string()))
    missing = pc.is_in(pc.utf8_lower(texts), value_set=pa.array(sorted(MISSING_WORDS), pa.large_string()))
    known = pc.if_else(missing, pa.scalar(None, pa.large_string()), texts)
    try:
        if decimal == ".":
            return np.asarray(known.cast(pa.float64()).to_numpy(), dtype=np.float64)
    except pa.ArrowInvalid:
        pass
    return numbers_in((text.as_py() for text in known), name, origin, decimal=decimal)


def matrix(columns: Sequence[Floats], rows: int) -> Floats:
    """Columns (T,) side by side, (T, C), rows contiguous."""
    values = np.empty((rows, len(columns)))
    for start in range(0, len(columns), 64):  # blocks of columns: one strided pass over the rows for each block
        block = columns[start : start + 64]
        values[:, start : start + len(block)] = np.stack(block, axis=1)
    return values
