"""One row of `cases.csv`: everything that is known of one task. The columns are fixed, so that files can be joined."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from anomalyllm import __version__
from anomalyllm.datasets.case import CaseData
from anomalyllm.evaluation.bench.tasks import Task
from anomalyllm.evaluation.judging import MEASURES
from anomalyllm.evaluation.metrics.segments import runs
from anomalyllm.evaluation.protocol import Outcome

Row = dict[str, str]

KEY = ("dataset", "case", "method", "seed", "protocol")
ABOUT = ("family", "teacher", "status", "rows_train", "rows_test", "channels", "anomalies", "location", "threshold")
OF_THE_DATA = ("train_anomalous", "data_hash", "notes")
COSTS = ("seconds_fit", "seconds_score", "peak_memory_mib")
ORIGIN = ("config_hash", "version", "error")
MEASURED = tuple(measure.name for measure in MEASURES)
PROBED = "probed"  # JSON of what a probe measured, under its name; "" where none was asked for
COLUMNS = (*KEY, *ABOUT, *MEASURED, *COSTS, *OF_THE_DATA, *ORIGIN, PROBED)


class Result(NamedTuple):
    """What a worker sends back."""

    task: Task
    row: Row


def done_row(task: Task, case: CaseData, outcome: Outcome) -> Row:
    """The row of a task that was carried out."""
    return {
        **_empty(task),
        "teacher": outcome.teacher,
        "status": "done",
        "rows_train": str(len(case.train)),
        "rows_test": str(len(case.test)),
        "channels": str(case.test.shape[1]),
        "anomalies": str(len(runs(case.labels != 0))),
        "location": "" if outcome.location is None else str(outcome.location),
        "threshold": written(outcome.threshold),
        **{name: written(outcome.metrics[name]) for name in MEASURED},
        "seconds_fit": written(outcome.seconds_fit, 4),
        "seconds_score": written(outcome.seconds_score, 4),
        "peak_memory_mib": written(outcome.peak_memory, 4),
        **of_the_data(case),
        PROBED: "" if outcome.probed is None else probed_cell(task.probe, outcome.probed),
    }


def of_the_data(case: CaseData) -> Row:
    """What is told of the case itself: the labelled share of its training part, its hash, and what was handled."""
    digest = hashlib.sha256()
    for part in (case.train, case.test, case.labels):
        digest.update(np.ascontiguousarray(part).tobytes())
    share = math.nan if case.train_labels is None else float(np.mean(case.train_labels))
    cells = (written(share, 4), digest.hexdigest()[:12], "; ".join(case.notes))
    return dict(zip(OF_THE_DATA, cells, strict=True))


def failed_row(task: Task, error: str) -> Row:
    """The row of a task that could not be carried out, with the reason in one line."""
    return {**_empty(task), "status": "failed", "error": " ".join(error.split())[:300]}


def written(value: float, digits: int = 6) -> str:
    """A number as it stands in the table; empty where it is not defined."""
    return "" if math.isnan(value) else f"{value:.{digits}g}"


def probed_cell(probe: str, values: Mapping[str, float]) -> str:
    """What a probe measured as JSON, {its name: {figure: value}} sorted by name; what is not finite is null."""
    known = {name: float(f"{value:.6g}") if math.isfinite(value) else None for name, value in values.items()}
    return json.dumps({probe: known}, sort_keys=True)


def probe_of(row: Row) -> str:
    """The name of the probe that looked; "" where none did."""
    return next(iter(_looked(row)), "")


def probed(row: Row) -> dict[str, float]:
    """What the probe measured, by name; NaN where it was not defined."""
    figures = next(iter(_looked(row).values()), {})
    return {name: math.nan if value is None else value for name, value in figures.items()}


def _looked(row: Row) -> dict[str, dict[str, float | None]]:
    found: dict[str, dict[str, float | None]] = json.loads(row.get(PROBED) or "{}")
    return found


def value_of(row: Row, measure: str) -> float:
    """A number of a row, from the column called `measure` or from what a probe measured; NaN where there is none."""
    return number(row[measure]) if measure in row else probed(row).get(measure, math.nan)


def number(text: str) -> float:
    """The number of a cell; NaN where it is empty."""
    return float(text) if text else math.nan


def _empty(task: Task) -> Row:
    row = dict.fromkeys(COLUMNS, "")
    row |= dict(zip(KEY, task.key, strict=True))
    row |= {"family": task.case.family, "config_hash": task.method.config_hash, "version": __version__}
    return row
