"""The page of an experiment in Markdown: question, claim, verdict, what came of it and how it was asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from anomalyllm.evaluation.bench.rows import Row
from anomalyllm.evaluation.experiments.findings import DECIDED, Finding, by_set, findings
from anomalyllm.evaluation.experiments.grid import DataChoice, Grid
from anomalyllm.evaluation.experiments.left_out import left_out
from anomalyllm.evaluation.experiments.wording import chance, figure, spread_of, titled

HOW = (
    "Means over series; differences from the reference are paired by series, with 95 % bootstrap intervals over "
    "series. The first measure decides: its p-values are of sign-flip permutation tests, corrected by Holm over all "
    "its comparisons. What else is compared is described, by intervals that are corrected for nothing."
)


FEW = 4  # variants, with which there is room for intervals


def page(grid: Grid, rows: Sequence[Row]) -> str:
    """The whole page, of all rows whose variants the grid still has."""
    labels = {variant.label for variant in grid.variants}
    rows = [row for row in rows if row["method"] in labels]
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
    return "\n".join([*rows, *map(table_line, lines)])


def table_line(cells: Sequence[str]) -> str:
    """A line of a table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def result_table(grid: Grid, found: Sequence[Finding]) -> str:
    """A line for each variant."""
    head = ["variant", "series"]
    for place, measure in enumerate(grid.measures):
        head += [titled(measure), "difference (95 %)", *([] if place else ["p"])]
    return markdown_table(head, [_line(grid, one) for one in found])


def _line(grid: Grid, one: Finding) -> list[str]:
    cells = [one.label, str(one.series)]
    for place, measure in enumerate(grid.measures):
        cells += [figure(one.means[measure].mean), difference_of(grid, one, measure)]
        cells += [] if place else [chance(one.adjusted[measure]) if measure in one.adjusted else ""]
    return cells


def difference_of(grid: Grid, one: Finding, measure: str) -> str:
    """A difference with its interval, and from what, where that is not the grid's reference."""
    if measure not in one.differences:
        return "reference" if one.label == grid.reference else ""
    said = spread_of(one.differences[measure].difference, signed=True)
    return said if one.reference == grid.reference else f"{said} from {one.reference}"


def also_table(grid: Grid, found: Sequence[Finding]) -> str:
    """What else was measured, as means; a line for each of whichever is more, variants or measures."""
    show = spread_of if len(found) <= FEW else lambda interval: figure(interval.mean)
    if len(found) > len(grid.also):
        lines = [[one.label, *(show(one.means[measure]) for measure in grid.also)] for one in found]
        return markdown_table(["variant", *map(titled, grid.also)], lines)
    lines = [[titled(measure), *(show(one.means[measure]) for one in found)] for measure in grid.also]
    return markdown_table(["measure", *(one.label for one in found)], lines)


def _series_compared(one: Finding) -> int:
    """How many series the measure that decides has of a variant and of its reference."""
    (measure,) = one.adjusted
    return one.differences[measure].difference.count


def _doubts(found: Sequence[Finding]) -> list[str]:
    """What a reader must be told before believing the table."""
    words = [f"{one.failed} runs of {one.label} failed." for one in found if one.failed]
    compared = [one for one in found if one.adjusted]
    weak = [one for one in compared if one.least > DECIDED]
    for series in dict.fromkeys(map(_series_compared, weak)):
        these = [one for one in weak if _series_compared(one) == series]
        who = "any variant" if len(these) == len(compared) else ", ".join(one.label for one in these)
        comparisons = f"{len(compared)} comparison{'s' if len(compared) > 1 else ''}"
        words.append(
            f"No difference of {who} can be told from chance: with {series} series and a correction for {comparisons} "
            f"p is at least {chance(these[0].least)}, whatever the differences."
        )
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
        f"{spread_of(difference.difference, signed=True)} over {series} series (p {chance(difference.p_value)}, a test "
        "of its own)."
    )
    return ["## Settings chosen on the other sets", markdown_table(head, lines, words=(0, 1, 4)), said]


def _asked(grid: Grid, rows: Sequence[Row]) -> str:
    """Data, settings, seeds and version, in a few sentences."""
    shared = ", ".join(f"`{name} = {value}`" for name, value in grid.set.items())
    seeds = sorted({int(row["seed"]) for row in rows})
    sentences = [
        f"Series: {met(grid.data, rows)}.",
        f"Preset `{grid.method}`{f' with {shared}' if shared else ''}; reference: {grid.reference}.",
        f"Seeds: {', '.join(map(str, seeds))}. Version {', '.join(sorted({row['version'] for row in rows}))}.",
        f"About {grid.minutes:g} minutes with two workers on two cores.",
    ]
    return " ".join([*sentences, *grid.note.split()])


def met(data: DataChoice, rows: Sequence[Row]) -> str:
    """How many series of each set the rows are of, and the rules by which they were chosen."""
    counts = Counter(dataset for dataset, _ in {(row["dataset"], row["case"]) for row in rows})
    names = dict.fromkeys(row["dataset"] for row in rows)
    wanted = [data.limits.get(name, data.limit) for name in data.sets]
    asked = sum(count for count in wanted if count is not None)
    fewer = None not in wanted and counts.total() < asked
    rules = [
        f"at most {most:,} {kind} rows"
        for most, kind in ((data.most_training_rows, "training"), (data.most_test_rows, "test"))
        if most is not None
    ]
    rules += ["no changed copies of others"] if data.originals else []
    said = ", ".join([f"{counts[name]} of {name}" for name in names])
    of_all = f" (the grid asks for {asked})" if fewer else ""
    return ", ".join([f"{said}{of_all}, the first in the bench's fixed order", *rules])
