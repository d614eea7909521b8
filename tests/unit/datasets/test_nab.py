"""NAB: tables, and windows of times."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from anomalyllm.datasets.catalogue import open_dataset
from anomalyllm.datasets.nab import nab_cases
from anomalyllm.errors import ReadError

KEY = "realTweets/Twitter_volume_AAPL.csv"


def table(rows: int) -> str:
    return "timestamp,value\n" + "".join(
        f"2015-02-{1 + row // 24:02} {row % 24:02}:00:00,{row}\n" for row in range(rows)
    )


def written(tmp_path: Path, windows: Any, text: str = "", key: str = KEY) -> Path:
    base = tmp_path / "NAB-master"
    (base / "labels").mkdir(parents=True, exist_ok=True)
    (base / "data" / "realTweets").mkdir(parents=True, exist_ok=True)
    (base / "data" / KEY).write_text(text or table(40))
    (base / "labels" / "combined_windows.json").write_text(json.dumps({key: windows}))
    return tmp_path


def test_windows_include_both_their_times_and_the_probation_is_for_training(tmp_path: Path) -> None:
    windows = [
        ["2015-02-01 04:00:00.000000", "2015-02-01 07:00:00.000000"],
        ["2015-02-02 14:30:00.000000", "2015-02-02 15:00:00.000000"],
    ]
    (case,) = nab_cases(written(tmp_path, windows))
    assert (case.name, case.family) == ("realTweets__Twitter_volume_AAPL", "NAB-realTweets")
    data = pickle.loads(pickle.dumps(case)).read()
    assert data.train_labels is not None
    assert data.train[:, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert data.train_labels.tolist() == [0, 0, 0, 0, 1, 1]
    assert [row + 6 for row, label in enumerate(data.labels) if label] == [6, 7, 39]


def test_an_empty_list_is_a_case_without_an_anomaly(tmp_path: Path) -> None:
    (case,) = nab_cases(written(tmp_path, []))
    assert case.read().labels.sum() == 0


def test_the_probation_ends_at_750_rows(tmp_path: Path) -> None:
    text = "timestamp,value\n" + "2015-02-01 00:00:00,1.5\n" * 6000
    (case,) = nab_cases(written(tmp_path, [], text))
    assert len(case.read().train) == 750


def test_times_that_repeat_or_go_back_are_labelled_row_by_row(tmp_path: Path) -> None:
    """Clocks are put back in autumn; every row of such an hour is in the window."""
    hours = [0, 1, 2, 1, 2, 3, 4, 4]
    text = "timestamp,value\n" + "".join(f"2015-02-01 0{hour}:00:00,1\n" for hour in hours)
    (case,) = nab_cases(written(tmp_path, [["2015-02-01 02:00:00", "2015-02-01 03:00:00"]], text))
    assert case.read().labels.tolist() == [0, 1, 0, 1, 1, 0, 0]


def test_the_split_is_that_of_the_index(shared_data: Path) -> None:
    for case in open_dataset("nab", shared_data).cases:
        data = case.read()
        rows = len(data.train) + len(data.test)
        assert len(data.train) == min(int(0.15 * rows), 750), case.name


@pytest.mark.parametrize(
    ("windows", "text", "sentence"),
    [
        (
            [["2016-01-01 00:00:00", "2016-01-02 00:00:00"]],
            "",
            "expected windows that cover rows of Twitter_volume_AAPL",
        ),
        ([["2015-02-01 00:00:00"]], "", r"expected a list of windows \[first time, last time\] for realTweets/Twitter"),
        ("no list", "", r"expected a list of windows \[first time, last time\] for realTweets/Twitter"),
        ([["soon", "later"]], "", "expected times in combined_windows.json, got Error parsing datetime"),
        ([], "timestamp,value\nlater,1\n", "expected times in Twitter_volume_AAPL.csv, got Error parsing datetime"),
        ([], "timestamp,value\n,1\n", "expected times in Twitter_volume_AAPL.csv, got none at row 0"),
        ([], "timestamp,value\n2015-02-01 00:00:00,x\n", "invalid value 'x' in Twitter_volume_AAPL.csv"),
        ([], "time,value\n1,1\n", "expected a column 'timestamp', got time, value in Twitter_volume_AAPL.csv"),
        ([], table(3), "expected rows to train on and rows to score, got 0 of 3 rows in Twitter_volume_AAPL.csv"),
    ],
)
def test_each_fault_is_one_sentence(windows: Any, text: str, sentence: str, tmp_path: Path) -> None:
    (case,) = nab_cases(written(tmp_path, windows, text))
    with pytest.raises(ReadError, match=sentence):
        case.read()


def test_a_file_that_the_table_of_windows_does_not_know_is_refused(tmp_path: Path) -> None:
    (case,) = nab_cases(written(tmp_path, [], key="another.csv"))
    with pytest.raises(ReadError, match=f"for {KEY}, got none in "):
        case.read()
    (tmp_path / "NAB-master" / "labels" / "combined_windows.json").write_text("[]")
    with pytest.raises(ReadError, match=f"for {KEY}, got none in "):
        case.read()
    assert nab_cases(tmp_path / "nothing") == ()
