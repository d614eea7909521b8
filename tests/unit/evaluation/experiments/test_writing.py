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
        "| variant | series | accuracy | difference (95 %) | p | VUS-PR | difference (95 %) | p |",
        "| plain | 7 | 1.000 | reference |  | 0.229 | reference |  |",
        "| small | 7 | 1.000 | +0.000 (0.000 to 0.000) | 1.00 | 0.357 | +0.129 (",
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
    assert "cannot be told" not in said


def test_a_page_says_what_weakens_it() -> None:
    said = page(grid(), [*rows({"plain": [0.1, 0.2], "small": [0.2, 0.1]}), row("small", 7, 0, status="failed")])
    assert "1 runs of small failed. With fewer than 6 series no difference can be told from chance." in said


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
        row(name, case, 0.5, seconds_fit=2.0, probed=probed_cell({"auc_real": 0.75, "flops": 2e9}))
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
