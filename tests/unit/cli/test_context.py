"""What the report page is told about a detector."""

from __future__ import annotations

from anomalyllm import AnomalyLLM
from anomalyllm.cli.context import report_context


def test_the_facts_of_a_detector(fitted: AnomalyLLM) -> None:
    context = report_context(fitted, "the first 800 rows", "some/folder/x.csv")
    assert (context.source, context.trained_on) == ("x.csv", "the first 800 rows")
    assert (context.preset, context.teacher, context.seed) == ("trained", "compact (untrained)", 0)
    assert (context.window, context.period) == (fitted.window_, fitted.period_)
    assert context.settings == fitted.config_.to_mapping()
    assert context.best_step == fitted.record_.best_step
    assert [row["step"] for row in context.history] == [row.step for row in fitted.record_.history]
    assert "anomalyllm" in context.versions


def test_standard_input_has_a_name(fitted: AnomalyLLM) -> None:
    assert report_context(fitted, "", "-").source == "standard input"
