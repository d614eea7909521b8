"""SMD: three text files of a machine."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from anomalyllm.datasets.smd import smd_cases
from anomalyllm.errors import ReadError

TRAIN = "0.1,0.2\n0.3,0.4\n0.5,0.6\n"
TEST = "1,0\n0,1\n"


def written(
    folder: Path, name: str = "machine-2-1", train: str = TRAIN, test: str = TEST, label: str = "0\n1\n"
) -> Path:
    for part, text in (("train", train), ("test", test), ("test_label", label)):
        (folder / part).mkdir(parents=True, exist_ok=True)
        (folder / part / f"{name}.txt").write_text(text)
    return folder


def test_the_three_files_of_a_machine_are_a_case(tmp_path: Path) -> None:
    base = written(tmp_path / "OmniAnomaly-master" / "ServerMachineDataset")
    written(base, "machine-1-7")
    written(base, "machine-x")
    cases = smd_cases(tmp_path)
    assert {case.name: case.family for case in cases} == {
        "machine-1-7": "SMD-group1",
        "machine-2-1": "SMD-group2",
        "machine-x": "SMD",
    }
    data = pickle.loads(pickle.dumps(cases[0])).read()
    np.testing.assert_array_equal(data.train, [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])
    np.testing.assert_array_equal(data.test, [[1, 0], [0, 1]])
    assert data.labels.tolist() == [0, 1]
    assert data.train_labels is None


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"label": "0\n"}, "expected 2 labels, one for each row of test, got 1 in machine-2-1;"),
        ({"label": "0\n2\n"}, "expected 0 or 1 in 'label', got 2 at test row 1 of machine-2-1;"),
        ({"test": "1,0\n0\n"}, "Expected 2 columns, got 1: 0 in test/machine-2-1.txt;"),
        ({"test": "1\n0\n"}, "expected as many channels in train as in test, got 2 in train and 1 in test"),
        ({"train": "1,x\n"}, "invalid value 'x' in train/machine-2-1.txt;"),
        ({"train": ""}, "got an empty file: .*train/machine-2-1.txt;"),
    ],
)
def test_damaged_files_are_named(changed: dict[str, str], sentence: str, tmp_path: Path) -> None:
    (case,) = smd_cases(written(tmp_path, **changed))
    with pytest.raises(ReadError, match=sentence):
        case.read()


def test_a_field_that_is_empty_is_missing_with_a_note(tmp_path: Path) -> None:
    (case,) = smd_cases(written(tmp_path, test="1,0\n0,"))
    data = case.read()
    assert data.notes == ("test: 1 value is missing: channel_1 has 1, first at row 1",)
    assert np.isnan(data.test[1, 1])


def test_a_file_that_is_absent_is_named(tmp_path: Path) -> None:
    (case,) = smd_cases(written(tmp_path))
    (tmp_path / "test_label" / "machine-2-1.txt").unlink()
    with pytest.raises(ReadError, match=r"got \S+/test_label/machine-2-1.txt \(no such file or directory\)"):
        case.read()


def test_nothing_of_the_set_is_no_case(tmp_path: Path) -> None:
    written(tmp_path, "other")
    assert smd_cases(tmp_path) == ()
