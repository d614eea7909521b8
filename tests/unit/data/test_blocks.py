"""A file in blocks is the same series as the file at once, wherever it is cut; what cannot be told is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from anomalyllm.data import as_series, blocks, read_recording, text_blocks
from anomalyllm.data.blocks import can_be_read_in_blocks, open_blocks, rows_of, series_blocks
from anomalyllm.errors import ChannelError, DataError, ReadError, WholeError

ROWS = 120
SIZES = (40, 97, 333, 1 << 22)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def frame() -> pd.DataFrame:
    """Times, two channels with gaps and extremes, labels."""
    values = np.random.default_rng(0).standard_normal((ROWS, 2))
    values[5:9, 0] = np.nan
    values[50, 1], values[51, 1] = np.inf, 1e31
    times = pd.date_range("2024-01-01", periods=ROWS, freq="5min")
    labels = (np.arange(ROWS) % 7 == 0).astype(int)
    return pd.DataFrame({"time": times, "a": values[:, 0], "b": values[:, 1], "label": labels})


def table(**changes: object) -> str:
    return frame().assign(**changes).to_csv(index=False)


def spaced() -> str:
    return "\n".join(f"{a:.3f}   {b:.3f}" for a, b in np.random.default_rng(0).standard_normal((ROWS, 2)))


def with_blanks() -> str:
    lines = frame()[["a"]].to_csv(index=False).split("\n")
    lines[20:30] = [""] * 10
    return "\n".join(lines) + "\n\n\n"


def repeated_times() -> pd.Series:
    times = frame()["time"].copy()
    times[30:34], times[77:79] = times[30], times[77]
    return times


TIMES = frame()["time"]
UNEVEN = TIMES + pd.to_timedelta(np.random.default_rng(1).integers(0, 60, ROWS), unit="s")
GROWING = [str(row) if row < 60 else f"{row}.5" for row in range(ROWS)]
TEXTS = {
    "plain": table(),
    "an index": frame().to_csv(),
    "repeated times": table(time=repeated_times()),
    "labels that are none": table(label=[0, 1] * 59 + [3, 0]),
    "one column": frame()[["a"]].to_csv(index=False),
    "blank lines": with_blanks(),
    "no header": frame()[["a", "b"]].to_csv(index=False, header=False),
    "decimal commas": frame().to_csv(index=False, sep=";", decimal=","),
    "spaces": spaced(),
    "a counter that stops": table(time=np.minimum(np.arange(ROWS), 80)),
    "epochs": table(time=1_700_000_000 + 300 * np.arange(ROWS)),
    "a counter": table(time=np.arange(ROWS)),
    "months first": table(time=TIMES.dt.strftime("%m/%d/%Y %H:%M")),
    "a time zone": table(time=TIMES.dt.tz_localize("UTC")),
    "uneven steps": table(time=UNEVEN),
    "constant and empty": table(c=1.0, d=np.nan),
    "integers that become fractions": table(a=GROWING),
    "quoted line breaks": 'a,"b\nc"\n' + "\n".join(f'{row},"{row}"' for row in range(ROWS)),
    "carriage returns": table().replace("\n", "\r\n"),
}


def equal(path: str, **reading: object) -> None:
    """Values, times, names, notes and spacing, of blocks of the present size and of the whole."""
    whole, found = read_recording(path, **reading).series, open_blocks(path, **reading)
    pieces = list(found)
    assert [piece.first_row for piece in pieces] == np.cumsum([0, *map(len, pieces)])[:-1].tolist()
    assert np.concatenate([piece.values for piece in pieces]).tobytes() == whole.values.tobytes()
    assert {piece.channels for piece in pieces} == {whole.channels}
    if whole.times is None:
        assert all(piece.times is None for piece in pieces)
    else:
        assert np.array_equal(np.concatenate([piece.times for piece in pieces]), whole.times)
        assert found.tally.median_step == whole.spacing * 1e9
    assert found.notes == whole.notes
    assert found.rows in (None, ROWS, len(whole))
    assert len(list(found)) == len(pieces)  # a second pass begins anew


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", TEXTS)
def test_a_text_in_blocks_is_the_text(name: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_blocks, "PART_BYTES", size)
    Path("x.csv").write_text(TEXTS[name], newline="")
    equal("x.csv")


@pytest.mark.parametrize("size", [40, 1 << 22])
def test_letters_that_are_not_utf8(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The header decides for the whole file: a faulty byte far below must not change the names of the channels."""
    monkeypatch.setattr(text_blocks, "PART_BYTES", size)
    Path("latin.csv").write_bytes(frame().rename(columns={"a": "größe"}).to_csv(index=False).encode("latin-1"))
    equal("latin.csv")
    lines = frame().assign(note="-").to_csv(index=False).encode().split(b"\n")
    lines[80] = lines[80].replace(b",-", b",\xff")
    Path("faulty.csv").write_bytes(b"\n".join(lines))
    with pytest.raises(ReadError, match="at line 81 of faulty.csv"):
        list(open_blocks("faulty.csv"))
    Path("bom.csv").write_bytes(b"\xef\xbb\xbf" + table().encode())
    equal("bom.csv")


