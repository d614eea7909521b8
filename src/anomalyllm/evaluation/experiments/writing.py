"""The page of an experiment in Markdown: question, claim, verdict, what came of it and how it was asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from anomalyllm.evaluation.bench.rows import Row
from anomalyllm.evaluation.experiments.findings import SERIES_TO_BELIEVE, Finding, by_set, findings
from anomalyllm.evaluation.experiments.grid import DataChoice, Grid
from anomalyllm.evaluation.experiments.left_out import left_out
from anomalyllm.evaluation.experiments.wording import chance, figure, spread_of, titled

HOW = (
    "Means over series; differences from the reference are paired by series, with 95 % bootstrap intervals over "
    "series; p-values are of sign-flip permutation tests, corrected by Holm over all comparisons of this page."
)


FEW = 4  # variants, with which there is room for intervals


def page(grid: Grid, rows: Sequence[Row]) -> str:
    """The whole page."""
    found = findings(grid, rows)
    blocks = [f"# {grid.question}", f"*The paper:* {grid.claim}"]
    if grid.answer is not None:
        blocks.append(f"**Found:** {grid.answer.found}")
    blocks += [grid.verdict.strip()] if grid.verdict.strip() else []
    blocks += [
        "## What came of it",
        result_table(grid, found),
        HOW,
        *_doubts(found),
        f"![The same as a chart]({grid.name}.png)",
    ]
    if grid.also:
        blocks += ["## What else was measured", also_table(grid, found)]
    if len({row["dataset"] for row in rows}) > 1:
        blocks += ["## By data set", *_set_tables(grid, rows)]
    if grid.left_out:
        blocks += _left_out(grid, rows)
    blocks += ["## How it was asked", _asked(grid, rows), f"```sh\n{command(grid)}\n```"]
    return "\n\n".join(blocks) + "\n"


def command(grid: Grid) -> str:
    """What runs the experiment again and makes this page."""
    folder = " --teacher-folder DIR" if any(variant.needs for variant in grid.variants) else ""
    return f"anomalyllm experiment {grid.name} --data sets --jobs 2{folder} --page docs/experiments"


def markdown_table(head: Sequence[str], lines: Iterable[Sequence[str]], words: Sequence[int] = (0,)) -> str:
    """A table; the columns of `words` to the left, the others to the right."""
    sides = ["---" if column in words else "---:" for column in range(len(head))]
    rows = ["| " + " | ".join(line) + " |" for line in (head, sides)]
    return "\n".join([*rows, *("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)])


def result_table(grid: Grid, found: Sequence[Finding]) -> str:
    """A line for each variant."""
    head = ["variant", "series"]
    for measure in grid.measures:
        head += [titled(measure), "difference (95 %)", "p"]
    return markdown_table(head, [_line(grid, one) for one in found])


def _line(grid: Grid, one: Finding) -> list[str]:
    cells = [one.label, str(one.series)]
    for measure in grid.measures:
        cells.append(figure(one.means[measure].mean))
        if measure in one.differences:
            difference = one.differences[measure].difference
            cells += [spread_of(difference, signed=True), chance(one.adjusted[measure])]
        else:
            cells += ["reference" if one.label == grid.reference else "", ""]
    return cells


def also_table(grid: Grid, found: Sequence[Finding]) -> str:
    """What else was measured, as means; a line for each of whichever is more, variants or measures."""
    show = spread_of if len(found) <= FEW else lambda interval: figure(interval.mean)
    if len(found) > len(grid.also):
        lines = [[one.label, *(show(one.means[measure]) for measure in grid.also)] for one in found]
        return markdown_table(["variant", *map(titled, grid.also)], lines)
    lines = [[titled(measure), *(show(one.means[measure]) for one in found)] for measure in grid.also]
    return markdown_table(["measure", *(one.label for one in found)], lines)


def _doubts(found: Sequence[Finding]) -> list[str]:
    """What a reader must be told before believing the table."""
    words = [f"{one.failed} runs of {one.label} failed." for one in found if one.failed]
    if any(one.series < SERIES_TO_BELIEVE for one in found):
        words.append(f"With fewer than {SERIES_TO_BELIEVE} series no difference can be told from chance.")
    return [" ".join(words)] if words else []


def _set_tables(grid: Grid, rows: Sequence[Row]) -> list[str]:
    blocks = []
    for measure in grid.measures:
        table = by_set(grid, rows, measure)
        sets = [name for name in next(iter(table.values())) if any(line[name].count for line in table.values())]
        lines = [[label, *(figure(line[name].mean) for name in sets)] for label, line in table.items()]
        blocks += [f"{titled(measure)}:", markdown_table(["variant", *sets], lines)]
    return blocks


def _left_out(grid: Grid, rows: Sequence[Row]) -> list[str]:
    """Settings that were chosen without the set they are judged on."""
    outcome = left_out(grid, rows)
    if outcome is None:
        return []
    choices, difference = outcome
    head = ["set left out", "best on the others", "its VUS-PR here", "reference", "best here", "its VUS-PR"]
    lines = [
        [one.dataset, one.chosen, figure(one.value), figure(one.reference), one.oracle, figure(one.best)]
        for one in choices
    ]
    series = difference.difference.count
    said = (
        f"VUS-PR of what is chosen on the other sets, less the reference's: "
        f"{spread_of(difference.difference, signed=True)} over {series} series (p {chance(difference.p_value)})."
    )
    return ["## Settings chosen on the other sets", markdown_table(head, lines, words=(0, 1, 4)), said]


def _asked(grid: Grid, rows: Sequence[Row]) -> str:
    """Data, settings, seeds and version, in a few sentences."""
    shared = ", ".join(f"`{name} = {value}`" for name, value in grid.set.items())
    seeds = sorted({int(row["seed"]) for row in rows})
    sentences = [
        f"Series: {chosen(grid.data)}.",
        f"Preset `{grid.method}`{f' with {shared}' if shared else ''}; reference: {grid.reference}.",
        f"Seeds: {', '.join(map(str, seeds))}. Version {', '.join(sorted({row['version'] for row in rows}))}.",
        f"About {grid.minutes:g} minutes with two workers on two cores.",
    ]
    return " ".join([*sentences, *grid.note.split()])


def chosen(data: DataChoice) -> str:
    """The rules by which series were chosen."""
    counts = [(name, data.limits.get(name, data.limit)) for name in data.sets]
    words = ["all" if count is None else f"the first {count}" for _, count in counts]
    some = [f"{many} of {name}" for many, (name, _) in zip(words, counts, strict=True)]
    same = len(set(words)) == 1
    said = f"{words[0]} of {'each of ' if len(counts) > 1 else ''}{', '.join(data.sets)}" if same else ", ".join(some)
    rules = [
        f"at most {rows:,} {kind} rows"
        for rows, kind in ((data.most_training_rows, "training"), (data.most_test_rows, "test"))
        if rows is not None
    ]
    rules += ["no changed copies of others"] if data.originals else []
    return f"{said}, in the bench's fixed order{', ' if rules else ''}{', '.join(rules)}"
