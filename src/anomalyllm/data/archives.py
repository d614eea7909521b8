"""Files that are not text tables: Parquet, NPY, NPZ with or without a split, and the UCR archive's text files."""

from __future__ import annotations

import dataclasses
import io
import re
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomalyllm.data.numbers import array_values, numbers_in
from anomalyllm.data.origin import Floats, Labels, Origin
from anomalyllm.data.requirements import binary_labels, require_known
from anomalyllm.data.series import Recording, Series, build_series, numbered_channels
from anomalyllm.data.tables import Wanted, series_from_table
from anomalyllm.data.wording import listed, short
from anomalyllm.errors import ReadError

UCR_NAME = re.compile(r"(?:\d+_)?UCR_Anomaly_.+_(\d+)_(\d+)_(\d+)\.txt", re.IGNORECASE)
WHOLE_KEYS = ("X", "data", "values")
DAMAGES = (  # what zipfile, zlib and NumPy raise when bytes are not what they should be
    *(
        ValueError,
        OSError,
        EOFError,
        LookupError,
        AttributeError,
        TypeError,
        RuntimeError,
        MemoryError,
        SyntaxError,
    ),
    *(zipfile.BadZipFile, zlib.error, tokenize.TokenError),
)
LABEL_KEYS = ("label", "labels")


