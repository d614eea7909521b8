"""MSL and SMAP: arrays, and one table with the anomalies of both spacecraft."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from anomalyllm.datasets.telemanom import telemanom_cases
from anomalyllm.errors import ReadError

HEAD = "chan_id,spacecraft,anomaly_sequences,class,num_values\n"
LINES = (
    'P-2,SMAP,"[[2, 3]]",[point],10\n'
    'A-1,SMAP,"[[0, 0], [5, 9]]","[contextual, point]",10\n'
    'P-2,SMAP,"[[3, 5]]",[point],10\n'
    'M-1,MSL,"[[1, 4]]",[contextual],10\n'
    'Z-9,SMAP,"[[1, 4]]",[contextual],10\n'
)


def written(tmp_path: Path, table: str = HEAD + LINES, beside: bool = True, rows: int = 10) -> Path:
    base = tmp_path / "SMAP_MSL" / "data"
    for name, channels in (("P-2", 25), ("A-1", 25), ("M-1", 55), ("X-1", 25)):
        for part, count in (("train", 4), ("test", rows)):
            (base / part).mkdir(parents=True, exist_ok=True)
            np.save(base / part / f"{name}.npy", np.full((count, channels), count, np.float64))
    ((base if beside else base.parent) / "labeled_anomalies.csv").write_text(table)
    return tmp_path


@pytest.mark.parametrize("beside", [True, False])
def test_rows_of_the_table_are_inclusive_and_a_channel_listed_twice_has_both(beside: bool, tmp_path: Path) -> None:
    folder = written(tmp_path, beside=beside)
    cases = {case.name: case for case in telemanom_cases("SMAP", folder)}
    assert {name: case.family for name, case in cases.items()} == {"P-2": "SMAP-P", "A-1": "SMAP-A"}
    data = pickle.loads(pickle.dumps(cases["P-2"])).read()
    assert (data.train.shape, data.test.shape) == ((4, 25), (10, 25))
    assert data.labels.tolist() == [0, 0, 1, 1, 1, 1, 0, 0, 0, 0]
    assert cases["A-1"].read().labels.tolist() == [1, 0, 0, 0, 0, 1, 1, 1, 1, 1]


def test_the_other_spacecraft_has_its_own_channels(tmp_path: Path) -> None:
    (case,) = telemanom_cases("MSL", written(tmp_path))
    assert (case.dataset, case.name, case.read().test.shape) == ("MSL", "M-1", (10, 55))


def test_files_that_do_not_fit_the_table_are_refused(tmp_path: Path) -> None:
    (case,) = telemanom_cases("MSL", written(tmp_path, rows=9))
    with pytest.raises(ReadError) as caught:
        case.read()
    assert str(caught.value) == (
        "expected 10 rows in test/M-1.npy, as labeled_anomalies.csv says, got shape (9, 55); fetch the set again"
    )
    np.save(case.reader.args[0] / "test" / "M-1.npy", np.float64(1))  # type: ignore[attr-defined]
    with pytest.raises(ReadError, match=r"got shape \(\);"):
        case.read()


def test_an_anomaly_beyond_the_end_is_refused(tmp_path: Path) -> None:
    (case,) = telemanom_cases("MSL", written(tmp_path, HEAD + LINES.replace("[[1, 4]]", "[[1, 10]]")))
    with pytest.raises(ReadError, match="expected anomalies within rows 0 to 9, .* got 1 to 10 for M-1 in labeled"):
        case.read()


def test_arrays_that_are_absent_or_damaged_are_named(tmp_path: Path) -> None:
    (case,) = telemanom_cases("MSL", written(tmp_path))
    path = tmp_path / "SMAP_MSL" / "data" / "train" / "M-1.npy"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ReadError, match=f"expected an .npy file of plain numbers, got one that is damaged .*: {path}"):
        case.read()
    path.unlink()
    with pytest.raises(ReadError, match=rf"{path} \(no such file or directory\)"):
        case.read()


@pytest.mark.parametrize(
    "line",
    ["M-1,MSL", 'M-1,MSL,"[[1, 4",x,10', 'M-1,MSL,"[[1]]",x,10', 'M-1,MSL,"[[1, 4]]",x,many', 'M-1,MSL,"4",x,10'],
)
def test_a_damaged_table_is_refused(line: str, tmp_path: Path) -> None:
    with pytest.raises(ReadError) as caught:
        telemanom_cases("MSL", written(tmp_path, HEAD + line + "\n"))
    table = tmp_path / "SMAP_MSL" / "data" / "labeled_anomalies.csv"
    assert str(caught.value) == (
        "expected chan_id, spacecraft, anomaly_sequences as [[first, last], …] and num_values in each line, "
        f"got something else for 'M-1' in {table}; fetch the set again"
    )


def test_arrays_without_the_table_are_told(tmp_path: Path) -> None:
    folder = written(tmp_path)
    (folder / "SMAP_MSL" / "data" / "labeled_anomalies.csv").unlink()
    with pytest.raises(ReadError, match=r"expected labeled_anomalies.csv beside the folders train and test, got none"):
        telemanom_cases("SMAP", folder)
    assert telemanom_cases("SMAP", folder / "SMAP_MSL" / "data" / "test") == ()
