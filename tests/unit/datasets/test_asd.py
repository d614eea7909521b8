"""ASD: pickled arrays, or `.npy` files of the same names."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anomalyllm.datasets.asd import asd_cases
from anomalyllm.errors import ReadError

PARTS: dict[str, Any] = {
    "train": np.ones((5, 19), np.float32),
    "test": np.zeros((3, 19), np.float32),
    "test_label": np.array([0.0, 1.0, 0.0]),
}


def written(folder: Path, name: str = "omi-1", *, npy: bool = False, **changed: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for part, array in {**PARTS, **changed}.items():
        if npy:
            np.save(folder / f"{name}_{part}.npy", array)
        else:
            (folder / f"{name}_{part}.pkl").write_bytes(pickle.dumps(array, 3))
    return folder


@pytest.mark.parametrize("npy", [False, True])
def test_the_three_files_of_a_server_are_a_case(npy: bool, tmp_path: Path) -> None:
    base = written(tmp_path / "InterFusion" / "data" / "processed", npy=npy)
    written(base, "omi-12", npy=npy)
    (base / "machine-1-1_test.pkl").write_bytes(b"of another set")
    cases = {case.name: case for case in asd_cases(tmp_path)}
    assert cases.keys() == {"omi-1", "omi-12"}
    data = pickle.loads(pickle.dumps(cases["omi-1"])).read()
    assert (data.train.shape, data.test.shape, data.labels.tolist()) == ((5, 19), (3, 19), [0, 1, 0])
    assert cases["omi-1"].family == "ASD"


def test_plain_arrays_are_preferred_to_pickles(tmp_path: Path) -> None:
    written(tmp_path, test=np.full((3, 19), 9.0))
    written(tmp_path, npy=True)
    (case,) = asd_cases(tmp_path)
    assert case.read().test.max() == 0


class Command:
    def __reduce__(self) -> Any:
        return print, ("it ran",)


def test_a_pickle_with_a_command_in_it_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (case,) = asd_cases(written(tmp_path, test_label=Command()))
    with pytest.raises(ReadError, match=r"asks for builtins\.print: \S+omi-1_test_label.pkl; do not open it otherwise"):
        case.read()
    assert capsys.readouterr().out == ""


def test_files_that_are_absent_or_do_not_fit_are_named(tmp_path: Path) -> None:
    (case,) = asd_cases(written(tmp_path, test_label=np.zeros(2)))
    with pytest.raises(ReadError, match="expected 3 labels, one for each row of test, got 2 in omi-1"):
        case.read()
    (tmp_path / "omi-1_train.pkl").unlink()
    with pytest.raises(ReadError, match=r"omi-1_train.pkl \(no such file or directory\)"):
        case.read()
    assert asd_cases(tmp_path / "nothing") == ()
