"""Tables from rows: series are the unit, seeds are averaged first, the undefined is left out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from anomalyllm.evaluation.bench.rows import COLUMNS, MEASURED, Row
from anomalyllm.evaluation.bench.summary import compared, label, summarise
from anomalyllm.evaluation.statistics import mean_interval


def row(method: str, case: str, accuracy: float | str, seed: int = 0, **more: str) -> Row:
    values = dict.fromkeys(COLUMNS, "")
    values |= {"dataset": "UCR", "case": case, "method": method, "seed": str(seed), "protocol": "honest"}
    values |= {"status": "done", "accuracy": str(accuracy), "vus_pr": "0.5", "seconds_fit": "1", "seconds_score": "0.5"}
    return {**values, **more}


def test_seeds_are_averaged_before_series() -> None:
    """Three seeds of one series are not three series: the interval is that of two values."""
    rows = [row("m", "a", 1, 0), row("m", "a", 0, 1), row("m", "a", 0, 2), row("m", "b", 1, 0)]
    figures = summarise(rows)["m"]["UCR"]
    assert figures["accuracy"] == pytest.approx((1 / 3 + 1) / 2)
    expected = mean_interval(np.array([1 / 3, 1]))
    assert figures["ci95"] == [expected.low, expected.high]
    assert (figures["n"], figures["seeds"], figures["failed"]) == (2, 3, 0)


def test_every_measure_is_there_and_the_undefined_is_null() -> None:
    figures = summarise([row("m", "a", 1), row("m", "b", "")])["m"]["UCR"]
    assert set(MEASURED) <= set(figures)
    assert figures["accuracy"] == 1
    assert figures["auc_pr"] is None
    assert "auc_pr" not in figures["intervals"]
    json.dumps(figures, allow_nan=False)


def test_the_headline_is_the_location_for_the_archive_and_vus_elsewhere() -> None:
    rows = [row("m", case, 1) for case in "ab"]
    rows += [{**row("m", case, ""), "dataset": "SMD", "vus_pr": "0.25"} for case in "ab"]
    summary = summarise(rows)["m"]
    assert (summary["UCR"]["headline"], summary["UCR"]["ci95"]) == ("accuracy", [1, 1])
    assert (summary["SMD"]["headline"], summary["SMD"]["ci95"]) == ("vus_pr", [0.25, 0.25])


def test_one_series_has_no_interval() -> None:
    """A width of nothing would look like certainty."""
    figures = summarise([row("m", "a", 1)])["m"]["UCR"]
    assert figures["accuracy"] == 1
    assert figures["ci95"] is None
    assert figures["intervals"] == {}
    assert figures["counts"]["accuracy"] == 1
    assert figures["families"] == {"": {"n": 1, "accuracy": 1, "ci95": None}}


def test_families_have_figures_of_their_own() -> None:
    """Nine of the paper's fifteen sets are families of one archive."""
    rows = [row("m", str(n), n % 2, family="ECG" if n < 4 else "Gait") for n in range(5)]
    families = summarise(rows)["m"]["UCR"]["families"]
    assert (families["ECG"]["n"], families["ECG"]["accuracy"]) == (4, 0.5)
    assert families["ECG"]["ci95"][0] < 0.5 < families["ECG"]["ci95"][1]
    assert families["Gait"] == {"n": 1, "accuracy": 0, "ci95": None}


def test_a_measure_counts_the_series_and_seeds_that_define_it() -> None:
    """No alarm, no delay: a seed without one must not take the series out of the mean."""
    delays = {"detection_delay": ""}
    rows = [row("m", "a", 1, 0, detection_delay="8"), row("m", "a", 1, 1, **delays), row("m", "b", 1, **delays)]
    figures = summarise(rows)["m"]["UCR"]
    assert (figures["detection_delay"], figures["counts"]["detection_delay"], figures["n"]) == (8, 1, 2)


def test_costs_are_the_median_time_and_the_largest_memory() -> None:
    rows = [row("m", str(n), 1, seconds_fit=str(n), peak_memory_mib=str(100 + n)) for n in (1, 2, 30)]
    figures = summarise([*rows, row("m", "x", 1, seconds_fit="2", seconds_score="")])["m"]["UCR"]
    assert figures["seconds_median"] == pytest.approx(2.25)
    assert figures["peak_memory_mib"] == 130


def test_failed_series_count_and_have_no_part_in_means() -> None:
    rows = [row("m", "a", 1), row("m", "b", 0, status="failed")]
    figures = summarise(rows)["m"]["UCR"]
    assert (figures["n"], figures["failed"], figures["accuracy"]) == (1, 1, 1)
    half = summarise([row("m", "a", 1, 0), row("m", "a", 0, 1, status="failed")])["m"]["UCR"]
    assert (half["n"], half["failed"], half["failed_runs"], half["accuracy"]) == (1, 0, 1, 1)
    nothing = summarise(rows[1:])["m"]["UCR"]
    assert (nothing["n"], nothing["accuracy"], nothing["ci95"], nothing["seconds_median"]) == (0, None, None, None)


def test_another_protocol_never_stands_under_the_same_name() -> None:
    summary = summarise([row("paper", "a", 0), row("paper", "a", 1, protocol="paper")])
    assert summary["paper"]["UCR"]["accuracy"] == 0
    assert summary["paper (protocol paper)"]["UCR"]["accuracy"] == 1
    assert label("paper", "honest") == "paper"


def test_methods_are_compared_on_the_series_that_both_have() -> None:
    ours = [row("a", str(n), 1) for n in range(10)]
    theirs = [row("b", str(n), 0) for n in range(8)] + [row("b", "other", 1)]
    found = compared(ours, theirs, "accuracy")
    assert (found.difference.mean, found.difference.count) == (1, 8)
    assert found.p_value < 0.02


def test_the_order_in_which_rows_came_does_not_matter() -> None:
    """Two equal runs end their tasks in different orders."""
    rows = [row("m", str(n), n % 3 / 2, seed) for n in range(9) for seed in range(2)]
    assert summarise(rows) == summarise(rows[::-1])


def test_an_empty_bench_has_an_empty_summary(tmp_path: Path) -> None:
    assert summarise([]) == {}
