"""Data frames and columns of pandas, Polars and Arrow as series, by way of narwhals."""

from __future__ import annotations

from typing import Any

from anomalyllm.data.moments import moments
from anomalyllm.data.numbers import numbers_in
from anomalyllm.data.origin import Origin, Times
from anomalyllm.data.series import Series, build_series
from anomalyllm.data.tables import Wanted, matrix, numbers_of, series_from_table
from anomalyllm.data.wording import short


def series_from_frame(frame: Any, origin: Origin) -> Series:
    """A series from a data frame, whose columns' parts are found, or from one column, which is a channel."""
    import narwhals as nw
    import pyarrow as pa

    native = _arrow_as_table(frame)
    if isinstance(native, pa.Table):
        return series_from_table(native, Wanted(), origin)
    known = _known(native, origin)
    notes: list[str] = []
    times = _index_times(nw.maybe_get_index(known), origin, notes)
    if isinstance(known, nw.Series):
        name = str(known.name) if known.name not in (None, "") else "channel_0"
        values = numbers_of(_column(known, name, origin), name, origin)
        return build_series(matrix([values], len(values)), [name], times=times, notes=notes, origin=origin)
    return series_from_table(_table(known, origin), Wanted(), origin, notes=notes, times=times)


def _arrow_as_table(frame: Any) -> Any:
    """Arrow's own arrays and batches as a chunked array and a table; anything else as it is."""
    import pyarrow as pa

    if isinstance(frame, pa.RecordBatch):
        return pa.Table.from_batches([frame])
    return pa.chunked_array([frame]) if isinstance(frame, pa.Array) else frame


def _known(frame: Any, origin: Origin) -> Any:
    """The frame or column as narwhals sees it.

    Raises:
        DataError: a lazy frame, an index, or columns that share a name.
    """
    import narwhals as nw

    columns: Any = getattr(frame, "columns", None) if hasattr(frame, "iloc") else None  # as in pandas
    if getattr(columns, "is_unique", True) is False:
        twice = short(repr(str(columns[columns.duplicated()][0])))
        raise origin.error("different column names", f"{twice} more than once", "rename the columns")
    try:
        return nw.from_native(frame, eager_only=True, allow_series=True)
    except TypeError as error:
        came = f"a {type(frame).__module__.partition('.')[0]} {type(frame).__name__}"
        raise origin.error("a data frame or one column of it", came, "collect or convert it first") from error


def _table(frame: Any, origin: Origin) -> Any:
    """A narwhals frame as an Arrow table, column by column, so that one of mixed objects can be named."""
    import pyarrow as pa

    pairs = [(str(column.name), _column(column, str(column.name), origin)) for column in frame.iter_columns()]
    if not pairs:
        raise origin.error("at least one column of numbers", "a data frame without columns", "choose its columns")
    return pa.Table.from_arrays([column for _, column in pairs], names=[name for name, _ in pairs])


def _column(column: Any, name: str, origin: Origin) -> Any:
    """A narwhals column as an Arrow array; loose Python objects become numbers or an error."""
    import pyarrow as pa

    try:
        array = column.to_arrow()
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        array = pa.array(numbers_in(column.to_list(), name, origin))
    return pa.chunked_array([array]) if isinstance(array, pa.Array) else array


def _index_times(index: Any, origin: Origin, notes: list[str]) -> Times | None:
    """The times of a pandas index of dates, date-times or periods; None for any other index."""
    if index is None:
        return None
    import pyarrow as pa

    if hasattr(index, "to_timestamp"):  # a PeriodIndex counts from the start of each period
        index = index.to_timestamp()
    if getattr(index.dtype, "kind", "") != "M" or getattr(index, "nlevels", 1) > 1:
        return None
    return moments(pa.chunked_array([pa.array(index)]), str(index.name or "index"), origin, notes)
