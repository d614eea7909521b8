"""A path in, a recording out. The extension says what kind of file it is; the rest is found in the file."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from pathlib import Path

from anomalyllm.data.archives import (
    UCR_NAME,
    recording_from_npz,
    recording_from_ucr,
    series_from_npy,
    series_from_parquet,
)
from anomalyllm.data.delimited import series_from_text
from anomalyllm.data.series import Recording
from anomalyllm.data.split import parse_train_end
from anomalyllm.data.tables import Wanted
from anomalyllm.data.wording import short
from anomalyllm.errors import ReadError

__all__ = ["KINDS", "parse_train_end", "read_recording"]

TEXT_KINDS = (".csv", ".tsv", ".txt")
PARQUET_KINDS = (".parquet", ".pq")
ARRAY_KIND = ".npy"
KINDS = (*TEXT_KINDS, *PARQUET_KINDS, ".npz", ARRAY_KIND)
STDIN = "-"


def read_recording(
    path: str | Path,
    *,
    time_column: str | None = None,
    columns: Sequence[str] | None = None,
    label_column: str | None = None,
    header: bool | None = None,
) -> Recording:
    """Reads a series from a file: CSV and its kin, Parquet, NPZ, NPY, UCR text, or CSV on stdin as "-".

    Args:
        path: the file, or "-".
        time_column: the column of times; by default found by name or type.
        columns: the channels, in this order; by default every column that is neither times nor labels.
        label_column: the column of 0/1 labels; by default one called label, labels, anomaly or is_anomaly.
        header: whether a text table begins with column names; by default found out.

    Raises:
        ReadError: no such file, not what its extension says, empty, or with values that cannot be read.
        ChannelError: a chosen column is not there.
    """
    names = (columns,) if isinstance(columns, str) else columns
    wanted = Wanted(time_column, None if names is None else tuple(names), label_column)
    if str(path) == STDIN:
        return Recording(series_from_text(sys.stdin.buffer.read(), "stdin", wanted, header))
    place = Path(path)
    kind = kind_of(place)
    data = _content(place)
    if kind in PARQUET_KINDS:
        return Recording(series_from_parquet(data, place.name, wanted))
    if kind == ".npz":
        return recording_from_npz(data, place.name, wanted)
    if kind == ARRAY_KIND:
        return Recording(series_from_npy(data, place.name, wanted))
    if UCR_NAME.fullmatch(place.name):
        return recording_from_ucr(data, place.name)
    return Recording(series_from_text(data, place.name, wanted, header))


def kind_of(path: Path) -> str:
    """The extension, refused if it cannot be read; that a path is absent or a folder is told elsewhere."""
    kind = path.suffix.lower()
    if kind not in KINDS and path.is_file():
        remedy = "convert it, or give the file its right extension"
        raise ReadError(f"a file of kind {', '.join(KINDS)}", short(path.name, 120), remedy)
    return kind


def _content(path: Path) -> bytes:
    """All bytes of a file.

    Raises:
        ReadError: it is absent (with the nearest name in its folder), a folder, or may not be read.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ReadError("a file that is there", f"no file {short(str(path), 200)}", _remedy_for(path)) from error
    except IsADirectoryError as error:
        raise ReadError("a file", f"the folder {short(str(path), 200)}", "name a file in it") from error
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        came = f"{short(str(path), 200)} ({reason})"
        raise ReadError("a file that can be read", came, "check its permissions and the disk") from error
    if not content:
        raise ReadError("a file with at least one row", f"an empty file: {short(path.name, 120)}", "check the export")
    return content


def _remedy_for(path: Path) -> str:
    try:
        names = sorted(entry.name for entry in path.parent.iterdir())
    except OSError:
        return f"there is no folder {short(str(path.parent), 200)} either: check the path"
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else "check the path"
