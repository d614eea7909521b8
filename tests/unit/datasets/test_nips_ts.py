"""SWAN and GECCO as three arrays."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from anomalyllm.datasets.catalogue import open_dataset
from anomalyllm.errors import ReadError


def written(folder: Path, word: str, channels: int) -> Path:
    folder.mkdir()
    test = np.zeros((3, channels))
    test[1, 0] = np.nan
    np.save(folder / f"NIPS_TS_{word}_train.npy", np.ones((4, channels)))
    np.save(folder / f"NIPS_TS_{word}_test.npy", test)
    np.save(folder / f"NIPS_TS_{word}_test_label.npy", np.array([[0], [1], [1]]))
    return folder


@pytest.mark.parametrize(
    ("name", "word", "channels", "called"),
    [("SWAN", "Swan", 38, "swan_nips_ts_split"), ("GECCO", "Water", 9, "gecco2018_nips_ts_split")],
)
def test_three_arrays_are_a_case(name: str, word: str, channels: int, called: str, tmp_path: Path) -> None:
    folder = written(tmp_path / f"NIPS_TS_{name}", word, channels)
    (case,) = open_dataset(name, tmp_path).cases
    assert (case.dataset, case.name, case.family) == (name, called, name)
    data = pickle.loads(pickle.dumps(case)).read()
    assert (data.train.shape, data.test.shape, data.labels.tolist()) == ((4, channels), (3, channels), [0, 1, 1])
    assert data.notes == ("test: 1 value is missing: channel_0 has 1, first at row 1",)
    (folder / f"NIPS_TS_{word}_test_label.npy").unlink()
    with pytest.raises(ReadError, match=rf"NIPS_TS_{word}_test_label.npy \(no such file or directory\)"):
        case.read()
