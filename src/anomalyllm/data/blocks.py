"""A series in blocks of rows: files that are too long to be held at once give the same values, times and notes.

`open_blocks` reads text tables, Parquet and NPY. What only the whole file could tell (times that are out of order, a
column that changes its part or its kind) is refused in one sentence; `read_recording` reads such a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from anomalyllm.data.archives import DAMAGES, UCR_NAME, chosen_columns, not_npy, refuse_columns
from anomalyllm.data.layout import Layout
from anomalyllm.data.numbers import array_values
from anomalyllm.data.origin import Floats, Origin, Times
from anomalyllm.data.readers import ARRAY_KIND, PARQUET_KINDS, TEXT_KINDS, kind_of
from anomalyllm.data.requirements import require_channels, require_rows
from anomalyllm.data.series import Series
from anomalyllm.data.tables import Columns, Wanted, columns_of
from anomalyllm.data.tally import Tally
from anomalyllm.data.text_blocks import Part, TextTable
from anomalyllm.data.wording import short
from anomalyllm.errors import ReadError, WholeError

READ_NUMBERS = 1 << 18  # of a block, in all channels
ANEW = "read it whole"
REPLACED = ("some bytes below the first line are not UTF-8 and were replaced",)


class Rows(NamedTuple):
    """Checked rows of a file, extremes not yet discarded."""

    channels: tuple[str, ...]
    values: Floats
    times: Times | None
    repeated: int = 0
    told: tuple[str, ...] = ()

    def part(self, rows: slice) -> Rows:
        """Some of the rows."""
        return self._replace(values=self.values[rows], times=None if self.times is None else self.times[rows])


class Blocks:
    """Consecutive blocks of a series; they can be gone through any number of times.

    Args:
        source: what messages call it.
        rows: T where it is known before reading, else None; rows that repeat a time are among them.
        read: gives the rows from the first one on.

    Attributes:
        tally: of the rows that the last pass has given so far.
    """

    def __init__(self, source: str, rows: int | None, read: Callable[[], Iterator[Rows]]) -> None:
        self.source = source
        self.rows = rows
        self.tally = Tally(())
        self._read = read
        self._told: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Series]:
        """Series (n, C) without notes; `first_row` counts from the first block on.

        Raises:
            ReadError: values that cannot be read, with their line or row, or no rows at all.
            WholeError: what only the whole file could tell.
        """
        tally = None
        for rows in self._read():
            if tally is None:
                tally = self.tally = Tally(rows.channels)
            self._told = rows.told
            tally.repeated += rows.repeated
            first_row = tally.rows
            tally.take(rows.values, rows.times)
            if len(rows.values):
                yield Series(rows.values, rows.channels, rows.times, source=self.source, first_row=first_row)
        require_rows(np.empty((self.tally.rows if tally else 0, 1)), Origin(self.source, ReadError))

    @property
    def notes(self) -> tuple[str, ...]:
        """After a pass: what was handled, as `read_recording` tells it."""
        return (*self._told, *self.tally.notes())


def can_be_read_in_blocks(path: str | Path) -> bool:
    """Whether a file is of a kind that `open_blocks` takes, and is there."""
    place = Path(path)
    kinds = (*TEXT_KINDS, *PARQUET_KINDS, ARRAY_KIND)
    return place.suffix.lower() in kinds and not UCR_NAME.fullmatch(place.name) and place.is_file()


def rows_of(path: str | Path) -> int:
    """Rows of a Parquet or NPY file, which says so in its head; 0 of any other, and of one that is not what it says."""
    place = Path(path)
    if place.suffix.lower() not in (*PARQUET_KINDS, ARRAY_KIND):
        return 0
    try:
        return open_blocks(place).rows or 0
    except ReadError:
        return 0


def open_blocks(
    path: str | Path,
    *,
    time_column: str | None = None,
    columns: Sequence[str] | None = None,
    label_column: str | None = None,
    header: bool | None = None,
) -> Blocks:
    """The blocks of a file; arguments as `read_recording`.

    Raises:
        ReadError: not what its extension says, empty, or of a kind that is read whole.
    """
    names = (columns,) if isinstance(columns, str) else columns
    wanted = Wanted(time_column, None if names is None else tuple(names), label_column)
    place = Path(path)
    if not can_be_read_in_blocks(place):
        came = short(str(path), 120)
        raise WholeError("a CSV, Parquet or NPY file, to read it in blocks", came, ANEW)
    if place.stat().st_size == 0:
        raise ReadError("a file with at least one row", f"an empty file: {short(place.name, 120)}", "check the export")
    kind = kind_of(place)
    if kind == ARRAY_KIND:
        return _array_blocks(place, wanted)
    if kind in PARQUET_KINDS:
        return _parquet_blocks(place, wanted)
    text = TextTable.open(place, header)
    return Blocks(place.name, None, lambda: _rows_of(text.parts(), wanted, text.notes, text.dialect.decimal))


def series_blocks(series: Series) -> Blocks:
    """The blocks of a series that is held."""
    step = max(1, READ_NUMBERS // len(series.channels))

    def read() -> Iterator[Rows]:
        for begin in range(0, len(series), step):
            part = series.part(begin, begin + step)
            yield Rows(part.channels, part.values.copy(), part.times)

    return Blocks(series.source, len(series), read)


# --- NPY and Parquet ----------------------------------------------------------------------------------------


def _array_blocks(path: Path, wanted: Wanted) -> Blocks:
    """The rows of one array. It is mapped anew for each block, so that pages that were read leave the memory."""
    refuse_columns(wanted, path.name)

    def mapped() -> Any:
        try:
            return np.load(path, mmap_mode="r", allow_pickle=False)
        except DAMAGES as error:
            raise not_npy(path.name, error) from error

    shape = mapped().shape
    width = 1 if len(shape) == 1 else shape[-1]
    step = max(1, READ_NUMBERS // max(1, width))

    def read() -> Iterator[Rows]:
        for begin in range(0, max(1, shape[0] if shape else 1), step):
            origin = _origin(path, begin)
            values = array_values(mapped()[begin : begin + step] if shape else mapped(), origin)
            require_channels(values, origin)
            yield Rows(*chosen_columns(values, wanted), None)

    return Blocks(path.name, shape[0] if shape else None, read)


def _parquet_blocks(path: Path, wanted: Wanted) -> Blocks:
    import pyarrow as pa
    import pyarrow.parquet as pq

    def opened() -> Any:
        try:
            return pq.ParquetFile(path, buffer_size=1 << 20)
        except (pa.ArrowException, OSError) as error:
            came = f"one that is damaged or something else: {short(path.name, 120)}"
            raise ReadError("a Parquet file", came, "export it again, or give the file its right extension") from error

    def parts() -> Iterator[Part]:
        file = opened()
        before, first = file.schema_arrow.empty_table(), 0
        for batch in file.iter_batches(batch_size=max(2, READ_NUMBERS // max(1, file.metadata.num_columns))):
            table = pa.concat_tables([before, pa.Table.from_batches([batch])])
            yield Part(table, _origin(path, first), False)
            first += max(0, len(table) - 1)
            before = table.slice(max(0, len(table) - 1))
        yield Part(before, _origin(path, first), True)

    return Blocks(path.name, opened().metadata.num_rows, lambda: _rows_of(parts(), wanted, (), "."))


def _origin(path: Path, first_row: int) -> Origin:
    """Of rows that begin at `first_row` of a file."""
    return Origin(path.name, ReadError, lambda row: f"row {first_row + row}")


# --- tables -------------------------------------------------------------------------------------------------


def _rows_of(parts: Iterator[Part], wanted: Wanted, notes: tuple[str, ...], decimal: str) -> Iterator[Rows]:
    """The rows of tables of which each begins with the last row of the one before.

    That row is kept back until the next table is there: steps between rows are seen across borders, and of rows with
    equal times the last one stays, wherever the border lies.
    """
    layout: Layout | None = None
    faulty, held = False, None
    for part in parts:
        if held is not None and part.is_last and len(part.table) == 1:
            yield held
            return
        told: list[str] = []
        columns = columns_of(part.table, wanted, part.origin, told, decimal=decimal)
        require_channels(columns.values, part.origin)
        here = Layout.of(part.table, columns, told)
        layout = here if layout is None else layout.followed_by(here, part.origin)
        faulty |= part.faulty
        values, times, repeated = _in_order(columns, part.origin)
        rows = Rows(columns.names, values, times, repeated, (*(REPLACED if faulty else ()), *notes, *layout.told))
        if part.is_last:
            yield rows
            return
        yield rows.part(slice(None, -1))
        held = rows.part(slice(-1, None))._replace(repeated=0)


def _in_order(columns: Columns, origin: Origin) -> tuple[Floats, Times | None, int]:
    """Values and times without the rows whose time is repeated, and how many those were."""
    if columns.times is None or not len(columns.times):
        return columns.values, columns.times, 0
    steps = np.diff(columns.times.view(np.int64))
    if (steps < 0).any():
        row = int(np.argmax(steps < 0)) + 1
        came = f"an earlier one at {origin.at(row)}"
        raise WholeError("times in order, to read a file in blocks", came, f"{ANEW}, or sort it")
    kept = np.append(steps > 0, True)
    return columns.values[kept], columns.times[kept], int((~kept).sum())
