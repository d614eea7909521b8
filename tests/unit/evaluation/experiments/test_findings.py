"""From rows to findings: differences are paired, corrected for how many there are, and of what they say they are."""

from __future__ import annotations

import numpy as np
import pytest

from anomalyllm.evaluation.bench.rows import probed_cell
from anomalyllm.evaluation.experiments.findings import answering, by_set, findings, holm, least_p
from anomalyllm.evaluation.experiments.grid import Answer
from anomalyllm.evaluation.experiments.left_out import left_out, left_out_choices
from unit.evaluation.experiments.made_up import grid, row, rows

CHANCE = np.random.default_rng(0)
LEVELS = CHANCE.uniform(0.1, 0.6, 10)


def known() -> list[dict[str, str]]:
    """`small` is better by 0.2 on every series, give or take; `large` by nothing."""
    noise = 0.01 * CHANCE.standard_normal(10)
    values = {"plain": LEVELS, "small": LEVELS + 0.2 + noise, "large": LEVELS + noise - noise.mean()}
    return rows({name: list(some) for name, some in values.items()})


def test_differences_are_from_the_reference_on_the_same_series() -> None:
    plain, small, large = findings(grid(measures=["vus_pr"]), known())
    assert plain.differences == {}
    assert plain.series == small.series == 10
    assert plain.means["vus_pr"].mean == pytest.approx(LEVELS.mean())
    difference = small.differences["vus_pr"].difference
    assert difference.mean == pytest.approx(0.2, abs=0.01)
    assert difference.low < 0.2 < difference.high < 0.22
    assert difference.count == 10
    assert small.adjusted["vus_pr"] == pytest.approx(2 * 2 / 2**10)  # the rarest of 1,024 signs, two-sided, twice
    assert large.differences["vus_pr"].difference.mean == pytest.approx(0, abs=1e-9)
    assert large.adjusted["vus_pr"] > 0.5


def test_a_variant_on_fewer_series_is_compared_on_those() -> None:
    """A mean over easy series must not be held against a mean over all."""
    some = [one for one in known() if one["method"] != "small" or one["case"] in ("case-0", "case-1")]
    small = findings(grid(measures=["vus_pr"]), some)[1]
    assert small.differences["vus_pr"].difference.count == 2
    assert small.differences["vus_pr"].difference.mean == pytest.approx(0.2, abs=0.03)


def test_a_series_without_the_measure_that_decides_is_not_counted() -> None:
    """An area is not defined where nothing is anomalous."""
    made = [
        row("plain", case, 0.5, probed=probed_cell("gap", {"auc": np.nan if case == 1 else 0.7})) for case in range(3)
    ]
    assert findings(grid(measures=["auc"]), made)[0].series == 2
    assert findings(grid(measures=["vus_pr"]), made)[0].series == 3


def test_series_of_one_name_in_two_sets_are_two() -> None:
    both = rows({"plain": [0.1], "small": [0.3]}) + rows({"plain": [0.5], "small": [0.9]}, dataset="SMD")
    small = findings(grid(measures=["vus_pr"]), both)[1]
    assert small.series == small.differences["vus_pr"].difference.count == 2
    assert small.differences["vus_pr"].difference.mean == pytest.approx(0.3)
    table = by_set(grid(), both, "vus_pr")
    assert {name: one.mean for name, one in table["small"].items()} == {"UCR": 0.3, "SMD": 0.9}


def test_what_a_probe_measured_is_a_measure() -> None:
    made = [row(name, case, 0.5, probed=probed_cell("gap", {"auc": value + case, "none": np.nan}))
            for name, value in (("plain", 0.1), ("small", 0.4)) for case in range(3)]  # fmt: skip
    plain, small = findings(grid(measures=["auc"], also=["none", "absent"]), made)
    assert plain.means["auc"].mean == pytest.approx(1.1)
    assert small.differences["auc"].difference.mean == pytest.approx(0.3)
    assert plain.means["none"].count == plain.means["absent"].count == 0


def test_failed_rows_are_counted_and_without_the_reference_nothing_is_compared() -> None:
    some = [*rows({"small": [0.3, 0.4]}), row("small", 9, 0.0, status="failed")]
    (small,) = findings(grid(), some)
    assert (small.series, small.failed, small.differences) == (2, 1, {})


def test_the_first_measure_alone_is_tested_and_corrected_for_its_own_comparisons() -> None:
    """Others would take from it the little that a dozen series can show: they are described."""
    plain, small, large = findings(grid(measures=["vus_pr", "accuracy", "auc_pr"]), known())
    assert small.adjusted == findings(grid(measures=["vus_pr"]), known())[1].adjusted
    assert list(small.adjusted) == list(large.adjusted) == ["vus_pr"]
    assert list(small.differences) == ["vus_pr", "accuracy", "auc_pr"]
    assert plain.adjusted == {}


