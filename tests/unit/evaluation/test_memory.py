"""The peak of memory: that of the block, not of what came before it, and NaN where the system does not say."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from anomalyllm.evaluation.memory import PeakMemory

MEBIBYTE = 2**20


def peak_with(mebibytes: int) -> float:
    with PeakMemory() as memory:
        np.ones(mebibytes * MEBIBYTE, np.int8)  # written to, so that it is held
    return memory.mebibytes


def test_what_a_block_holds_raises_its_peak_and_no_other() -> None:
    before = peak_with(0)
    if math.isnan(before):
        pytest.skip("a process may not reset its own peak here")
    assert peak_with(200) - before == pytest.approx(200, abs=40)
    assert peak_with(0) - before == pytest.approx(0, abs=40)


def test_the_peak_of_a_block_that_fails_is_known_too() -> None:
    memory = PeakMemory()
    with pytest.raises(ZeroDivisionError), memory:
        _ = 1 / 0
    assert math.isnan(memory.mebibytes) or memory.mebibytes > 1


@pytest.mark.parametrize("name", ["absent/clear_refs", "."])
def test_where_the_peak_cannot_be_reset_it_is_not_known(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The peak since the process began would be taken for that of the block."""
    monkeypatch.setattr("anomalyllm.evaluation.memory.RESET", tmp_path / name)
    assert math.isnan(peak_with(1))


@pytest.mark.parametrize(("status", "said"), [("VmPeak: 9 kB\nVmHWM:   2048 kB\n", 2.0), ("Name: x\n", math.nan)])
def test_the_line_of_the_peak_is_read(
    status: str, said: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "status").write_text(status)
    monkeypatch.setattr("anomalyllm.evaluation.memory.RESET", tmp_path / "clear_refs")
    monkeypatch.setattr("anomalyllm.evaluation.memory.STATUS", tmp_path / "status")
    assert peak_with(1) == pytest.approx(said, nan_ok=True)
    assert (tmp_path / "clear_refs").read_text() == "5"
