"""NAB, the Numenta Anomaly Benchmark: `data/CATEGORY/NAME.csv` (timestamp, value), `labels/combined_windows.json`.

A window is a pair of times, both included; a file with an empty list has no anomaly. Training is NAB's own
probationary period: the first 15 % of the rows, at most 750.
Source: Ahmad et al., "Unsupervised real-time anomaly detection for streaming data", Neurocomputing 2017.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomalyllm.data.wording import short
from anomalyllm.datasets.assembling import cut
from anomalyllm.datasets.case import Case, CaseData, Labels
from anomalyllm.datasets.folders import AGAIN, content_of, folders_below, json_of, named
from anomalyllm.datasets.tables import read_table
from anomalyllm.errors import ReadError

NAME = "NAB"
WINDOWS = Path("labels") / "combined_windows.json"
PROBATION = 0.15  # of the rows
LONGEST_PROBATION = 750  # rows: 15 % of the 5,000 that NAB takes a file's period of learning from


def nab_cases(folder: Path) -> tuple[Case, ...]:
    """The files under `data`, called CATEGORY__NAME."""
    for base in folders_below(folder):
        if (base / WINDOWS).is_file():
            files = sorted((base / "data").glob("*/*.csv"))
            return tuple(_case(base, path) for path in files)
    return ()


def read_nab(base: Path, path: Path) -> CaseData:
    """A file with its windows; the labels of the probationary rows are kept too."""
    table = read_table(content_of(path), path.name, header=True, texts=("timestamp",))
    values = table.numbers(["value"])
    times = _times(table.column("timestamp"), path)
    labels = _labels(times, _windows(base, path), path)
    return cut(path.name, values, labels, min(int(PROBATION * len(values)), LONGEST_PROBATION))


def _case(base: Path, path: Path) -> Case:
    category = path.parent.name
    return Case(NAME, f"{category}__{path.stem}", f"{NAME}-{category}", partial(read_nab, base, path))


def _windows(base: Path, path: Path) -> list[list[str]]:
    """The windows of a file, from the table of all."""
    table: Any = json_of(base / WINDOWS)
    key = f"{path.parent.name}/{path.name}"
    windows = table.get(key) if isinstance(table, dict) else None
    if not isinstance(windows, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in windows):
        came = f"none in {named(base / WINDOWS)}"
        raise ReadError(f"a list of windows [first time, last time] for {key}", came, AGAIN)
    return windows


def _times(texts: Any, path: Path) -> NDArray[np.datetime64]:
    try:
        times = np.array([str(text) for text in texts], dtype="datetime64[ns]")
    except ValueError as error:
        raise ReadError(f"times in {path.name}", short(str(error), 120), AGAIN) from error
    if np.isnat(times).any():
        raise ReadError(f"times in {path.name}", f"none at row {int(np.argmax(np.isnat(times)))}", AGAIN)
    return times


def _labels(times: NDArray[np.datetime64], windows: list[list[str]], path: Path) -> Labels:
    labels = np.zeros(len(times), np.int8)
    for pair in windows:
        first, last = _times(pair, WINDOWS)
        inside = (times >= first) & (times <= last)
        if not inside.any():
            raise ReadError(f"windows that cover rows of {path.name}", " to ".join(map(str, pair)), AGAIN)
        labels[inside] = 1
    return labels
