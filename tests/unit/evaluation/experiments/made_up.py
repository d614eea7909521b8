"""Small grids and rows whose differences are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from anomalyllm.evaluation.bench.rows import COLUMNS, Row
from anomalyllm.evaluation.experiments.grid import Grid

BASIC: dict[str, Any] = {
    "name": "made-up",
    "question": "Does it matter?",
    "claim": "it does.",
    "reference": "plain",
    "variants": [
        {"label": "plain"},
        {"label": "small", "set": {"student.prototypes": 4}, "x": 4, "line": "pool"},
        {"label": "large", "set": {"student.prototypes": 64}, "x": 64, "line": "pool"},
    ],
}


def grid(**changes: Any) -> Grid:
    return Grid.from_mapping({**BASIC, **changes})


def row(method: str, case: int | str, vus_pr: float, **more: Any) -> Row:
    known = {"dataset": "UCR", "seed": "0", "protocol": "honest", "status": "done", "version": "0.1.0", **more}
    cells = {"method": method, "case": f"case-{case}", "vus_pr": vus_pr, "accuracy": more.get("accuracy", 1), **known}
    assert set(cells) <= set(COLUMNS)
    return dict.fromkeys(COLUMNS, "") | {name: str(value) for name, value in cells.items()}


def rows(values: Mapping[str, Sequence[float]], **more: Any) -> list[Row]:
    """A row for each variant and series."""
    return [row(name, case, value, **more) for name, some in values.items() for case, value in enumerate(some)]
