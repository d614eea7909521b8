"""Rows, curves and a reader of pages for the tests of the bench's page."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from anomalyllm.datasets.case import Case, CaseData
from anomalyllm.evaluation.bench.curves import save_curves
from anomalyllm.evaluation.bench.rows import COLUMNS, Row
from anomalyllm.evaluation.bench.tasks import Task
from anomalyllm.evaluation.methods import Method

HOSTILE = "</script><script>alert('x')</script><b>\"$x_1$\" & <!--"


def row(case: str = "a", method: str = "random", dataset: str = "UCR", **cells: object) -> Row:
    """A row of a run that was carried out; cells that are not given are empty."""
    usual = {
        "seed": 0,
        "protocol": "honest",
        "family": "ECG",
        "status": "done",
        "rows_train": 500,
        "rows_test": 1000,
        "channels": 1,
        "anomalies": 1,
        "seconds_fit": 0.5,
        "seconds_score": 0.25,
        "version": "9.9",
    }
    known = usual | {"case": case, "method": method, "dataset": dataset} | cells
    assert set(known) <= set(COLUMNS)
    return dict.fromkeys(COLUMNS, "") | {name: str(value) for name, value in known.items()}


def failed(case: str = "a", method: str = "random", dataset: str = "UCR", **cells: object) -> Row:
    """A row of a run that failed."""
    nothing = dict.fromkeys(("rows_train", "rows_test", "channels", "anomalies", "seconds_fit", "seconds_score"), "")
    return row(case, method, dataset, **{**nothing, "status": "failed", "error": "ValueError: no", **cells})


def task(folder: Path, case: str, method: str, dataset: str = "UCR") -> Task:
    """A task whose case is never read."""
    reader = partial(CaseData, np.zeros((1, 1)), np.zeros((1, 1)), np.zeros(1, np.int8))
    return Task(Case(dataset, case, "ECG", reader), Method(method), 0, "honest", folder, folder)


def keep(folder: Path, case: str, labels: np.ndarray, scores: dict[str, np.ndarray], dataset: str = "UCR") -> None:
    """Leaves curves as a bench does: a sine as the series, and the scores by method."""
    series = np.sin(np.arange(len(labels)) / 7.0)[:, None]
    data = CaseData(series, series, labels.astype(np.int8))
    for method, curve in scores.items():
        save_curves(task(folder, case, method, dataset), data, curve)


def labelled(start: int = 600, stop: int = 620, rows: int = 1000) -> np.ndarray:
    """(rows,) with one anomaly."""
    labels = np.zeros(rows, np.int8)
    labels[start:stop] = 1
    return labels
