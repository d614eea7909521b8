"""Columns of times: which column it is, and its values as datetime64[ns] in UTC.

A numeric column with a time's name is read as an epoch where its magnitude says so, and is left out otherwise.
It is never a channel unless the caller names it, or there is no other column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomalyllm.data.moments import (
    is_moment,
    is_number,
    is_text,
    moments,
    parsed_times,
    require_all,
    text_times,
)
from anomalyllm.data.origin import Origin, Times
from anomalyllm.data.wording import listed, nearest, short

TIME_NAMES = frozenset(
    {
        "time",
        "timestamp",
        "time_stamp",
        "datetime",
        "date_time",
        "date",
        "ds",
        "ts",
        "t",
        "epoch",
        "unix_time",
    }
)
INDEX_NAMES = frozenset({"", "index", "unnamed: 0", "__index_level_0__"})  # as pandas writes them
EPOCHS = (1, 1_000, 1_000_000, 1_000_000_000)  # of a second: s, ms, µs, ns


@dataclass(frozen=True)
class TimeColumn:
    """The columns that say when (one, or date and clock), and their times; None if it only count rows."""

    names: tuple[str, ...]
    times: Times | None


def find_time_column(
    table: Any, wanted: str | None, untouched: Sequence[str], origin: Origin, notes: list[str]
) -> TimeColumn | None:
    """The time column of an Arrow table: the wanted one, else by name, by type, or a first column of dates.

    Args:
        table: pyarrow.Table with unique names.
        wanted: the caller's choice.
        untouched: columns that the caller wants as channels.
        origin: for messages.
        notes: what was handled is appended.

    Raises:
        DataError (or the origin's kind): no such column, a time that is missing or cannot be read.
    """
    if wanted is not None:
        return _wanted_column(table, wanted, origin, notes)
    free = [name for name in table.column_names if name not in set(untouched)]
    found, out = _named_columns(table, free, origin, notes)
    found = found or _unnamed_column(table, [name for name in free if name not in out], origin, notes)
    if found is None:
        return TimeColumn(tuple(out), None) if out else None
    return TimeColumn((*found.names, *out), found.times)


def _named_columns(
    table: Any, free: Sequence[str], origin: Origin, notes: list[str]
) -> tuple[TimeColumn | None, list[str]]:
    """The first column of times among those with a time's name, and the numeric ones among them without times.

    The latter are left out by their name alone, unless the table has no other column: whether a column is a
    channel must not hang on values, because those of rows yet to come are among them.
    """
    found, out = None, []
    for name in free:
        if not (_has_a_times_name(name) or _is_an_index(table, name)):
            continue
        told: list[str] = []
        one = None if found else _column_by_name(table, name, origin, told)
        if one is not None and one.times is not None:
            found = one
        elif _may_be_numbers(table[name].type) and len(table.column_names) > 1:
            out.append(name)
            kind = "a time's name but no times" if _has_a_times_name(name) else "an index's name"
            told = told or [f"{_called(name)} has {kind}, and was left out"]
        else:
            continue
        notes.extend(told)
    return found, out


def _unnamed_column(table: Any, free: Sequence[str], origin: Origin, notes: list[str]) -> TimeColumn | None:
    """The first column of moments, else a first column of texts that are dates."""
    for name in free:
        if is_moment(table[name].type):
            return _with_clock(table, name, origin, notes)
    if free and free[0] == table.column_names[0] and is_text(table[free[0]].type):
        times = text_times(table[free[0]], free[0], origin, notes)
        return None if times is None else TimeColumn((free[0],), times)
    return None


def _has_a_times_name(name: str) -> bool:
    return name.strip().lower() in TIME_NAMES


def _is_an_index(table: Any, name: str) -> bool:
    """Whether a column is named as pandas names an index; without a name it is one only in the first place."""
    return name.strip().lower() in INDEX_NAMES and (bool(name.strip()) or name == table.column_names[0])


def _may_be_numbers(kind: Any) -> bool:
    """Whether other rows could give a column of this Arrow type numbers: all missing counts, and so do booleans."""
    import pyarrow as pa

    return is_number(kind) or bool(pa.types.is_null(kind) or pa.types.is_boolean(kind))


def _called(name: str) -> str:
    return f"column {short(name)}" if name else "the unnamed column"


def _wanted_column(table: Any, wanted: str, origin: Origin, notes: list[str]) -> TimeColumn:
    names = table.column_names
    if wanted not in names:
        remedy = nearest(wanted, names) or "name one of them, or leave time_column out"
        raise origin.error(f"a time column {short(repr(wanted))}", f"the columns {listed(names)}", remedy)
    found = _column_by_name(table, wanted, origin, notes)
    if found is None:
        expected = f"date-times or epoch numbers in column {short(repr(wanted))}"
        raise origin.error(expected, f"{_glimpse(table[wanted])}", "choose another time column")
    return found


def _column_by_name(table: Any, name: str, origin: Origin, notes: list[str]) -> TimeColumn | None:
    column = table[name]
    if is_moment(column.type):
        return _with_clock(table, name, origin, notes)
    if is_text(column.type):
        times = text_times(column, name, origin, notes)
        return None if times is None else TimeColumn((name,), times)
    if is_number(column.type):
        return _numeric_column(column, name, origin, notes)
    return None


def _with_clock(table: Any, name: str, origin: Origin, notes: list[str]) -> TimeColumn:
    """A column of moments; a column of dates takes the hours of a column of clock times beside it."""
    import pyarrow as pa

    times = moments(table[name], name, origin, notes)
    clocks = [other for other in table.column_names if pa.types.is_time(table[other].type)]
    if not pa.types.is_date(table[name].type) or not clocks:
        return TimeColumn((name,), times)
    clock = table[clocks[0]].cast(pa.time64("ns")).cast(pa.int64())
    require_all(clock, clocks[0], origin)
    notes.append(f"the times are those of the columns {short(name)} and {short(clocks[0])} together")
    return TimeColumn((name, clocks[0]), times + clock.to_numpy().view("timedelta64[ns]"))


# --- numbers ------------------------------------------------------------------------------------------------


def _numeric_column(column: Any, name: str, origin: Origin, notes: list[str]) -> TimeColumn | None:
    """Numbers under a time's name: an epoch, a row index (dropped), or neither."""
    import pyarrow as pa

    exact = pa.types.is_integer(column.type) and not column.null_count
    values = column.cast(pa.int64() if exact else pa.float64(), safe=False).to_numpy()
    if not np.isfinite(values).any():
        return None
    index = name.strip().lower() in INDEX_NAMES
    if not index:
        times = _epoch_or_dates(values, name, origin)
        if times is not None:
            return TimeColumn((name,), times)
    if _counts_up(values, by_one=index):
        notes.append(f"{_called(name)} counts up but gives no date-times, and was left out")
        return TimeColumn((name,), None)
    return None


def _counts_up(values: NDArray[Any], *, by_one: bool) -> bool:
    """Whether numbers only rise; with `by_one` they are a data frame's index, alone only if it is 0."""
    steps = np.diff(values)
    if by_one:
        return bool((steps == 1).all() and (len(values) > 1 or values[0] == 0))
    return bool((steps > 0).all() and np.isfinite(values).all())


def _epoch_or_dates(values: NDArray[Any], name: str, origin: Origin) -> Times | None:
    """The times that numbers stand for, if they have the magnitude of an epoch or of dates such as 20240131."""
    import pyarrow as pa

    finite = values[np.isfinite(values)]
    compact = _compact_dates(values) if values.dtype.kind == "i" else None
    unit = _epoch_unit(finite)
    if compact is not None or unit is None:
        return compact
    require_all(pa.chunked_array([pa.array(values, mask=~np.isfinite(values))]), name, origin)
    return _epoch_times(values, unit)


def _epoch_unit(values: NDArray[Any]) -> int | None:
    """Units in a second, told by magnitude: the years 1973 to 2286 do not overlap between the units."""
    low, high = float(values.min()), float(values.max())
    return next((unit for unit in EPOCHS if 1e8 * unit <= low and high < min(1e10 * unit, 9.2e18)), None)


def _epoch_times(values: NDArray[Any], unit: int) -> Times:
    scale = 1_000_000_000 // unit
    whole = np.floor(values).astype(np.int64)
    rest = np.round((values - whole) * scale).astype(np.int64)  # apart, because float64 has no nanoseconds of an epoch
    return np.asarray(whole * scale + rest).view("datetime64[ns]")


def _compact_dates(values: NDArray[Any]) -> Times | None:
    """20240131 and 20240131235959 written as numbers."""
    import pyarrow as pa

    for form, low, high in (("%Y%m%d", 19000101, 22000101), ("%Y%m%d%H%M%S", 19000101000000, 22000101000000)):
        if low <= values.min() and values.max() < high:
            return parsed_times(pa.chunked_array([pa.array(values).cast(pa.string())]), form)
    return None


def _glimpse(column: Any) -> str:
    first = column[0].as_py() if len(column) else None
    return f"values such as {short(repr(first))}"
