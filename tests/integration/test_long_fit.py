"""`fit` on a file that is not held at once: the same detector, byte for byte, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from anomalyllm.data import inputs
from command import contents, done, times
from conftest import sine

ROWS = 3000
WORDS = ("--set", "retrieval.bank=64", "--set", "retrieval.own_rows=1000")


@pytest.fixture
def file(place: Path) -> str:
    """`x.csv` in the working folder, with a gap."""
    values = sine(ROWS, 2)
    values[100:130, 0] = np.nan
    pd.DataFrame({"time": times(ROWS), "a": values[:, 0], "b": values[:, 1]}).to_csv("x.csv", index=False)
    return "x.csv"


def test_a_large_file_gives_the_detector_of_a_small_one(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """How a file is read is nobody's business but memory's."""
    held = done("fit", file, "--model", "held", *WORDS)
    monkeypatch.setattr(inputs, "LARGE", 1000)
    in_blocks = done("fit", file, "--model", "blocks", *WORDS)
    assert contents(Path("blocks")) == contents(Path("held"))
    assert in_blocks.err.replace("blocks", "held") == held.err.replace("blocks", "held")
    assert "trained on 3,000 rows" in held.err
    assert "note on the training part: 3,000 rows are more than retrieval.own_rows (1,000)" in held.err


def test_what_blocks_cannot_tell_is_read_whole(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = Path(file).read_text().split("\n")
    lines[2000], lines[2001] = lines[2001], lines[2000]
    Path(file).write_text("\n".join(lines))
    done("fit", file, "--model", "held", *WORDS)
    monkeypatch.setattr(inputs, "LARGE", 1000)
    ran = done("fit", file, "--model", "blocks", *WORDS)
    assert contents(Path("blocks")) == contents(Path("held"))
    assert "note: the times were not in order: the rows were sorted by time" in ran.err


@pytest.mark.parametrize("budget", ["1000", "3000"])
def test_networks_are_those_of_the_file_that_is_held(file: str, budget: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("--preset", "trained", "--max-steps", "1", "--set", "student.prototypes=16")
    words = (*words, "--set", f"retrieval.own_rows={budget}")
    done("fit", file, "--model", "held", *words)
    monkeypatch.setattr(inputs, "LARGE", 1000)
    done("fit", file, "--model", "blocks", *words)
    assert contents(Path("blocks")) == contents(Path("held"))
