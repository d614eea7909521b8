"""`index.md`: a line for each question, from the rows that are there, or as it was where there are none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from anomalyllm.evaluation.bench.journal import NAME, parse
from anomalyllm.evaluation.bench.rows import Row
from anomalyllm.evaluation.experiments.chart import save_chart
from anomalyllm.evaluation.experiments.findings import Finding, answering, findings
from anomalyllm.evaluation.experiments.grid import Answer, Grid
from anomalyllm.evaluation.experiments.wording import spread_of, titled
from anomalyllm.evaluation.experiments.writing import markdown_table, page, table_line
from anomalyllm.files import write_atomically

INDEX = "index.md"
INTRODUCTION = """# Experiments

Every question that the paper's design raises, asked by changing one thing at a time, each a command (`anomalyllm
experiment NAME`) and a file in `configs/experiments`. The pages are made from the rows by that command; the answers and
verdicts are written by hand, in the same files. Intervals take series for independent; some of UCR's share a training
part, so they are somewhat too narrow. One seed, 0, in all that is committed."""


def save_pages(grid: Grid, rows: Sequence[Row], folder: Path) -> None:
    """`NAME.md` and `NAME.png` in `folder`.

    Raises:
        StorageError: the disk refuses.
    """
    write_atomically(folder / f"{grid.name}.md", page(grid, rows).encode())
    save_chart(grid, findings(grid, rows), folder / f"{grid.name}.png")


def save_index(grids: Mapping[str, Grid], results: Path, folder: Path) -> None:
    """`index.md` in `folder`, of all experiments.

    Those without rows below `results` keep the line that they have there, since their rows may lie elsewhere: one
    experiment can be run again without the others. Those without a line are said not to have been run.

    Raises:
        ReadError: a table that is not a bench's.
        StorageError: the disk refuses.
    """
    path = folder / INDEX
    before = _lines_of(path.read_text(encoding="utf-8")) if path.exists() else {}
    head = markdown_table(["experiment", "asked", "found", "measured", "n", "95 %"], [], words=(0, 1, 2, 3))
    lines = []
    for name, grid in grids.items():
        rows = stored_rows(results / name)
        cells = _line(grid, rows, (folder / f"{name}.md").exists())
        lines.append(before[name] if not rows and name in before else table_line(cells))
    write_atomically(path, "\n".join([f"{INTRODUCTION}\n\n{head}", *lines, ""]).encode())


def _lines_of(index: str) -> dict[str, str]:
    """The lines of an index that were made from rows, which have a page, by name."""
    return {found[1]: found[0] for found in re.finditer(r"^\| \[([^\]]+)\]\(.*$", index, re.MULTILINE)}


def stored_rows(folder: Path) -> list[Row]:
    """The rows of a folder; none where there is no table."""
    path = folder / NAME
    return parse(path.read_bytes(), path) if path.exists() else []


def _line(grid: Grid, rows: Sequence[Row], has_page: bool) -> list[str]:
    name = f"[{grid.name}]({grid.name}.md)" if has_page else grid.name
    if not rows:
        return [name, grid.question, "not run yet", "", "", ""]
    if grid.answer is None:
        return [name, grid.question, "not written yet", "", "", ""]
    found = findings(grid, rows)
    interval = answering(grid.answer, found)
    if interval is None:
        return [name, grid.question, grid.answer.found, "", "", ""]
    reference = next(
        (one.reference for one in found if one.label == grid.answer.variant and grid.answer.measure in one.differences),
        "",
    )
    return [
        name,
        grid.question,
        grid.answer.found,
        measured(grid.answer, reference),
        str(interval.count),
        spread_of(interval, signed=reference != ""),
    ]


def measured(answer: Answer, reference: str) -> str:
    """What the number of the index is of: a mean, or a difference from a reference."""
    of = f"{titled(answer.measure)}, {answer.variant}"
    return f"{of} less {reference}" if reference else of


def as_json(found: Sequence[Finding]) -> list[dict[str, object]]:
    """Findings ready for JSON, which has no NaN."""
    return [
        {
            "variant": one.label,
            "series": one.series,
            "seeds": one.seeds,
            "failed": one.failed,
            "reference": one.reference,
            "means": {name: value.mean if value.count else None for name, value in one.means.items()},
            "differences": {
                name: {
                    "mean": value.difference.mean if value.difference.count else None,
                    "ci95": [value.difference.low, value.difference.high] if value.difference.count else None,
                    "series": value.difference.count,
                    "p": one.adjusted.get(name),
                }
                for name, value in one.differences.items()
            },
        }
        for one in found
    ]
