"""The chart shows everything that it is given, and tells it apart."""

from __future__ import annotations

from anomalyllm.evaluation.bench.rows import probed_cell
from anomalyllm.evaluation.experiments.chart import drawn
from anomalyllm.evaluation.experiments.findings import findings
from unit.evaluation.experiments.made_up import grid, row, rows

MANY = 7  # more than there are colours


def test_every_line_on_the_axis_is_drawn_and_looks_like_no_other() -> None:
    variants = [{"label": "plain"}]
    variants += [{"label": f"{line} at {x}", "line": f"line {line}", "x": x} for line in range(MANY) for x in (1, 4)]
    one = grid(variants=variants, axis="prototypes", measures=["vus_pr"])
    made = rows({variant.label: [0.1, 0.2] for variant in one.variants})
    panel = drawn(one, findings(one, made)).axes[1]
    lines = [line for line in panel.lines if str(line.get_label()).startswith("line ")]
    assert len({line.get_label() for line in lines}) == MANY
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == MANY


def test_every_kind_of_window_has_its_quartiles_drawn() -> None:
    kinds = [f"kind_{number}" for number in range(MANY)]
    figures = {f"{kind}_q{part}": part / 100 for kind in kinds for part in (25, 50, 75)}
    one = grid(quartiles=kinds, probe="gap", measures=["vus_pr"])
    made = [row(name, 0, 0.5, probed=probed_cell("gap", figures)) for name in ("plain", "small")]
    panel = drawn(one, findings(one, made)).axes[-1]
    legend = panel.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [f"kind {number}" for number in range(MANY)]


def test_a_variant_whose_own_reference_was_not_run_is_not_drawn_as_one() -> None:
    variants = [{"label": "plain"}, {"label": "small"}, {"label": "absent"}, {"label": "b", "reference": "absent"}]
    one = grid(variants=variants, measures=["vus_pr"])
    panel = drawn(one, findings(one, rows({"plain": [0.1, 0.2], "small": [0.3, 0.5], "b": [0.3, 0.3]}))).axes[0]
    ticks = [line for line in panel.lines if line.get_marker() == "|"]
    assert [list(line.get_ydata()) for line in ticks] == [[0]]
