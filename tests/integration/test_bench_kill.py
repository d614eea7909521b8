"""A bench that is killed in the middle goes on where it was: no row is lost, none is made twice, no worker stays."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from command import environment, program
from unit.evaluation.bench.small import write_archive

CASES = 12
METHODS = ("second-difference", "summary-statistics", "nearest-neighbour")
WORDS = ("bench", "ucr", "--data", "sets", *(word for name in METHODS for word in ("--method", name)), "--jobs", "2")
TABLE = Path("out/bench/cases.csv")
PATIENCE = 90.0  # seconds


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_archive(tmp_path / "sets", CASES)


def keys() -> list[tuple[str, str]]:
    with TABLE.open() as file:
        return [(row["case"], row["method"]) for row in csv.DictReader(file)]


def children(of: int) -> set[int]:
    """Processes whose parent is `of`."""
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields and entry.name.isdigit() and int(fields[1]) == of:
            found.add(int(entry.name))
    return found


def is_gone(process: int) -> bool:
    try:
        return (Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def interrupted(how: signal.Signals) -> tuple[int, set[int]]:
    """Starts a bench and sends it `how` after the third row; its exit code, and the workers that it had."""
    bench = subprocess.Popen(
        [sys.executable, "-m", "anomalyllm", *WORDS],
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + PATIENCE
    while (not TABLE.exists() or TABLE.read_bytes().count(b"\n") < 4) and bench.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    workers = children(bench.pid)
    os.kill(bench.pid, how)
    return bench.wait(PATIENCE), workers


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["kill", "Ctrl-C"])
def test_a_bench_goes_on_where_it_was(how: signal.Signals) -> None:
    code, workers = interrupted(how)
    assert code == (-9 if how == signal.SIGKILL else 130)
    assert len(workers) >= 2
    deadline = time.monotonic() + PATIENCE
    while not all(map(is_gone, workers)):
        assert time.monotonic() < deadline, "a worker outlived its bench"
        time.sleep(0.02)
    left = TABLE.read_bytes()
    whole = left[: left.rfind(b"\n") + 1]
    rows_before = whole.count(b"\n") - 1
    assert 3 <= rows_before < CASES * len(METHODS), "it was over before it was stopped"
    again = program(*WORDS)
    assert again.returncode == 0, again.stderr
    assert TABLE.read_bytes().startswith(whole)
    assert len(keys()) == len(set(keys())) == CASES * len(METHODS)