@pytest.mark.parametrize("size", [2, 6, 25, 1 << 18])
def test_parquet_and_arrays_in_blocks_are_the_whole(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "READ_NUMBERS", size)
    frame().to_parquet("x.parquet", row_group_size=37)
    frame().assign(time=repeated_times()).set_index("time").to_parquet("index.parquet")
    values = frame()[["a", "b"]].to_numpy()
    np.save("x.npy", values.astype(np.float32))
    np.save("columns.npy", np.asfortranarray(values))
    np.save("line.npy", np.arange(50))
    for path in ("x.parquet", "index.parquet", "x.npy", "columns.npy", "line.npy"):
        equal(path)
    equal("x.parquet", columns=["b", "a"])
    equal("x.parquet", time_column="time", label_column="label")
    equal("x.npy", columns=["channel_1"])
    assert (rows_of("x.parquet"), rows_of("x.npy"), rows_of("x.csv")) == (ROWS, ROWS, 0)


def test_blocks_of_a_series_are_the_series(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "READ_NUMBERS", 50)
    series = as_series(frame().drop(columns="label"))
    pieces = list(series_blocks(series))
    assert len(pieces) == 5
    assert np.concatenate([piece.values for piece in pieces]).tobytes() == series.values.tobytes()
    pieces[0].values[:] = 7.0
    assert not (series.values[:25] == 7.0).any()


def refused(content: str, kind: type[DataError], said: str) -> None:
    Path("x.csv").write_text(content)
    with pytest.raises(kind, match=said):
        list(open_blocks("x.csv"))


@pytest.mark.parametrize("size", [40, 1 << 22])
def test_what_only_the_whole_can_tell_is_refused(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_blocks, "PART_BYTES", size)
    times = TIMES.copy()
    times[90] = times[10]
    said = "expected times in order, to read a file in blocks, got an earlier one at line 92 of x.csv; read it whole"
    refused(table(time=times), WholeError, said)


def test_a_column_that_changes_its_part_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first blocks say that it is one thing and a later one another: the whole file would have known."""
    monkeypatch.setattr(text_blocks, "PART_BYTES", 200)
    said = "expected columns that keep their kind, to read a file in blocks, got others from line .* of x.csv on; read"
    refused(frame().assign(**{"": [np.nan] * 80 + [2.5] * 40}).to_csv(index=False), WholeError, said)
    refused(table(c=[True] * 80 + [2.5] * 40), ReadError, "a number in column 'c', got 'True'")  # as the whole
    slashed = TIMES.dt.strftime("%m/%d/%Y %H:%M").where(np.arange(ROWS) < 60, "31/12/2024 00:00")
    refused(table(time=slashed), ReadError, "expected")  # month or day first: the first blocks do not know


def test_faults_are_named_by_their_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_blocks, "PART_BYTES", 200)
    lines = table().split("\n")
    refused("\n".join([*lines[:90], lines[90].replace(",", ",x", 1), *lines[91:]]), ReadError, "at line 91 of x.csv")
    refused("\n".join([*lines[:90], lines[90] + ",1", *lines[91:]]), ReadError, "4 fields .* got 5 fields at line 91")
    refused("a,b\n", ReadError, "a file with only a header")
    refused(" \n", ReadError, "an empty file")
    frame().iloc[:0].to_parquet("x.parquet")
    with pytest.raises(ReadError, match="at least one row"):
        list(open_blocks("x.parquet"))


def test_files_that_are_no_blocks(tmp_path: Path) -> None:
    for name in ("x.npz", "absent.csv", "1_UCR_Anomaly_a_10_20_30.txt"):
        if name != "absent.csv":
            Path(name).write_text("1")
        assert not can_be_read_in_blocks(name)
        with pytest.raises(WholeError, match="expected a CSV, Parquet or NPY file, to read it in blocks"):
            open_blocks(name)
    Path("empty.csv").touch()
    Path("wide.csv").write_bytes(table().encode("utf-16"))
    Path("x.parquet").write_text("no")
    np.save("objects.npy", np.array([{}, 1], dtype=object))
    np.save("x.npy", np.zeros((4, 2)))
    for name, kind, said in (
        ("empty.csv", ReadError, "an empty file: empty.csv"),
        ("wide.csv", WholeError, "UTF-16 in wide.csv; read it whole"),
        ("x.parquet", ReadError, "a Parquet file"),
        ("objects.npy", ReadError, "pickled Python objects"),
    ):
        with pytest.raises(kind, match=said):
            open_blocks(name)
    with pytest.raises(ReadError, match="a table, to choose time or label columns"):
        open_blocks("x.npy", time_column="t")
    with pytest.raises(ChannelError, match="a channel that is there, got 'z'"):
        list(open_blocks("x.npy", columns=["z"]))
    assert rows_of("objects.npy") == 0
