"""GECCO's own table, split as results on it are reported."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from anomalyllm.datasets.catalogue import open_dataset
from anomalyllm.datasets.gecco import CHANNELS, FILE, gecco_cases
from anomalyllm.errors import ReadError

HEAD = ",Time,Tp,Cl,pH,Redox,Leit,Trueb,Cl_2,Fm,Fm_2,EVENT"


def written(tmp_path: Path, *events: str, head: str = HEAD, missing: int | None = None) -> Path:
    lines = [head]
    for row, event in enumerate(events):
        values = ["" if channel == 3 and row == missing else str(row + channel / 10) for channel in range(9)]
        lines.append(f"{row},2016-08-03 09:{49 + row}:00,{','.join(values)},{event}")
    (tmp_path / FILE).write_text("\n".join(lines) + "\n")
    return tmp_path


def test_the_first_half_is_for_training_and_both_halves_are_labelled(tmp_path: Path) -> None:
    (case,) = gecco_cases(written(tmp_path, "False", "True", "FALSE", "TRUE", "0"))
    data = pickle.loads(pickle.dumps(case)).read()
    assert data.train_labels is not None
    assert (data.train_labels.tolist(), data.labels.tolist()) == ([0, 1], [0, 1, 0])
    assert data.train[1].tolist() == [1 + channel / 10 for channel in range(9)]
    assert data.notes == ()


def test_rows_with_a_missing_value_are_left_out_before_the_split_with_a_note(tmp_path: Path) -> None:
    (case,) = gecco_cases(written(tmp_path, "1", "1", "0", "0", "1", missing=1))
    data = case.read()
    assert data.train_labels is not None
    assert (data.train[:, 0].tolist(), data.train_labels.tolist()) == ([0, 2], [1, 0])
    assert (data.test[:, 0].tolist(), data.labels.tolist()) == ([3, 4], [0, 1])
    assert data.notes == ("1 of 5 rows have a missing value and are left out",)


def test_damaged_tables_are_refused(tmp_path: Path) -> None:
    (case,) = gecco_cases(written(tmp_path, "False", "perhaps"))
    with pytest.raises(ReadError) as caught:
        case.read()
    assert str(caught.value) == (
        "expected TRUE or FALSE in EVENT, got 'perhaps' at row 1 of 1_gecco2018_water_quality.csv; fetch the set again"
    )
    (case,) = gecco_cases(written(tmp_path, "False", head=HEAD.replace("Redox", "redox")))
    with pytest.raises(ReadError, match="expected a column 'Redox', got "):
        case.read()
    (case,) = gecco_cases(written(tmp_path, "False"))
    with pytest.raises(ReadError, match="expected rows to train on and rows to score, got 0 of 1 rows"):
        case.read()
    assert gecco_cases(tmp_path / "nothing") == ()


def test_it_is_the_same_case_as_the_index_has(shared_data: Path, tmp_path: Path) -> None:
    """The columns stand in the same order, and a table made of the indexed values splits where the index says."""
    (indexed,) = open_dataset("gecco", shared_data).cases
    entry = next(
        one for one in json.loads((shared_data / "index.json").read_text())["series"] if one["dataset"] == "GECCO"
    )
    assert tuple(name.lower() for name in CHANNELS) == tuple(entry["columns"])
    assert entry["n_train"] == (entry["n_train"] + entry["n_test"]) // 2
    (case,) = gecco_cases(written(tmp_path, "0", "1"))
    assert (case.dataset, case.name, case.family) == (indexed.dataset, indexed.name, indexed.family)
    assert np.isfinite(indexed.read().test).all()
