"""TSB-AD: the name says where training ends, the last column is the labels."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from anomalyllm.datasets.catalogue import open_dataset
from anomalyllm.datasets.tsb_ad import tsb_ad_cases
from anomalyllm.errors import ReadError

NAME = "001_NAB_id_1_Facility_tr_2_1st_3.csv"
TEXT = "Data,time,Label\n1,9,0\n2,9,0\n3,9,0\n4,9,1\n5,8,0\n"


def written(folder: Path, name: str = NAME, text: str = TEXT) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return folder


def test_a_table_is_cut_where_its_name_says(tmp_path: Path) -> None:
    """A column that is called time is a channel like any other."""
    (case,) = tsb_ad_cases("TSB-AD-U", written(tmp_path))
    assert (case.dataset, case.name, case.family) == ("TSB-AD-U", NAME.removesuffix(".csv"), "Facility")
    data = pickle.loads(pickle.dumps(case)).read()
    assert data.train_labels is not None
    assert data.train.tolist() == [[1, 9], [2, 9]]
    assert (data.train_labels.tolist(), data.labels.tolist()) == ([0, 0], [0, 1, 0])
    assert data.notes == ()


def test_names_with_more_underscores(tmp_path: Path) -> None:
    written(tmp_path, "012_Stock_x_id_3_Finance_y_tr_2_1st_3.csv")
    written(tmp_path, "readme.csv", "not a series")
    (case,) = tsb_ad_cases("TSB-AD-M", tmp_path)
    assert case.family == "Finance_y"


def test_a_name_that_tells_another_first_anomaly_gets_a_note(tmp_path: Path) -> None:
    written(tmp_path, NAME.replace("1st_3", "1st_9"))
    (case,) = tsb_ad_cases("TSB-AD-U", tmp_path)
    assert case.read().notes == ("the name says that the first anomaly is at row 9, the labels say 3",)


def test_the_two_sets_are_not_taken_for_each_other(tmp_path: Path) -> None:
    written(tmp_path / "TSB-AD-U" / "TSB-AD-U")
    assert len(open_dataset("tsb-ad-u", tmp_path).cases) == 1
    with pytest.raises(ReadError, match="expected TSB-AD-M in a form that is known"):
        open_dataset("tsb-ad-m", tmp_path)
    assert tsb_ad_cases("TSB-AD-M", tmp_path / "TSB-AD-U") == ()


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        (NAME, "Data\n1\n2\n3\n", "expected a column 'Label', got Data in 001_NAB"),
        (NAME, "Label\n0\n1\n0\n", "expected at least one column of values, got none in 001_NAB"),
        (NAME, TEXT.replace("9,1", "9,7"), "expected 0 or 1 in 'label', got 7 at test row 1 of 001_NAB"),
        (NAME.replace("tr_2", "tr_5"), TEXT, "expected rows to train on and rows to score, got 5 of 5 rows in 001_NAB"),
        (NAME, TEXT.replace("4", "four"), "invalid value 'four' in 001_NAB"),
    ],
)
def test_each_fault_is_one_sentence(name: str, text: str, sentence: str, tmp_path: Path) -> None:
    (case,) = tsb_ad_cases("TSB-AD-U", written(tmp_path, name, text))
    with pytest.raises(ReadError, match=sentence):
        case.read()
