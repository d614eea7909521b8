"""No byte of a detector depends on anything behind the training part: not on test values, and not on labels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from command import KINDS, TRAINED, contents, done
from conftest import sine

TRAIN, ROWS = 300, 500
PRESETS = {
    **KINDS,
    "finetuned": (*TRAINED[2:], "--finetune"),
    "paper": (*TRAINED, "--preset", "paper", "--teacher", "compact", "--set", "window.training_stride=8"),
}
POISONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "NaN": lambda values: np.full_like(values, np.nan),
    "constants": lambda values: np.full_like(values, 7.0),
    "huge": lambda values: values * 1e25,
    "infinite": lambda values: np.full_like(values, np.inf),
    "shuffled": lambda values: np.random.default_rng(1).permutation(values),
    "cut off": lambda values: values[:60],
}
UCR = "001_UCR_Anomaly_wave_{}_{}_{}.txt"


def write(folder: Path, kind: str, values: np.ndarray, labels: np.ndarray) -> list[str]:
    """A recording (T, 2) as a file in `folder`; the words that fit its first rows."""
    folder.mkdir()
    if kind == "csv":
        stamps = pd.date_range("2024-03-01", periods=len(values), freq="1h")
        table = {"time": stamps, "a": values[:, 0], "b": values[:, 1], "label": labels}
        pd.DataFrame(table).to_csv(folder / "x.csv", index=False)
        return ["x.csv", "--train-end", str(TRAIN)]
    if kind == "npz":
        parts = {"train": values[:TRAIN], "test": values[TRAIN:]}
        np.savez(folder / "x.npz", **parts, train_label=labels[:TRAIN], test_label=labels[TRAIN:])
        return ["x.npz"]
    name = UCR.format(TRAIN, TRAIN + 10, TRAIN + 20)
    np.savetxt(folder / name, values[:, 0], fmt="%.17g")
    return [name]


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("kind", ["csv", "npz", "txt"])
def test_the_artefact_does_not_know_the_test_part(
    kind: str, preset: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = sine(ROWS, 2)
    clean = fitted(place / "clean", kind, values, np.zeros(ROWS, np.int8), preset, monkeypatch)
    for name, poison in POISONS.items():
        poisoned = np.concatenate([values[:TRAIN], poison(values[TRAIN:])])
        labels = np.random.default_rng(2).integers(0, 2, len(poisoned)).astype(np.int8)
        assert fitted(place / name, kind, poisoned, labels, preset, monkeypatch) == clean, name


POISONED_CELLS = {
    "a label of 2": ("label", b"2"),
    "a label that is no text": ("label", b"\xff"),
    "a falling t": ("t", b"-1"),
    "a missing t": ("t", b""),
    "a gap in the index": ("", b"9999"),
}


def test_no_cell_of_the_test_part_changes_a_columns_role_or_name(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clean = fitted_table(place / "clean", {}, monkeypatch)
    for name, (column, cell) in POISONED_CELLS.items():
        assert fitted_table(place / name, {column: cell}, monkeypatch) == clean, name


def test_the_guard_itself_sees_a_change_in_the_training_part(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values, labels = sine(ROWS, 2), np.zeros(ROWS, np.int8)
    clean = fitted(place / "clean", "npz", values, labels, "default", monkeypatch)
    values[TRAIN - 1] += 1e-3
    assert fitted(place / "changed", "npz", values, labels, "default", monkeypatch) != clean


def fitted(
    folder: Path, kind: str, values: np.ndarray, labels: np.ndarray, preset: str, monkeypatch: pytest.MonkeyPatch
) -> dict[str, bytes]:
    """The files of the detector fitted on a recording."""
    words = write(folder, kind, values, labels)
    monkeypatch.chdir(folder)
    done("fit", *words, "--model", "m", *PRESETS[preset])
    return contents(folder / "m")


def fitted_table(folder: Path, poison: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The files of the detector fitted on a table whose last row holds other cells in the columns of `poison`."""
    folder.mkdir()
    names = ("", "t", "Wärme", "b", "label")
    cells = [[f"{row}", f"{row}", f"{a:.17g}", f"{b:.17g}", "0"] for row, (a, b) in enumerate(sine(ROWS, 2))]
    lines = [",".join(line).encode() for line in (names, *cells[:-1])]
    last = [poison.get(name, cell.encode()) for name, cell in zip(names, cells[-1], strict=True)]
    (folder / "x.csv").write_bytes(b"\n".join([*lines, b",".join(last)]) + b"\n")
    monkeypatch.chdir(folder)
    done("fit", "x.csv", "--train-end", str(TRAIN), "--model", "m", *PRESETS["default"])
    return contents(folder / "m")
