"""What the long scripts here share: a line for each series, written as it ends; a run that was stopped goes on."""

from __future__ import annotations

import csv
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from anomalyllm.datasets import Case

Line = tuple[object, ...]


def lines_of(path: Path) -> list[dict[str, str]]:
    """What has been written."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def append(path: Path, columns: Sequence[str], work: Callable[[Case], Line], cases: list[Case], jobs: int) -> None:
    """Does the work of each case, appends its line and prints it.

    Args:
        path: of the table; begun with `columns` where there is none.
        columns: what stands in a line.
        work: gives the line of a case; a function that a new process can import.
        cases: those without a line.
        jobs: processes of one thread each; 1: here.
    """
    new = not path.exists() or path.stat().st_size == 0
    with path.open("a", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if new:
            writer.writerow(columns)
        for line in _each(work, cases, jobs):
            writer.writerow(line)
            file.flush()
            print(*line, flush=True)


def _each(work: Callable[[Case], Line], cases: list[Case], jobs: int) -> Iterator[Line]:
    """The lines, as they come."""
    if jobs == 1:
        yield from map(work, cases)
        return
    os.environ["OMP_NUM_THREADS"] = "1"
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(work, cases)
