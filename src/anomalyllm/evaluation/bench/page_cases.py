"""The list of cases: which methods are right on each, and why the others are not; readable without any script.

The page's script adds the filter, the order and, in a case that is opened, the drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from anomalyllm.data.wording import plural
from anomalyllm.evaluation.bench.page_attempts import Attempt, Case
from anomalyllm.evaluation.bench.page_boards import Board
from anomalyllm.evaluation.bench.page_drawings import key_of
from anomalyllm.evaluation.bench.page_markup import hint
from anomalyllm.evaluation.bench.page_misses import misses
from anomalyllm.reporting.sections import sentences

SIGNS = {True: ("hit", "●"), False: ("miss", "○"), None: ("unknown", "·")}
FAILED = ("failed", "×")
MOST_SPANS = 8  # of the anomalies of a case that are named
ORDERS = {"name": "by name", "hardest": "fewest right first", "easiest": "most right first"}
RULE = (
    "● right, ○ wrong, × failed, · not judged. A method is right where the one location that it names lies within an "
    "anomaly or no further from it than the anomaly is long, at least 100 points; on series with several anomalies, at "
    "any of them. The first seed is shown. Open a case to see why methods missed it."
)


def case_list(board: Board, found: Sequence[Case]) -> str:
    """The cases of one data set."""
    head = "".join(f"<li><b>{place}</b> {escape(entry.method)}</li>" for place, entry in enumerate(board.honest, 1))
    body = "".join(_case(case, len(board.honest)) for case in found)
    kept = any(case.recorded is not None for case in found)
    absent = "" if kept else hint("No curves were kept beside these results, so no series and no scores are drawn.")
    return (
        f'<div class="cases" data-dataset="{escape(board.dataset)}">{hint(RULE)}{absent}'
        f'<ol class="methods">{head}</ol>{_controls(found)}<div class="list">{body}</div></div>'
    )


def _controls(found: Sequence[Case]) -> str:
    """Filter and order, shown by the script that makes them work."""
    families = sorted({case.facts["family"] for case in found})
    chosen = "".join(f'<option value="{escape(family)}">{escape(family)}</option>' for family in families)
    family = f'<label>Family <select class="family-of"><option value="">all</option>{chosen}</select></label>'
    orders = "".join(f'<option value="{order}">{words}</option>' for order, words in ORDERS.items())
    return (
        '<div class="controls" hidden><label>Filter <input type="search" class="filter"></label>'
        f"{family if len(families) > 1 else ''}"
        f'<label>Order <select class="order">{orders}</select></label><output></output></div>'
    )


def _case(case: Case, methods: int) -> str:
    facts = case.facts
    signs: dict[int, tuple[str, str]] = {attempt.place: _sign(attempt) for attempt in case.attempts}
    dots = "".join(_dot(*signs.get(place, SIGNS[None])) for place in range(1, methods + 1))
    judged = sum(attempt.hit is not None for attempt in case.attempts)
    count = f"{case.right} of {judged}" if judged else "not judged"
    told = escape(_told(case))
    return (
        f'<details class="case" data-case="{escape(key_of(case))}" data-family="{escape(facts["family"])}" '
        f'data-right="{case.right}"><summary><span class="case-name">{escape(case.name)}</span>'
        f'<span class="family">{escape(facts["family"])}</span>'
        f'<span class="dots" title="{told}" role="img" aria-label="{told}">{dots}</span>'
        f'<span class="count">{count}</span></summary>{_inside(case)}</details>'
    )


def _sign(attempt: Attempt) -> tuple[str, str]:
    return FAILED if attempt.failed else SIGNS[attempt.hit]


def _dot(kind: str, sign: str) -> str:
    return f'<i class="{kind}">{sign}</i>'


def _told(case: Case) -> str:
    """The dots in words."""
    groups = {
        "right": [attempt.method for attempt in case.attempts if attempt.hit],
        "wrong": [attempt.method for attempt in case.attempts if attempt.hit is False],
        "failed": [attempt.method for attempt in case.attempts if attempt.failed],
    }
    return "; ".join(f"{word}: {', '.join(names)}" for word, names in groups.items() if names) or "not judged"


def _inside(case: Case) -> str:
    """What an opened case shows without script: its size, and a sentence for each miss."""
    words = misses(case)
    words += [f"{attempt.method} failed: {attempt.row['error']}" for attempt in case.attempts if attempt.failed]
    listed = sentences(words) if words else ("<p>No method missed it.</p>" if case.right else "")
    return f'<div class="inside">{hint(_facts(case))}<div class="drawing"></div>{listed}</div>'


def _facts(case: Case) -> str:
    facts = case.facts
    if not facts["rows_test"]:
        return "No method could be carried out here."
    channels = plural(int(facts["channels"]), "channel", "channels")
    anomalies = plural(int(facts["anomalies"]), "anomaly", "anomalies")
    words = (
        f"{int(facts['rows_train']):,} rows to train on, {int(facts['rows_test']):,} to judge, {channels}, {anomalies}"
    )
    if not case.spans:
        return f"{words}."
    named = ", ".join(f"{start:,} to {stop - 1:,}" for start, stop in case.spans[:MOST_SPANS])
    more = f" and {len(case.spans) - MOST_SPANS} more" if len(case.spans) > MOST_SPANS else ""
    return f"{words} (rows {named}{more})."
