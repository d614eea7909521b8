"""Parquet, NPZ and UCR files give the arrays that were put in; damaged or foreign ones are refused."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from anomalyllm.data import Recording, read_recording
from anomalyllm.errors import ChannelError, ReadError

TRAIN = np.arange(12, dtype=np.float32).reshape(6, 2)
TEST = -np.arange(8, dtype=np.float32).reshape(4, 2)


def npz(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def reader(content: bytes, name: str = "x.npz", **choice: Any) -> Recording:
        path = tmp_path / name
        path.write_bytes(content)
        return read_recording(path, **choice)

    return reader


def refused(read: Any, content: bytes, name: str = "x.npz", **choice: Any) -> str:
    with pytest.raises(ReadError) as raised:
        read(content, name, **choice)
    return str(raised.value)


# --- NPZ


def test_train_and_test_are_joined_with_the_split_between(read: Any) -> None:
    recording = read(npz(train=TRAIN, test=TEST, test_label=np.array([0, 1, 1, 0]), train_label=np.zeros(6)))
    np.testing.assert_array_equal(recording.series.values, np.concatenate([TRAIN, TEST]))
    assert recording.train_end == 6
    assert recording.series.labels.tolist() == [0] * 7 + [1, 1, 0]
    assert recording.series.notes == ()
    assert recording.series.source == "x.npz"


def test_rows_of_test_are_called_as_in_test(read: Any) -> None:
    recording = read(npz(train=TRAIN, test=TEST))
    assert recording.series.part(recording.train_end).first_row == 0


def test_a_part_without_labels_counts_as_normal_with_a_note(read: Any) -> None:
    recording = read(npz(train=TRAIN, test=TEST, test_label=np.ones((4, 1), bool)))
    assert recording.series.labels.tolist() == [0] * 6 + [1] * 4
    assert recording.series.notes == ("the rows of train carry no labels and count as normal",)
    assert read(npz(train=TRAIN, test=TEST)).series.labels is None


def test_channels_may_be_named_and_chosen(read: Any) -> None:
    content = npz(train=TRAIN, test=TEST, channels=np.array(["cpu", "memory"]))
    assert read(content).series.channels == ("cpu", "memory")
    chosen = read(content, columns=["memory"])
    assert chosen.series.values[:, 0].tolist() == np.concatenate([TRAIN, TEST])[:, 1].tolist()
    assert chosen.train_end == 6
    with pytest.raises(ChannelError, match="expected a channel that is there, got 'memry'; did you mean 'memory'"):
        read(content, columns=["memry"])


@pytest.mark.parametrize("key", ["anything", "X", "data", "values", "train"])
def test_a_single_array_has_no_split(read: Any, key: str) -> None:
    recording = read(npz(**{key: TRAIN}, label=np.zeros(6)))
    np.testing.assert_array_equal(recording.series.values, TRAIN)
    assert recording.train_end is None
    assert recording.series.labels.tolist() == [0] * 6


def test_of_several_arrays_the_one_with_the_known_name_is_taken(read: Any) -> None:
    assert read(npz(other=np.zeros(3), data=TRAIN)).series.values.shape == (6, 2)


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        (
            {"a": TRAIN, "b": TEST},
            "expected arrays train and test, or one array, got the arrays a, b; save the series as X, data or values",
        ),
        (
            {},
            "expected arrays train and test, or one array, got an empty archive: x.npz; "
            "save the series as X, data or values",
        ),
        (
            {"train": TRAIN, "test": TEST[:, :1]},
            "expected as many channels in train as in test, got 2 in train and 1 in test; "
            "save both with the same channels",
        ),
        (
            {"train": TRAIN[:0], "test": TEST},
            "expected at least one row in train and in test, got an empty train; check the export",
        ),
        (
            {"train": TRAIN, "test": TEST, "test_label": np.zeros(3)},
            "expected 4 labels in test_label, one for each row, got 3; save one for each row",
        ),
        (
            {"X": TRAIN, "label": np.full(6, 2)},
            "expected 0 or 1 in 'label', got 2 at row 0 of x.npz; "
            "use 0 for normal and 1 for anomalous, or choose another label column",
        ),
        (
            {"X": TRAIN, "channels": np.array(["a", "a"])},
            "expected 2 different names in channels, got a, a; name each channel once",
        ),
        (
            {"X": np.array([{"a": 1}], dtype=object)},
            "expected an NPZ archive of plain arrays, got pickled Python objects: x.npz; "
            "save the arrays as numbers, for pickles can run code and are refused",
        ),
        (
            {"X": np.zeros((2, 2, 2))},
            "expected values of shape (T,) or (T, C), got an array of shape (2, 2, 2); score one series at a time",
        ),
    ],
)
def test_each_fault_of_an_archive_is_one_sentence(read: Any, arrays: dict[str, Any], sentence: str) -> None:
    assert refused(read, npz(**arrays)) == sentence


NOT_NPZ = "expected an NPZ archive of plain arrays, got one that is damaged or something else: x.npz; "


def test_foreign_files_are_refused(read: Any) -> None:
    stream = io.BytesIO()
    np.save(stream, TRAIN)
    for content in (b"PK", b"hello", stream.getvalue(), b"\x80\x04N."):
        assert refused(read, content) == NOT_NPZ + "save it again with numpy.savez"


@pytest.mark.parametrize("kind", ["npz", "parquet"])
def test_a_file_cut_short_or_damaged_anywhere_is_refused_or_read_whole(read: Any, kind: str) -> None:
    stream = io.BytesIO()
    parquet.write_table(pa.table({"a": np.arange(200.0)}), stream)
    whole = npz(train=TRAIN, test=TEST) if kind == "npz" else stream.getvalue()
    for place in range(1, len(whole), 37):
        assert "damaged" in refused(read, whole[:place], f"x.{kind}")
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        with contextlib.suppress(ReadError):  # any other kind of error fails
            read(bytes(damaged), f"x.{kind}")


def test_an_archive_has_no_columns_of_times_or_labels_to_choose(read: Any) -> None:
    sentence = "expected a table, to choose time or label columns, got x.npz; leave that choice out"
    assert refused(read, npz(X=TRAIN), time_column="t") == sentence


# --- Parquet


def test_parquet_gives_its_numbers_times_and_labels(read: Any) -> None:
    table = pa.table(
        {
            "time": pa.array([0, 60, 120], pa.timestamp("s")),
            "a": [1.5, None, 2.5],
            "b": pa.array([1, 2, 3], pa.int16()),
            "label": [False, False, True],
        }
    )
    stream = io.BytesIO()
    parquet.write_table(table, stream)
    series = read(stream.getvalue(), "x.parquet").series
    np.testing.assert_array_equal(series.values, [[1.5, 1], [np.nan, 2], [2.5, 3]])
    assert (series.spacing, series.labels.tolist()) == (60.0, [0, 0, 1])
    chosen = read(stream.getvalue(), "x.pq", columns=["b"], time_column="time").series
    assert chosen.channels == ("b",)


def test_parquet_as_pandas_writes_it_keeps_its_index_of_dates(read: Any) -> None:
    pd = pytest.importorskip("pandas")
    stream = io.BytesIO()
    frame = pd.DataFrame({"a": [1, 2]}, index=pd.date_range("2024-01-01", periods=2, tz="Europe/Paris"))
    frame.to_parquet(stream)
    series = read(stream.getvalue(), "x.parquet").series
    assert series.channels == ("a",)
    assert str(series.times[0])[:16] == "2023-12-31T23:00"


def test_a_bad_value_in_parquet_is_named_with_its_row(read: Any) -> None:
    stream = io.BytesIO()
    parquet.write_table(pa.table({"a": ["1", "x"]}), stream)
    assert refused(read, stream.getvalue(), "x.parquet") == (
        "expected a number in column 'a', got 'x' at row 1 of x.parquet; "
        "mend that value, or choose the channels without this column"
    )


def test_what_is_no_parquet_is_refused(read: Any) -> None:
    assert refused(read, b"PAR1 no", "x.parquet") == (
        "expected a Parquet file, got one that is damaged or something else: x.parquet; "
        "export it again, or give the file its right extension"
    )


# --- UCR


@pytest.mark.parametrize(
    "text", ["1 2 3 4 5 6 7 8 9 10", "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n", "  1.0e0 2\n3 4 5 6 7 8 9 10"]
)
def test_a_ucr_name_gives_the_split_and_the_labels(read: Any, text: str) -> None:
    recording = read(text.encode(), "001_UCR_Anomaly_DISTORTED1sddb40_4_6_8.txt")
    assert recording.series.values[:, 0].tolist() == list(range(1, 11))
    assert recording.train_end == 4
    assert recording.series.labels.tolist() == [0, 0, 0, 0, 0, 1, 1, 1, 0, 0]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "1 2 x 4 5 6 7 8",
            "expected a number in column 'channel_0', got 'x' at value 3 of 001_UCR_Anomaly_a_4_6_8.txt; "
            "mend that value, or choose the channels without this column",
        ),
        (
            "1 2 3",
            "expected a UCR name whose end of training, first and last anomalous value lie in this order, "
            "got 4, 6 and 8 for 3 values in 001_UCR_Anomaly_a_4_6_8.txt; "
            "check that the file is whole and its name unchanged",
        ),
    ],
)
def test_each_fault_of_a_ucr_file_is_one_sentence(read: Any, text: str, sentence: str) -> None:
    assert refused(read, text.encode(), "001_UCR_Anomaly_a_4_6_8.txt") == sentence


# --- NPY ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("values", [np.arange(6), np.arange(6.0).reshape(3, 2), np.float32([[1, np.nan]])])
def test_one_array_is_a_series(tmp_path: Path, values: np.ndarray) -> None:
    np.save(tmp_path / "x.npy", values)
    series = read_recording(tmp_path / "x.npy").series
    assert np.array_equal(series.values, values.reshape(len(values), -1), equal_nan=True)
    assert series.source == "x.npy"


def test_channels_of_an_array_are_chosen_by_their_numbers(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(6).reshape(2, 3))
    series = read_recording(tmp_path / "x.npy", columns=["channel_2", "channel_0"]).series
    assert series.values.tolist() == [[2.0, 0.0], [5.0, 3.0]]


def test_what_is_no_array_of_numbers_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    path.write_bytes(b"no array")
    with pytest.raises(ReadError, match=r"one that is damaged or something else: x.npy; save it again with numpy.save"):
        read_recording(path)
    np.save(path, np.array([{}], dtype=object))
    with pytest.raises(ReadError, match="got pickled Python objects: x.npy; save the array as numbers"):
        read_recording(path)
    np.savez(tmp_path / "y.npz", X=np.zeros(3))
    path.write_bytes((tmp_path / "y.npz").read_bytes())
    with pytest.raises(ReadError, match="one that is damaged or something else"):
        read_recording(path)
    np.save(path, np.zeros(3))
    with pytest.raises(ReadError, match="a table, to choose time or label columns"):
        read_recording(path, label_column="y")
