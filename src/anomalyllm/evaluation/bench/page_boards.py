"""Rows as the page needs them: for each data set the methods in order, each with the figures of the summary.

Every number of the page's tables is one of `summary.figures`, so that page and `summary.json` cannot disagree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from anomalyllm.evaluation.bench.rows import Row
from anomalyllm.evaluation.bench.summary import HONEST, figures, grouped, headline


@dataclass(frozen=True, eq=False)
class Entry:
    """One method on one data set under one protocol.

    Attributes:
        method, protocol, dataset: what was run.
        rows: its rows.
        figures: from `summary.figures`.
    """

    method: str
    protocol: str
    dataset: str
    rows: Sequence[Row]
    figures: dict[str, Any]

    @property
    def best(self) -> float | None:
        """The mean of the headline measure; None where it is not defined."""
        value: float | None = self.figures[self.figures["headline"]]
        return value


@dataclass(frozen=True, eq=False)
class Board:
    """All that was run on one data set; entries from the best to the worst by the headline measure."""

    dataset: str
    entries: tuple[Entry, ...]

    @property
    def headline(self) -> str:
        """The measure by which this data set is first judged."""
        return headline(self.dataset)

    @property
    def honest(self) -> list[Entry]:
        """The entries whose figures may be compared."""
        return self.under(HONEST)

    @property
    def protocols(self) -> list[str]:
        """All protocols, `honest` first."""
        return sorted({entry.protocol for entry in self.entries}, key=lambda name: (name != HONEST, name))

    def under(self, protocol: str) -> list[Entry]:
        """The entries of one protocol, the best first."""
        return [entry for entry in self.entries if entry.protocol == protocol]


def boards(rows: Iterable[Row]) -> list[Board]:
    """One board for each data set, by name."""
    found: dict[str, list[Entry]] = defaultdict(list)
    for (method, protocol, dataset), group in grouped(rows).items():
        found[dataset].append(Entry(method, protocol, dataset, group, figures(group, dataset)))
    return [Board(dataset, tuple(sorted(found[dataset], key=_rank))) for dataset in sorted(found)]


def _rank(entry: Entry) -> tuple[bool, float, str, str]:
    return entry.best is None, -(entry.best or 0.0), entry.method, entry.protocol
