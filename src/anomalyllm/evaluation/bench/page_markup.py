"""The small pieces of HTML that all tables of the bench's page are made of."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

from anomalyllm.evaluation.bench.page_boards import Entry
from anomalyllm.reporting.axes import number

UNBOUNDED = frozenset({"detection_delay", "false_alarm_points", "false_alarm_events"})  # all others lie in 0 to 1
ABSENT = '<td class="absent">–</td>'


def table(heads: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    """A table of cells that are HTML already; the first cell of a line names it."""
    head = "".join(heads)
    body = "".join(f"<tr>{''.join(line)}</tr>" for line in lines)
    return f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def heads(names: Iterable[str], kind: str = "") -> list[str]:
    """Column heads."""
    mark = f' class="{kind}"' if kind else ""
    return [f'<th scope="col"{mark}>{escape(name)}</th>' for name in names]


def hint(words: str) -> str:
    """A sentence below or above a table."""
    return f'<p class="hint">{escape(words)}</p>'


def cell(words: str, aside: str = "", kind: str = "") -> str:
    """A cell, with smaller words below the first."""
    mark = f' class="{kind}"' if kind else ""
    return f"<td{mark}>{escape(words)}{f'<small>{escape(aside)}</small>' if aside else ''}</td>"


def method_cell(entry: Entry) -> str:
    """The name of a method, with its teacher where it has one."""
    teacher = entry.figures["teacher"]
    return f'<th scope="row">{escape(entry.method)}{f"<small>{escape(teacher)}</small>" if teacher else ""}</th>'


def mean_cell(entry: Entry, measure: str, known: int | None = None) -> str:
    """A mean with its interval below; `known` is the number of series it is over, told where it is not `n`."""
    mean = entry.figures[measure]
    if mean is None:
        return ABSENT
    interval = entry.figures["intervals"].get(measure)  # one series has none
    aside = "" if interval is None else bounds(interval, measure)
    if known is not None and known != entry.figures["n"]:
        aside += f" n={known}"
    return cell(value(mean, measure), aside.strip())


def value(mean: float, measure: str) -> str:
    """A value of a measure: three decimals where it lies between 0 and 1, else three digits."""
    return number(mean, 3) if measure in UNBOUNDED else f"{mean + 0.0:.3f}"


def bounds(interval: Sequence[float], measure: str) -> str:
    """An interval in brackets."""
    low, high = interval
    return f"[{value(low, measure)}, {value(high, measure)}]"


def signed(difference: float) -> str:
    """A difference with its sign; a dash where there is none."""
    if math.isnan(difference):
        return "–"
    words = f"{difference:+.3f}".replace("-", "−")
    return words[1:] if words[1:] == "0.000" else words


def seconds(time: float | None) -> str:
    """A time in seconds."""
    return "–" if time is None else number(time, 3)