def series_from_parquet(data: bytes, source: str, wanted: Wanted) -> Series:
    """The series in a Parquet file.

    Raises:
        ReadError: not Parquet, or cut short.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(pa.BufferReader(data))
    except (pa.ArrowException, OSError) as error:
        came = f"one that is damaged or something else: {short(source, 120)}"
        raise ReadError("a Parquet file", came, "export it again, or give the file its right extension") from error
    return series_from_table(table, wanted, Origin(source, ReadError))


# --- NPY and NPZ --------------------------------------------------------------------------------------------


def series_from_npy(data: bytes, source: str, wanted: Wanted) -> Series:
    """The one array (T,) or (T, C) of an NPY file.

    Raises:
        ReadError: another kind of file, cut short, pickled objects inside, or no numbers.
    """
    refuse_columns(wanted, source)
    try:
        array = np.load(io.BytesIO(data), allow_pickle=False)
        if not isinstance(array, np.ndarray):
            raise ValueError
    except DAMAGES as error:
        raise not_npy(source, error) from error
    origin = Origin(source, ReadError)
    names, values = chosen_columns(array_values(array, origin), wanted)
    return build_series(values, names, origin=origin)


def chosen_columns(values: Floats, wanted: Wanted) -> tuple[tuple[str, ...], Floats]:
    """The wanted channels of an array (T, C) by the names that its columns have, or all."""
    names = numbered_channels(values.shape[1])
    if wanted.columns is None:
        return names, values
    require_known(wanted.columns, names)
    return wanted.columns, np.ascontiguousarray(values[:, [names.index(name) for name in wanted.columns]])


def not_npy(source: str, error: BaseException) -> ReadError:
    """The error for bytes that NumPy does not take for one array."""
    came, remedy = "one that is damaged or something else", "save it again with numpy.save"
    if "Object arrays" in str(error) or "Python objects" in str(error):
        came = "pickled Python objects"
        remedy = "save the array as numbers, for pickles can run code and are refused"
    return ReadError("an NPY file with one array of numbers", f"{came}: {short(source, 120)}", remedy)


def refuse_columns(wanted: Wanted, source: str) -> None:
    """Arrays have channels, but no columns of times and labels."""
    if wanted.time_column or wanted.label_column:
        raise ReadError("a table, to choose time or label columns", short(source, 120), "leave that choice out")


def recording_from_npz(data: bytes, source: str, wanted: Wanted) -> Recording:
    """The arrays of an NPZ archive: `train`, then `test`, with the split between, or one array.

    Optional: `train_label`, `test_label` (or `label` with one array) with 0/1, and `channels` with names.

    Raises:
        ReadError: not an archive, cut short, pickled objects inside, or arrays that do not fit together.
    """
    refuse_columns(wanted, source)
    arrays = npz_arrays(data, source)
    origin = Origin(source, ReadError)
    if "train" in arrays and "test" in arrays:
        recording = _split_recording(arrays, origin)
    else:
        recording = Recording(_whole_series(arrays, origin))
    if wanted.columns is not None:
        return Recording(recording.series.choose(wanted.columns), recording.train_end)
    return recording


def npz_arrays(data: bytes, source: str) -> dict[str, NDArray[Any]]:
    """All arrays of an archive by name; nothing in it is ever executed."""
    stream = io.BytesIO(data)
    try:
        if not zipfile.is_zipfile(stream):
            raise zipfile.BadZipFile
        stream.seek(0)
        with np.load(stream, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except DAMAGES as error:
        came, remedy = "one that is damaged or something else", "save it again with numpy.savez"
        if "allow_pickle" in str(error):
            came = "pickled Python objects"
            remedy = "save the arrays as numbers, for pickles can run code and are refused"
        raise ReadError("an NPZ archive of plain arrays", f"{came}: {short(source, 120)}", remedy) from error


def _split_recording(arrays: Mapping[str, NDArray[Any]], origin: Origin) -> Recording:
    train, test = array_values(arrays["train"], origin), array_values(arrays["test"], origin)
    if train.shape[1] != test.shape[1]:
        came = f"{train.shape[1]} in train and {test.shape[1]} in test"
        raise ReadError("as many channels in train as in test", came, "save both with the same channels")
    for name, part in (("train", train), ("test", test)):
        if not len(part):
            raise ReadError("at least one row in train and in test", f"an empty {name}", "check the export")
    notes: list[str] = []
    labels = _joined_labels(arrays, len(train), len(test), origin, notes)
    values = np.concatenate([train, test])
    names = _channel_names(arrays, values.shape[1])
    series = build_series(values, names, labels=labels, notes=notes, origin=origin)
    series = dataclasses.replace(series, first_row=-len(train))  # rows are called by `test`'s count
    return Recording(series, len(train))


def _joined_labels(
    arrays: Mapping[str, NDArray[Any]], train: int, test: int, origin: Origin, notes: list[str]
) -> Labels | None:
    """Labels of both parts; a part without its own counts as normal, with a note."""
    if "train_label" not in arrays and "test_label" not in arrays:
        return None
    parts = []
    for part, rows in (("train", train), ("test", test)):
        name = f"{part}_label"
        if name in arrays:
            parts.append(_labels(arrays[name], name, rows, origin))
        else:
            parts.append(np.zeros(rows, np.int8))
            notes.append(f"the rows of {part} carry no labels and count as normal")
    return np.concatenate(parts)


def _labels(array: NDArray[Any], name: str, rows: int, origin: Origin) -> Labels:
    values = array_values(array, origin)
    if values.size != rows:
        raise ReadError(f"{rows} labels in {name}, one for each row", str(values.size), "save one for each row")
    return binary_labels(values.ravel(), name, origin)


def _channel_names(arrays: Mapping[str, NDArray[Any]], count: int) -> tuple[str, ...] | None:
    if "channels" not in arrays:
        return None
    names = tuple(str(name) for name in np.atleast_1d(arrays["channels"]).ravel())
    if len(names) != count or len(set(names)) != count:
        raise ReadError(f"{count} different names in channels", listed(names), "name each channel once")
    return names


def _whole_series(arrays: Mapping[str, NDArray[Any]], origin: Origin) -> Series:
    """The one array of an archive, or the one that is called X, data or values."""
    named = [name for name in arrays if name not in ("channels", *LABEL_KEYS)]
    chosen = named if len(named) == 1 else [name for name in WHOLE_KEYS if name in arrays][:1]
    if not chosen:
        came = f"the arrays {listed(list(arrays))}" if arrays else f"an empty archive: {origin.name}"
        raise ReadError("arrays train and test, or one array", came, "save the series as X, data or values")
    values = array_values(arrays[chosen[0]], origin)
    label_name = next((name for name in LABEL_KEYS if name in arrays), None)
    labels = None if label_name is None else _labels(arrays[label_name], label_name, len(values), origin)
    return build_series(values, _channel_names(arrays, values.shape[1]), labels=labels, origin=origin)


# --- UCR ----------------------------------------------------------------------------------------------------


def recording_from_ucr(data: bytes, source: str) -> Recording:
    """A series of the UCR archive: its name says where training ends and (1-based, inclusive) the anomaly.

    Raises:
        ReadError: a value that is no number, or a name that does not fit the number of values.
    """
    found = UCR_NAME.fullmatch(source)
    assert found is not None, source
    train_end, begin, last = (int(number) for number in found.groups())
    tokens = data.decode("utf-8", errors="replace").replace("\ufeff", "").split()
    values = numbers_in(tokens, "channel_0", Origin(source, ReadError, lambda row: f"value {row + 1}"))
    if not 1 <= train_end < begin <= last <= len(values):
        came = f"{train_end}, {begin} and {last} for {len(values)} values in {short(source, 120)}"
        expected = "a UCR name whose end of training, first and last anomalous value lie in this order"
        raise ReadError(expected, came, "check that the file is whole and its name unchanged")
    return Recording(_ucr_series(values, begin, last, source), train_end)


def _ucr_series(values: Floats, begin: int, last: int, source: str) -> Series:
    labels = np.zeros(len(values), np.int8)
    labels[begin - 1 : last] = 1
    return build_series(values.reshape(-1, 1), labels=labels, origin=Origin(source, ReadError))