@pytest.mark.parametrize("series", range(2, 9))
def test_the_least_p_is_that_of_differences_of_one_sign(series: int) -> None:
    made = rows({"plain": [0.1] * series, "small": [0.3 + 0.01 * number for number in range(series)]})
    small = findings(grid(measures=["vus_pr"]), made)[1]
    assert small.adjusted["vus_pr"] == pytest.approx(small.least)
    assert small.least == least_p(series, 1) == pytest.approx(2 / 2**series)


def test_the_least_p_is_corrected_and_never_more_than_one() -> None:
    assert least_p(8, 12) == pytest.approx(12 * 2 / 2**8)
    assert least_p(4, 20) == least_p(1, 1) == least_p(0, 3) == 1.0
    assert least_p(60, 1) == pytest.approx(2 / 10_000)  # only so many changes of signs are drawn


def test_a_variant_may_have_a_reference_of_its_own() -> None:
    """'TCN, no prototypes' asks something beside 'TCN', and hardly anything beside the transformer."""
    variants = [{"label": "plain"}, {"label": "small"}, {"label": "large", "reference": "small"}]
    one = grid(variants=variants, measures=["vus_pr"])
    made = rows({"plain": [0.1, 0.1], "small": [0.3, 0.4], "large": [0.2, 0.2]})
    plain, small, large = findings(one, made)
    assert [found.reference for found in (plain, small, large)] == ["", "plain", "small"]
    assert small.differences["vus_pr"].difference.mean == pytest.approx(0.25)
    assert large.differences["vus_pr"].difference.mean == pytest.approx(-0.15)
    without = findings(one, [line for line in made if line["method"] != "small"])
    assert [(found.label, found.reference, dict(found.differences)) for found in without] == [
        ("plain", "", {}),
        ("large", "", {}),
    ]


def slow_holm(p_values: list[float]) -> list[float]:
    """By the definition: the largest, among those that are not larger, of p times the number not smaller."""
    order = sorted(p_values)
    steps = {p: min(1.0, max(q * (len(order) - order.index(q)) for q in order if q <= p)) for p in p_values}
    return [steps[p] for p in p_values]


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    for _ in range(50):
        p_values = list(CHANCE.uniform(0, 0.3, 7))
        assert holm(p_values) == pytest.approx(slow_holm(p_values))


def test_the_answer_is_a_difference_or_the_mean_of_the_reference() -> None:
    found = findings(grid(measures=["vus_pr"]), known())
    of_small = answering(Answer("yes", "small"), found)
    assert of_small is not None
    assert of_small.mean == pytest.approx(0.2, abs=0.01)
    of_plain = answering(Answer("yes", "plain"), found)
    assert of_plain is not None
    assert of_plain.mean == pytest.approx(LEVELS.mean())
    assert answering(Answer("yes", "large"), found[:2]) is None


MEANS = {
    "plain": {"A": 0.5, "B": 0.5, "C": 0.5},
    "small": {"A": 0.9, "B": 0.4, "C": 0.4},
    "large": {"A": 0.1, "B": 0.6, "C": 0.7},
    "absent": {"A": 1.0, "B": 1.0},
}


def test_settings_are_chosen_without_the_set_they_are_judged_on() -> None:
    """`small` is best on A only because of A itself: left out, A is judged with what B and C choose."""
    choices = {one.dataset: one for one in left_out_choices(MEANS, "plain")}
    assert [one.chosen for one in choices.values()] == ["large", "small", "small"]
    assert choices["A"] == ("A", "large", 0.1, "small", 0.9, 0.5)
    assert choices["B"] == ("B", "small", 0.4, "large", 0.6, 0.5)
    changed = {name: {**row, "A": 0.0} for name, row in MEANS.items()}
    assert left_out_choices(changed, "plain")[0].chosen == choices["A"].chosen  # A's own values have no say


def test_left_out_from_rows() -> None:
    made = [
        one
        for dataset in "ABC"
        for one in rows({name: [MEANS[name][dataset]] * 2 for name in ("plain", "small", "large")}, dataset=dataset)
    ]
    outcome = left_out(grid(), made)
    assert outcome is not None
    choices, difference = outcome
    assert [one.chosen for one in choices] == ["large", "small", "small"]
    assert difference.difference.count == 6
    assert difference.difference.mean == pytest.approx(((0.1 - 0.5) + (0.4 - 0.5) + (0.4 - 0.5)) / 3)
    assert left_out(grid(), rows({"small": [1.0]})) is None


def test_only_variants_with_every_series_of_the_reference_are_chosen_from() -> None:
    """`easy` failed on the hard series of every set: its means are of others and would win everywhere."""
    values = {"plain": [0.9, 0.1], "small": [0.9, 0.2], "easy": [0.9]}
    made = [one for dataset in "AB" for one in rows(values, dataset=dataset)]
    outcome = left_out(grid(variants=[{"label": name} for name in values]), made)
    assert outcome is not None
    choices, difference = outcome
    assert {one.chosen for one in choices} == {one.oracle for one in choices} == {"small"}
    assert difference.difference.count == 4
    assert difference.difference.mean == pytest.approx(0.05)
