"""A folder to stand in, and a detector that was fitted once for all tests."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pandas as pd
import pytest

from command import QUICK, ROWS, done, times, wave
from conftest import sine


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, made the working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def plain(place: Path) -> Path:
    """`plain.csv` in the working folder: one channel `v`, no times."""
    pd.DataFrame({"v": wave()}).to_csv("plain.csv", index=False)
    return place


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved detector of channels `a` and `b`; tests must not change it."""
    folder = tmp_path_factory.mktemp("model")
    values = sine(ROWS, 2)
    with contextlib.chdir(folder):
        pd.DataFrame({"time": times(), "a": values[:, 0], "b": values[:, 1]}).to_csv("both.csv", index=False)
        done("fit", "both.csv", "--model", "saved", *QUICK)
    return folder / "saved"
