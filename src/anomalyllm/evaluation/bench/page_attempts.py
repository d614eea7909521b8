"""The cases one by one: what each method chose there, whether that was right, and the curves that were kept.

Whether a location is right is the archive's rule (`metrics.location`), also on series with several anomalies: there it
is right at any of them. Of several seeds the first one is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomalyllm.data.archives import npz_arrays
from anomalyllm.errors import ReadError
from anomalyllm.evaluation.bench.curves import curve_folder
from anomalyllm.evaluation.bench.naming import file_name
from anomalyllm.evaluation.bench.page_boards import Board
from anomalyllm.evaluation.bench.rows import Row, number
from anomalyllm.evaluation.metrics.location import location_hit
from anomalyllm.evaluation.metrics.segments import runs

Floats = NDArray[np.float64]
Span = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Envelope:
    """A curve made short: the lowest and highest value of each of S equal stretches; NaN where all is missing.

    Attributes:
        rows: of the whole curve.
        size: rows in a stretch; the last one may be shorter.
        low, high: (S,); never infinite.
    """

    rows: int
    size: int
    low: Floats
    high: Floats


@dataclass(frozen=True, eq=False)
class Recorded:
    """The test part of a case as it was kept: its channels and where its anomalies are."""

    rows: int
    channels: tuple[Envelope, ...]
    spans: tuple[Span, ...]  # (start, stop) of each anomaly


@dataclass(frozen=True, eq=False)
class Attempt:
    """One method on one case.

    Attributes:
        place: of the method in the table, from 1.
        row: what is known of it; its status may be `failed`.
        hit: whether its location is right; None where that is not known, or no anomaly is there to hit.
        scores: its curve, None where none was kept or it cannot be read.
    """

    place: int
    row: Row
    hit: bool | None
    scores: Envelope | None

    @property
    def method(self) -> str:
        """Its name."""
        return self.row["method"]

    @property
    def failed(self) -> bool:
        """Whether it could not be carried out."""
        return self.row["status"] != "done"

    @property
    def location(self) -> int | None:
        """The row of the test part that it named, None where it named none."""
        return int(self.row["location"]) if self.row["location"] else None

    @property
    def threshold(self) -> float:
        """Its own threshold; NaN where there is none."""
        return number(self.row["threshold"])


@dataclass(frozen=True, eq=False)
class Case:
    """One case with all methods, in the order of the table."""

    dataset: str
    name: str
    attempts: tuple[Attempt, ...]
    recorded: Recorded | None  # None where no curves were kept or they cannot be read

    @cached_property
    def facts(self) -> Row:
        """A row that knows the sizes: one of a method that did not fail, where there is one."""
        return next((attempt.row for attempt in self.attempts if not attempt.failed), self.attempts[0].row)

    @property
    def spans(self) -> tuple[Span, ...]:
        """(start, stop) of each anomaly; none where the series was not kept."""
        return () if self.recorded is None else self.recorded.spans

    @property
    def right(self) -> int:
        """How many methods are right."""
        return sum(attempt.hit is True for attempt in self.attempts)


def cases(board: Board, folder: Path) -> list[Case]:
    """The cases of the honest entries of a board, by name."""
    first: dict[str, dict[str, Row]] = {}
    for entry in board.honest:
        for row in sorted(entry.rows, key=lambda row: int(row["seed"])):
            first.setdefault(row["case"], {}).setdefault(entry.method, row)
    places = {entry.method: place for place, entry in enumerate(board.honest, 1)}
    return [_case(board.dataset, name, first[name], places, folder) for name in sorted(first)]


def _case(dataset: str, name: str, rows: dict[str, Row], places: dict[str, int], folder: Path) -> Case:
    below = curve_folder(folder, dataset, name)
    recorded = _recorded(below / "series.npz", {row["rows_test"] for row in rows.values()})
    spans = None if recorded is None else recorded.spans
    attempts = [
        Attempt(places[method], row, _hit(row, spans), _scores(below / f"{file_name(method)}.npz", row))
        for method, row in rows.items()
    ]
    return Case(dataset, name, tuple(sorted(attempts, key=lambda attempt: attempt.place)), recorded)


def _hit(row: Row, spans: Sequence[Span] | None) -> bool | None:
    if row["status"] != "done":
        return None
    if row["accuracy"]:
        return number(row["accuracy"]) > 0
    return location_hit(int(row["location"]) if row["location"] else None, spans) if spans else None


def _recorded(path: Path, known: set[str]) -> Recorded | None:
    """The series of a case; None where none was kept, or it is not of one of the `known` numbers of rows."""
    arrays = _arrays(path)
    try:
        rows = int(arrays["rows"])
        pairs = zip(arrays["low"], arrays["high"], strict=True)
        channels = tuple(_envelope(rows, low, high) for low, high in pairs)
        labels = np.unpackbits(arrays["labels"])[:rows] != 0
        found = Recorded(rows, channels, tuple(runs(labels).pairs()))
    except (LookupError, TypeError, ValueError):
        return None
    return found if str(rows) in known else None


def _scores(path: Path, row: Row) -> Envelope | None:
    """The scores behind a row; None where none were kept, or they are of another run."""
    if row["status"] != "done" or row["seed"] != "0":
        return None
    arrays = _arrays(path)
    try:
        found = _envelope(int(arrays["rows"]), arrays["low"], arrays["high"])
    except (LookupError, TypeError, ValueError):
        return None
    return found if str(found.rows) == row["rows_test"] else None


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        return npz_arrays(path.read_bytes(), path.name)
    except (OSError, ReadError):
        return {}


def _envelope(rows: int, low: NDArray[Any], high: NDArray[Any]) -> Envelope:
    """One curve; a `ValueError` where the arrays cannot be one."""
    if rows < 1 or low.ndim != 1 or low.shape != high.shape or not 1 <= len(low) <= rows:
        raise ValueError
    known = np.isfinite(low) & np.isfinite(high)
    ends = (np.where(known, end.astype(np.float64), np.nan) for end in (low, high))
    return Envelope(rows, -(-rows // len(low)), *ends)
