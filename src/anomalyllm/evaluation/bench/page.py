"""A bench as one self-contained HTML page that opens from disk: what was run, how good, how sure, and why not better.

`page_boards` orders the rows, `page_tables` and `page_comparisons` make the tables, `charts` the pictures, `page_cases`
the list of cases with the sentences of `page_misses`; `page_drawings` gives the script what it draws. A new part of a
data set is a function from its `Board` to HTML and a line in `_dataset`. The page holds no date: the same rows and
curves give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path

from anomalyllm.data.wording import plural
from anomalyllm.evaluation.bench.charts import Point, scatter
from anomalyllm.evaluation.bench.journal import key_of
from anomalyllm.evaluation.bench.naming import reproducer_name
from anomalyllm.evaluation.bench.page_attempts import Case, cases
from anomalyllm.evaluation.bench.page_boards import Board, boards
from anomalyllm.evaluation.bench.page_cases import case_list
from anomalyllm.evaluation.bench.page_comparisons import comparison_table
from anomalyllm.evaluation.bench.page_drawings import drawings
from anomalyllm.evaluation.bench.page_markup import hint
from anomalyllm.evaluation.bench.page_tables import (
    family_table,
    headline_table,
    measure_tables,
    protocol_tables,
    sentence_case,
    short_title,
)
from anomalyllm.evaluation.bench.rows import Row
from anomalyllm.files import write_atomically
from anomalyllm.reporting.chart import safe_json
from anomalyllm.reporting.page import POLICY
from anomalyllm.reporting.sections import pairs, section

NAME = "report.html"
NOTHING = hint("Nothing was run.")


def save_page(folder: Path, rows: Sequence[Row]) -> None:
    """Writes `report.html` in `folder`, from the rows of a bench and the curves under `folder`.

    Raises:
        StorageError: the disk refuses; what was there before is unchanged.
    """
    write_atomically(folder / NAME, page(folder, rows).encode("utf-8", errors="replace"))


def page(folder: Path, rows: Sequence[Row]) -> str:
    """The page itself; `folder` is where curves are looked for."""
    ordered = boards(rows)
    found = {board.dataset: cases(board, folder) for board in ordered}
    parts = [_dataset(board, found[board.dataset], place) for place, board in enumerate(ordered, 1)] or [NOTHING]
    data = safe_json(drawings([case for each in found.values() for case in each]))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Bench: {escape(', '.join(found))}</title>"
        f"<style>{_asset('anomalyllm.reporting', 'page.css')}{_asset(__package__, 'page.css')}</style></head>\n"
        f"<body><main><header><h1>Which method finds the anomalies</h1></header>{pairs(_facts(rows), 'facts')}\n"
        f"{_contents(ordered)}{''.join(parts)}\n{section('Failures', failures(rows), 'failures')}</main>\n"
        f'{PANEL}<script type="application/json" id="data">{data}</script>\n'
        f"<script>{_asset(__package__, 'page.js')}</script></body></html>\n"
    )


# The script copies it for each curve; it has no way of its own to name SVG elements without an address.
PANEL = (
    '<template id="panel"><div class="panel"><div class="name"><span></span><span class="verdict"></span>'
    '<span class="key threshold-key"></span></div><div class="plot">'
    '<svg viewBox="0 0 1000 100" preserveAspectRatio="none" aria-hidden="true"><path class="labelled-band"/>'
    '<path class="grid"/><path class="line"/><path class="threshold"/><path class="mark"/></svg>'
    '<div class="heights"></div></div></div></template>'
)


def _facts(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """What was run."""
    series = {name: len({row["case"] for row in rows if row["dataset"] == name}) for name in _names(rows, "dataset")}
    sets = [f"{name} ({plural(count, 'series', 'series')})" for name, count in series.items()]
    methods = _names(rows, "method")
    return [
        ("Data sets", ", ".join(sets) or "none"),
        (f"Methods ({len(methods)})", ", ".join(methods) or "none"),
        ("Seeds", ", ".join(sorted(_names(rows, "seed"), key=int)) or "none"),
        ("Protocols", ", ".join(_names(rows, "protocol")) or "none"),
        ("Version", ", ".join(_names(rows, "version")) or "none"),
        ("Runs", f"{len(rows):,}, of which {sum(row['status'] != 'done' for row in rows):,} failed"),
    ]


def _names(rows: Iterable[Row], column: str) -> list[str]:
    return sorted({row[column] for row in rows})


def _contents(ordered: Sequence[Board]) -> str:
    names = [(f"set-{place}", board.dataset) for place, board in enumerate(ordered, 1)]
    links = "".join(f'<a href="#{anchor}">{escape(name)}</a>' for anchor, name in [*names, ("failures", "Failures")])
    return f"<nav>{links}</nav>"


def _dataset(board: Board, found: Sequence[Case], place: int) -> str:
    """Everything that is said of one data set, what may be compared first."""
    if board.honest:
        parts = [
            headline_table(board),
            _chart(board),
            comparison_table(board),
            family_table(board),
            measure_tables(board),
        ]
    else:
        parts = [hint("Nothing was run under the honest protocol, so there is nothing to compare here.")]
    parts.append(protocol_tables(board))
    if found:
        parts.append(f"<h3>Case by case</h3>{case_list(board, found)}")
    return f'<section class="dataset" id="set-{place}"><h2>{escape(board.dataset)}</h2>{"".join(parts)}</section>\n'


def _chart(board: Board) -> str:
    points = [
        Point(entry.method, entry.figures["seconds_median"], entry.best, *(entry.figures["ci95"] or [entry.best] * 2))
        for entry in board.honest
        if entry.best is not None and entry.figures["seconds_median"] is not None
    ]
    if not points:
        return ""
    title = short_title(board.headline)
    return f"<h3>{escape(sentence_case(title))} and time</h3><figure>{scatter(points, title)}</figure>"


def failures(rows: Sequence[Row]) -> str:
    """Every run that failed, why, and the file that says how to see it again."""
    failed = sorted((row for row in rows if row["status"] != "done"), key=key_of)
    if not failed:
        return "<p>None.</p>"
    items = "".join(f"<li>{_failure(row)}</li>" for row in failed)
    return f"{hint('The files lie beside this page and hold the command that runs the task again.')}<ul>{items}</ul>"


def _failure(row: Row) -> str:
    dataset, case, method, seed, protocol = key_of(row)
    what = f"{method} on {dataset} {case}, seed {seed}, protocol {protocol}: {row['error']}"
    return f"{escape(what)} <code>failures/{escape(reproducer_name(key_of(row)))}</code>"


def _asset(package: str, name: str) -> str:
    return files(package).joinpath(name).read_text(encoding="utf-8")
