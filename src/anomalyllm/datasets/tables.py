"""Published tables: text with commas, read as it is written, with no guessing of headers, times or separators."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomalyllm.data.numbers import MISSING_WORDS
from anomalyllm.data.wording import listed, short
from anomalyllm.datasets.case import Floats
from anomalyllm.datasets.folders import AGAIN
from anomalyllm.errors import ReadError

MISSING = sorted({form for word in MISSING_WORDS for form in (word, word.upper(), word.title())} | {"NaN", "NaT"})


@dataclass(frozen=True, eq=False)
class Table:
    """Columns in their order: float64 with NaN where missing, or text.

    Attributes:
        source: the file's name.
        names: as the header says, or "0", "1", … without one.
        columns: (T,) each.
    """

    source: str
    names: tuple[str, ...]
    columns: tuple[NDArray[Any], ...]

    def column(self, name: str) -> NDArray[Any]:
        """One column, (T,).

        Raises:
            ReadError: the table has none of this name.
        """
        if name not in self.names:
            came = f"{listed(self.names)} in {short(self.source, 120)}"
            raise ReadError(f"a column {name!r}", came, "check that this is the published file")
        return self.columns[self.names.index(name)]

    def numbers(self, names: Sequence[str] | None = None) -> Floats:
        """The named columns, all by default, side by side: (T, C)."""
        chosen = self.columns if names is None else [self.column(name) for name in names]
        if not chosen:
            raise ReadError("at least one column of values", f"none in {short(self.source, 120)}", AGAIN)
        return np.stack(chosen, axis=1)


def read_table(data: bytes, source: str, *, header: bool, texts: Sequence[str] = ()) -> Table:
    """Reads a table whose fields are numbers, but for the columns named in `texts`.

    Args:
        data: the file's bytes.
        source: its name.
        header: whether its first line names the columns.
        texts: columns that stay text; those that are not there are no fault.

    Raises:
        ReadError: a field that is no number, a line of another length, or no line of values.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    first = data.split(b"\n", 1)[0].decode("utf-8-sig", errors="replace").strip("\r")
    fields = next(csv.reader([first]), []) or ["0"]
    names = tuple(name.strip() for name in fields) if header else tuple(str(place) for place in range(len(fields)))
    places = [str(place) for place in range(len(names))]
    kinds = {place: pa.string() if name in texts else pa.float64() for place, name in zip(places, names, strict=True)}
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(data),
            arrow_csv.ReadOptions(column_names=places, skip_rows=int(header), use_threads=False),
            arrow_csv.ParseOptions(delimiter=","),
            arrow_csv.ConvertOptions(column_types=kinds, null_values=MISSING, strings_can_be_null=False),
        )
    except pa.ArrowException as error:
        came = f"{short(str(error).splitlines()[0], 160)} in {short(source, 120)}"
        raise ReadError("a table of numbers with commas", came, AGAIN) from error
    if not table.num_rows:
        raise ReadError("a table with at least one row", f"none in {short(source, 120)}", AGAIN)
    return Table(source, names, tuple(column.to_numpy(zero_copy_only=False) for column in table.columns))
