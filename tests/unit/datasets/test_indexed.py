"""Folders of NPZ files with an index: all that is in the shared one, and what damaged ones say."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anomalyllm.datasets.catalogue import open_dataset
from anomalyllm.datasets.indexed import indexed_cases
from anomalyllm.errors import ReadError

COUNTS = {"UCR": 109, "SMD": 5, "MSL": 13, "SMAP": 27, "ASD": 6, "GECCO": 1, "NAB": 29, "MSCloud": 30}
ARRAYS = {"train": np.ones((5, 2), np.float32), "test": np.zeros((3, 2), np.float32), "test_label": [0, 1, 0]}
ENTRY = {
    "dataset": "SMD",
    "family": "SMD-group1",
    "name": "m",
    "file": "SMD/m.npz",
    "n_train": 5,
    "n_test": 3,
    "dims": 2,
}


def segments(labels: np.ndarray) -> list[list[int]]:
    """[first, end) of each run of ones."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], labels.astype(int), [0]])))
    return edges.reshape(-1, 2).tolist()


@pytest.mark.parametrize("name", COUNTS)
def test_every_series_that_is_shared_is_read_as_the_index_says(name: str, shared_data: Path) -> None:
    entries = json.loads((shared_data / "index.json").read_text())["series"]
    told = {entry["name"]: entry for entry in entries if entry["dataset"] == name}
    cases = open_dataset(name.lower(), shared_data).cases
    assert len(cases) == COUNTS[name]
    assert [case.name for case in cases] == sorted(told)
    for case in cases:
        data, entry = case.read(), told[case.name]
        assert case.family == entry["family"]
        assert segments(data.labels) == entry["anomaly_segments"], case.name
        assert data.train.shape == (entry["n_train"], entry["dims"])
        assert data.test.shape == (entry["n_test"], entry["dims"])
        if "train_anomaly_segments" in entry:
            assert data.train_labels is not None
            assert segments(data.train_labels) == entry["train_anomaly_segments"]


def written(tmp_path: Path, *entries: Any, **arrays: Any) -> Path:
    (tmp_path / "SMD").mkdir(exist_ok=True)
    np.savez(tmp_path / "SMD" / "m.npz", **{**ARRAYS, **arrays})
    (tmp_path / "index.json").write_text(json.dumps({"series": list(entries) or [ENTRY]}))
    return tmp_path


def test_labels_of_the_training_part_are_kept_where_there_are_some(tmp_path: Path) -> None:
    (case,) = indexed_cases("SMD", written(tmp_path))
    assert pickle.loads(pickle.dumps(case)).read().train_labels is None
    (case,) = indexed_cases("SMD", written(tmp_path, train_label=[0, 1, 0, 0, 0]))
    labels = case.read().train_labels
    assert labels is not None
    assert labels.tolist() == [0, 1, 0, 0, 0]


def test_an_index_that_says_less_is_enough(tmp_path: Path) -> None:
    (case,) = indexed_cases("SMD", written(tmp_path, {"dataset": "smd", "name": "m", "file": "SMD/m.npz"}))
    assert case.family == "SMD"
    assert case.read().test.shape == (3, 2)
    assert indexed_cases("MSL", tmp_path) == indexed_cases("SMD", tmp_path / "SMD") == ()


@pytest.mark.parametrize(
    "index", ["[]", "{}", '{"series": [1]}', '{"series": [{"dataset": "SMD"}]}', '{"series": [{"dataset": 1}]}']
)
def test_a_damaged_index_is_refused(index: str, tmp_path: Path) -> None:
    (tmp_path / "index.json").write_text(index)
    with pytest.raises(ReadError) as caught:
        indexed_cases("SMD", tmp_path)
    assert str(caught.value) == (
        "expected a list `series` of entries with dataset, name and file, "
        f"got something else in {tmp_path / 'index.json'}; fetch the set again"
    )


@pytest.mark.parametrize("file", ["../m.npz", "/etc/passwd"])
def test_an_index_cannot_point_outside_its_folder(file: str, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"expected files in the folder of index.json, got \S+; move the file there"):
        indexed_cases("SMD", written(tmp_path, {**ENTRY, "file": file}))


def test_files_that_are_not_what_the_index_says_are_refused(tmp_path: Path) -> None:
    (case,) = indexed_cases("SMD", written(tmp_path, {**ENTRY, "n_test": 4}))
    with pytest.raises(ReadError) as caught:
        case.read()
    path = tmp_path / "SMD" / "m.npz"
    assert str(caught.value) == (
        "expected 5 and 4 rows of 2 channels, as index.json says, "
        f"got 5 and 3 rows of 2 channels in {path}; fetch the set again"
    )
    np.savez(path, train=ARRAYS["train"], test=ARRAYS["test"])
    with pytest.raises(ReadError, match="expected the arrays train, test, test_label, got train, test in "):
        case.read()
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ReadError, match="expected an NPZ archive of plain arrays, got one that is damaged"):
        case.read()
    path.unlink()
    with pytest.raises(ReadError, match=r"m.npz \(no such file or directory\)"):
        case.read()
