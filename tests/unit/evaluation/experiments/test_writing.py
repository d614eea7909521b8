"""The pages: every part that a reader needs stands in its place, with the numbers of the rows."""

from __future__ import annotations

import math
from pathlib import Path

from anomalyllm.evaluation.bench.journal import Journal
from anomalyllm.evaluation.bench.rows import probed_cell
from anomalyllm.evaluation.experiments.findings import findings
from anomalyllm.evaluation.experiments.indexing import save_index, save_pages
from anomalyllm.evaluation.experiments.wording import chance, figure, spread_of
from anomalyllm.evaluation.experiments.writing import command, page
from anomalyllm.evaluation.statistics import Interval
from unit.evaluation.experiments.made_up import grid, row, rows

VALUES = {"plain": [0.1, 0.2, 0.3, 0.1, 0.2, 0.4, 0.3], "small": [0.2, 0.3, 0.5, 0.3, 0.2, 0.4, 0.6]}
ANSWERED = {
    "answer": {"found": "A little.", "variant": "small"},
    "verdict": "It does, and\nhere is why.",
    "note": "Mind\nthis.",
}


def test_a_page_has_every_part_in_its_place() -> None:
    said = page(grid(**ANSWERED, set={"scoring.prototype_share": 0.0}), rows(VALUES))
    parts = [
        "# Does it matter?\n",
        "*The paper:* it does.",
        "**Found:** A little.",
        "It does, and\nhere is why.",
        "| variant | series | VUS-PR | difference (95 %) | p | accuracy | difference (95 %) |",
        "| plain | 7 | 0.229 | reference |  | 1.000 | reference |",
        "| small | 7 | 0.357 | +0.129 (",
        ") | 0.062 | 1.000 | +0.000 (0.000 to 0.000) |",
        "![The same as a chart](made-up.png)",
        "Preset `trained` with `scoring.prototype_share = 0.0`; reference: plain.",
        "Seeds: 0. Version 0.1.0.",
        "Mind this.",
        "anomalyllm experiment made-up --data sets --jobs 2 --page docs/experiments",
    ]
    places = [said.find(part) for part in parts]
    assert -1 not in places, parts[places.index(-1)]
    assert places == sorted(places)
    assert "By data set" not in said
    assert "can be told from chance" not in said


def test_a_page_says_what_weakens_it() -> None:
    said = page(grid(), [*rows({"plain": [0.1, 0.2], "small": [0.2, 0.1]}), row("small", 7, 0, status="failed")])
    assert (
        "1 runs of small failed. No difference of any variant can be told from chance: with 2 series and a correction "
        "for 1 comparison p is at least 0.50, whatever the differences."
    ) in said


def test_a_page_says_where_the_correction_leaves_nothing_to_find() -> None:
    """Eight series are enough for one comparison (.0078) and too few for twelve (.094)."""
    many = [{"label": "plain"}, *({"label": f"v{number}"} for number in range(12))]
    values = {one["label"]: [0.1 + 0.01 * number for number in range(8)] for one in many}
    said = page(grid(variants=many), rows(values))
    assert "with 8 series and a correction for 12 comparisons p is at least 0.094, whatever the differences." in said
    assert "can be told" not in page(grid(), rows({"plain": values["plain"], "small": values["plain"]}))
    fewer = rows({**{name: [*some, *some] for name, some in values.items()}, "v3": values["v3"]})
    assert "No difference of v3 can be told from chance: with 8 series" in page(grid(variants=many), fewer)


def test_a_page_is_of_the_series_that_were_run() -> None:
    """A run of a few series must not be read as one of all that the grid asks for."""
    data = {"sets": ["ucr", "smd"], "limit": 5, "limits": {"smd": 1}, "most_test_rows": 900}
    some = rows({"plain": [0.1, 0.2], "small": [0.2, 0.3], "dropped": [0.1] * 9})
    said = page(grid(data=data), some)
    assert (
        "Series: 2 of UCR (the grid asks for 6), the first in the bench's fixed order, at most 900 test rows." in said
    )
    whole = rows({"plain": [0.1] * 5}) + rows({"plain": [0.3]}, dataset="SMD")
    assert "Series: 5 of UCR, 1 of SMD, the first in the bench's fixed order" in page(grid(data=data), whole)


def test_a_difference_from_another_reference_says_from_what() -> None:
    variants = [{"label": "plain"}, {"label": "small"}, {"label": "small, bare", "reference": "small"}]
    said = page(grid(variants=variants, measures=["vus_pr"]), rows({**VALUES, "small, bare": [0.1] * 7}))
    assert "| small, bare | 7 | 0.100 | −0.257 (−0.357 to −0.157) from small | " in said
    assert said.count("from small") == 1


