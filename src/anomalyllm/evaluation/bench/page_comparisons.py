"""Whether a difference between two methods is more than chance: paired, on the series that both have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from scipy import stats

from anomalyllm.evaluation.bench.page_boards import Board, Entry
from anomalyllm.evaluation.bench.page_markup import cell, heads, hint, method_cell, signed, table
from anomalyllm.evaluation.bench.page_tables import short_title
from anomalyllm.evaluation.bench.summary import compared
from anomalyllm.evaluation.statistics import Comparison
from anomalyllm.reporting.axes import number

OURS = "default"  # the method that is compared with all others, where it was run


@dataclass(frozen=True, eq=False)
class Pairing:
    """The reference against one other method.

    Attributes:
        other: the other method.
        comparison: reference less other.
        corrected: the p-value after the correction for many comparisons; None where no series is shared.
    """

    other: Entry
    comparison: Comparison
    corrected: float | None


def reference(board: Board) -> Entry | None:
    """The method that is compared with all others: `OURS`, else the best; None where nothing was run honestly."""
    named = [entry for entry in board.honest if entry.method == OURS]
    return next(iter([*named, *board.honest]), None)


def pairings(board: Board, ours: Entry) -> list[Pairing]:
    """`ours` against every other honest method, with the false-discovery correction over those that share series."""
    others = [entry for entry in board.honest if entry is not ours]
    found = [compared(ours.rows, other.rows, board.headline) for other in others]
    tested = [comparison.p_value for comparison in found if comparison.difference.count]
    corrected = iter(stats.false_discovery_control(tested).tolist() if tested else [])
    return [
        Pairing(other, comparison, next(corrected) if comparison.difference.count else None)
        for other, comparison in zip(others, found, strict=True)
    ]


def comparison_table(board: Board) -> str:
    """The paired comparisons of one data set; nothing where there is one method."""
    ours = reference(board)
    if ours is None or len(board.honest) < 2:
        return ""
    names = ["against", "difference", "95 % interval", "series of both", "p", "p, corrected"]
    lines = [[method_cell(pairing.other), *_cells(pairing)] for pairing in pairings(board, ours)]
    title = f"{ours.method} against every other method"
    return f"<h3>{escape(title)}</h3>{hint(_words(board, ours))}{table(heads(names), lines)}"


def _words(board: Board, ours: Entry) -> str:
    words = (
        f"Difference of {short_title(board.headline)}, {ours.method} less the other, on the same series; p by a "
        "two-sided sign-flip permutation test, corrected for the number of comparisons (false discovery rate, "
        "Benjamini and Hochberg)."
    )
    if ours.method != OURS:
        words += f" {ours.method} stands first because it did best here: chance favours it, and p is too small."
    return words


def _cells(pairing: Pairing) -> Sequence[str]:
    difference = pairing.comparison.difference
    if pairing.corrected is None:
        return [cell("–"), cell("–"), cell("0"), cell("–"), cell("–")]
    interval = f"[{signed(difference.low)}, {signed(difference.high)}]" if difference.count > 1 else "one series"
    return [
        cell(signed(difference.mean), kind="first"),
        cell(interval),
        cell(f"{difference.count:,}"),
        cell(number(pairing.comparison.p_value, 2)),
        cell(number(pairing.corrected, 2)),
    ]
