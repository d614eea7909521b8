"""A folder to stand in, both kinds of detector, and one of each that was fitted once for all tests."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pandas as pd
import pytest

from command import KINDS, ROWS, TRAINED, done, times, wave
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


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """The words that ask for each kind of detector; () for the default."""
    return KINDS[request.param]


@pytest.fixture(scope="session", params=KINDS)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved detector of each kind, of channels `a` and `b`; tests must not change it."""
    return saved(tmp_path_factory.mktemp("model"), KINDS[request.param])


@pytest.fixture(scope="session")
def trained_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one whose networks were trained; tests must not change it."""
    return saved(tmp_path_factory.mktemp("trained"), TRAINED)


def saved(folder: Path, words: tuple[str, ...]) -> Path:
    """The folder of a detector that was fitted with these words."""
    values = sine(ROWS, 2)
    with contextlib.chdir(folder):
        pd.DataFrame({"time": times(), "a": values[:, 0], "b": values[:, 1]}).to_csv("both.csv", index=False)
        done("fit", "both.csv", "--model", "saved", *words)
    return folder / "saved"
