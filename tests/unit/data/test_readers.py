"""A path in, a recording out: kinds by extension, stdin by "-", one sentence for a file that cannot be read."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from anomalyllm.data import as_series, read_recording
from anomalyllm.errors import ReadError

TABLE = "time,a,b,label\n2024-01-01,1.25,x,0\n2024-01-02,2.5,y,1\n".replace(",x", ",3").replace(",y", ",NA")


@pytest.mark.parametrize("name", ["x.csv", "x.CSV", "x.tsv", "x.txt"])
def test_text_tables_go_by_several_extensions(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(TABLE)
    recording = read_recording(str(tmp_path / name))
    assert recording.train_end is None
    assert recording.series.source == name
    assert recording.series.channels == ("a", "b")


def test_a_dash_reads_csv_from_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"a,b\n1,2\n")))
    series = read_recording("-", columns=["b"]).series
    assert (series.source, series.channels, series.values.tolist()) == ("stdin", ("b",), [[2.0]])


def test_empty_stdin_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    with pytest.raises(ReadError, match="got an empty file: stdin; check the export"):
        read_recording("-")


def test_a_file_and_the_same_frame_give_the_same_series(tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")
    (tmp_path / "x.csv").write_text(TABLE)
    by_file = read_recording(tmp_path / "x.csv").series
    by_frame = as_series(pd.read_csv(tmp_path / "x.csv"), source="x.csv")
    np.testing.assert_array_equal(by_file.values, by_frame.values)
    np.testing.assert_array_equal(by_file.times, by_frame.times)
    np.testing.assert_array_equal(by_file.labels, by_frame.labels)
    assert (by_file.channels, by_file.notes) == (by_frame.channels, by_frame.notes)


def refused(path: Path | str) -> str:
    with pytest.raises(ReadError) as raised:
        read_recording(path)
    return str(raised.value)


def test_an_absent_file_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "readings.csv").write_text(TABLE)
    path = tmp_path / "reading.csv"
    assert refused(path) == f"expected a file that is there, got no file {path}; did you mean 'readings.csv'?"
    assert refused(tmp_path / "zzz.csv").endswith("; check the path")
    assert refused(tmp_path / "no" / "x.csv").endswith(f"; there is no folder {tmp_path / 'no'} either: check the path")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path) == f"expected a file, got the folder {tmp_path}; name a file in it"


@pytest.mark.parametrize("name", ["x.csv", "x.parquet", "x.npz", "x.npy", "x.txt"])
def test_an_empty_file_of_any_kind_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    expected = f"expected a file with at least one row, got an empty file: {name}; check the export"
    assert refused(tmp_path / name) == expected


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_text("x")
    assert refused(tmp_path / "x.xlsx") == (
        "expected a file of kind .csv, .tsv, .txt, .parquet, .pq, .npz, .npy, got x.xlsx; "
        "convert it, or give the file its right extension"
    )


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "x.csv"
    path.write_text(TABLE)
    monkeypatch.setattr(Path, "read_bytes", deny)
    expected = f"expected a file that can be read, got {path} (permission denied); check its permissions and the disk"
    assert refused(path) == expected


def test_an_impossible_path_is_refused() -> None:
    assert refused("a\0b.csv").startswith("expected a file that can be read, got a\0b.csv (")