def test_lines_of_experiments_without_rows_stay_as_they_are(tmp_path: Path) -> None:
    """Whoever runs one experiment again must not empty the lines of the others."""
    kept = "| [other](other.md) | And this? | Yes. | VUS-PR, small | 9 | 0.300 |"
    (tmp_path / "index.md").write_text(f"# Old\n\n{kept}\n| third | Old words? | not run yet |  |  |  |\n")
    some = {name: grid(name=name, question=f"{name}?") for name in ("made-up", "other", "third")}
    with Journal(tmp_path / "rows" / "made-up") as journal:
        journal.append(row("plain", 0, 0.5))
    save_index(some, tmp_path / "rows", tmp_path)
    first = (tmp_path / "index.md").read_text()
    assert first.splitlines()[-3:] == [
        "| made-up | made-up? | not written yet |  |  |  |",
        kept,
        "| third | third? | not run yet |  |  |  |",
    ]
    save_index(some, tmp_path / "rows", tmp_path)
    assert (tmp_path / "index.md").read_text() == first


def test_several_sets_have_tables_of_their_own() -> None:
    both = rows(VALUES) + rows({name: some[:3] for name, some in VALUES.items()}, dataset="SMD")
    said = page(grid(left_out=True, measures=["vus_pr"]), both)
    assert "| variant | UCR | SMD |" in said
    assert "## Settings chosen on the other sets" in said
    assert "| UCR | small | 0.357 | 0.229 | small | 0.357 |" in said


def test_a_folder_is_asked_for_where_a_variant_needs_one() -> None:
    needy = grid(variants=[{"label": "plain"}, {"label": "half", "needs": "attention-half"}])
    assert "--teacher-folder DIR" in command(needy)
    assert "--teacher-folder" not in command(grid())


def test_pages_and_index_are_written(tmp_path: Path) -> None:
    one = grid(**ANSWERED, axis="prototypes")
    made = rows({**VALUES, "large": VALUES["plain"]})
    with Journal(tmp_path / "rows" / "made-up") as journal:
        for line in made:
            journal.append(line)
    save_pages(one, made, tmp_path / "pages")
    assert (tmp_path / "pages" / "made-up.png").read_bytes().startswith(b"\x89PNG")
    grids = {"made-up": one, "other": grid(name="other", question="And this?")}
    save_index(grids, tmp_path / "rows", tmp_path / "pages")
    lines = (tmp_path / "pages" / "index.md").read_text().splitlines()
    found = findings(one, made)[1].differences["vus_pr"].difference
    said = f"A little. | VUS-PR, small less plain | 7 | {spread_of(found, signed=True)} |"
    assert f"| [made-up](made-up.md) | Does it matter? | {said}" in lines
    assert "| other | And this? | not run yet |  |  |  |" in lines


def test_what_else_was_measured_has_a_table_that_is_longer_than_wide() -> None:
    made = [
        row(name, case, 0.5, seconds_fit=2.0, probed=probed_cell("gap", {"auc_real": 0.75, "flops": 2e9}))
        for name in ("plain", "small", "large")
        for case in range(2)
    ]
    few = page(grid(also=["seconds_fit"]), made)
    assert "| variant | seconds to fit |\n| --- | ---: |\n| plain | 2.000 (2.000 to 2.000) |" in few
    many = page(grid(also=["seconds_fit", "auc_real", "flops"]), made)
    assert "| measure | plain | small | large |" in many
    assert "| AUC real | 0.750 (0.750 to 0.750) |" in many
    assert "| FLOPs | 2.00 G (2.00 G to 2.00 G) |" in many


def test_numbers_in_words() -> None:
    values = (0.5, 0.0012, 0.0, 1234.5, -0.25, 3.25e6, float("nan"))
    assert [figure(value) for value in values] == ["0.500", "0.0012", "0.000", "1,234", "−0.250", "3.25 M", ""]
    assert spread_of(Interval(-0.1, -0.2, 0.0005, 4), signed=True) == "−0.100 (−0.200 to 0.001)"
    assert spread_of(Interval(0.1, 0.1, 0.1, 1), signed=True) == "+0.100"
    assert spread_of(Interval(0.1, 0.1, 0.1, 1)) == "0.100"
    assert spread_of(Interval(math.nan, math.nan, math.nan, 0)) == ""
    assert [chance(value) for value in (0.0001, 0.0123, 0.5)] == ["<.001", "0.012", "0.50"]
