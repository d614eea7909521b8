"""The judge: every measure once, each what its own function says, and NaN where it means nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest

import naive
from anomalyllm.datasets.case import CaseData
from anomalyllm.evaluation.judging import MEASURES, RANDOM_DRAWS, judge
from anomalyllm.evaluation.metrics.adjusted import best_f1, point_adjusted_f1
from anomalyllm.evaluation.metrics.lag import dominant_lag
from anomalyllm.evaluation.metrics.location import most_anomalous
from anomalyllm.evaluation.metrics.nine import NAMES, evaluate
from anomalyllm.evaluation.metrics.random_level import expected_random
from anomalyllm.seeding import generator
from conftest import sine

ROWS = 600
THRESHOLD = 0.9
ONE, SEVERAL = [(300, 330)], [(50, 60), (300, 330), (590, 600)]


def a_case(anomalies: list[tuple[int, int]]) -> CaseData:
    labels = np.zeros(ROWS, np.int8)
    for start, stop in anomalies:
        labels[start:stop] = 1
    return CaseData(train=sine(400), test=sine(ROWS, seed=1), labels=labels)


def some_scores(peak: int = 310, seed: int = 0) -> np.ndarray:
    scores = np.random.default_rng(seed).random(ROWS)
    scores[peak] = 2.0
    return scores


def judged(scores: np.ndarray, threshold: float, case: CaseData, widen: int = 0) -> dict[str, float]:
    """Of a method that names the row of its highest score."""
    return judge(scores, threshold, case, location=most_anomalous(scores), widen=widen)


@pytest.mark.parametrize("anomalies", [[], ONE, SEVERAL, [(0, ROWS)]], ids=["none", "one", "several", "all"])
def test_every_measure_is_there_and_no_other(anomalies: list[tuple[int, int]]) -> None:
    """Columns of a table: the same for every case, in the same order."""
    found = judged(some_scores(), THRESHOLD, a_case(anomalies))
    assert list(found) == [measure.name for measure in MEASURES]
    assert len(set(found)) == len(MEASURES)
    assert all(type(value) is float for value in found.values())


@pytest.mark.parametrize("anomalies", [ONE, SEVERAL], ids=["one", "several"])
def test_tsb_ads_measures_are_those_of_the_function_alone(anomalies: list[tuple[int, int]]) -> None:
    case = a_case(anomalies)
    lag = dominant_lag(np.concatenate([case.train[:, 0], case.test[:, 0]]))
    alone, found = evaluate(some_scores(), case.labels, lag), judged(some_scores(), THRESHOLD, case)
    assert [found[name.lower().replace("-", "_")] for name in NAMES] == list(alone.values())


@pytest.mark.parametrize("anomalies", [ONE, SEVERAL], ids=["one", "several"])
def test_measures_at_the_own_threshold_are_those_of_the_flags(anomalies: list[tuple[int, int]]) -> None:
    labels, scores = a_case(anomalies).labels.tolist(), some_scores().tolist()
    flagged = naive.flags_at(scores, THRESHOLD)
    hits, wrong, missed = naive.counts(flagged, labels)
    found_runs = [delay for delay in naive.delays(flagged, labels) if delay is not None]
    lonely = [run for run in naive.segments(flagged) if not any(labels[run[0] : run[1]])]
    precision, recall = naive.affiliation(flagged, labels)
    expected = {
        "precision": hits / (hits + wrong),
        "recall": hits / (hits + missed),
        "f1": naive.f_score(hits, wrong, missed),
        "point_adjusted_f1": naive.f_score(*naive.counts(naive.adjust(flagged, labels), labels)),
        "revised_point_adjusted_f1": naive.f_score(*naive.revised_counts(flagged, labels)),
        "affiliation_precision": precision,
        "affiliation_recall": recall,
        "affiliation_f1": 2 * precision * recall / (precision + recall),
        "detected": len(found_runs) / len(anomalies),
        "detection_delay": np.mean(found_runs),
        "false_alarm_points": wrong * 10_000 / labels.count(0),
        "false_alarm_events": len(lonely) * 10_000 / labels.count(0),
    }
    found = judged(some_scores(), THRESHOLD, a_case(anomalies))
    assert {name: found[name] for name in expected} == pytest.approx(expected)


@pytest.mark.parametrize("kind", ["f1", "point_adjusted_f1", "revised_point_adjusted_f1"])
def test_oracles_take_the_best_threshold(kind: str) -> None:
    case, scores = a_case(SEVERAL), some_scores()
    expected = naive.best_f1(
        scores.tolist(), case.labels.tolist(), {"f1": "pointwise"}.get(kind, kind.removesuffix("_f1"))
    )
    found = judged(scores, THRESHOLD, case)
    assert found[f"oracle_{kind}"] == pytest.approx(expected[0])
    assert found[f"oracle_{kind}"] >= found[kind]


def test_levels_of_chance_are_those_of_random_scores() -> None:
    case, scores = a_case(SEVERAL), some_scores()
    found, labels = judged(scores, THRESHOLD, case), case.labels
    assert found["pa_f1_random"] == expected_random(labels, point_adjusted_f1, draws=RANDOM_DRAWS)
    oracle = expected_random(
        labels, lambda drawn, truth: best_f1(drawn, truth, "point_adjusted").f1, draws=RANDOM_DRAWS
    )
    assert found["oracle_point_adjusted_f1_random"] == oracle
    chance, values, count = generator(0, "random level"), [], int((scores >= THRESHOLD).sum())
    for _ in range(RANDOM_DRAWS):
        drawn = chance.random(ROWS)
        flagged = naive.flags_at(drawn, sorted(drawn)[-count])  # as many flags as the method raised
        values.append(naive.f_score(*naive.counts(naive.adjust(flagged, labels.tolist()), labels.tolist())))
    assert found["point_adjusted_f1_random"] == pytest.approx(np.mean(values))


def test_a_method_that_flags_nothing_has_the_chance_of_no_flags() -> None:
    found = judged(some_scores(), 3.0, a_case(ONE))
    assert found["point_adjusted_f1_random"] == 0
    assert found["detected"] == found["f1"] == 0
    assert math.isnan(found["detection_delay"])


def test_silence_is_not_left_out_of_the_mean() -> None:
    """Affiliation is undefined without flags; were it left out, the shyest method would look best."""
    values = judged(some_scores(), math.inf, a_case([(300, 320)]))
    assert values["affiliation_f1"] == values["affiliation_recall"] == 0
    assert math.isnan(values["affiliation_precision"])


def test_without_anomalies_only_false_alarms_are_measured() -> None:
    """Zeros would lower the means of series on which no scores could do better."""
    found = judged(some_scores(), THRESHOLD, a_case([]))
    known = {name for name, value in found.items() if not math.isnan(value)}
    assert known == {"false_alarm_points", "false_alarm_events"}
    assert found["false_alarm_points"] == pytest.approx((some_scores() >= THRESHOLD).mean() * 10_000)


def test_the_place_that_a_method_names_and_its_highest_score_are_judged_apart() -> None:
    """A method may look again before it names a place; what its scores alone say stays to be seen beside it."""
    named, case = judge(some_scores(100), THRESHOLD, a_case(ONE), location=310), a_case(ONE)
    assert (named["accuracy"], named["accuracy_scores"]) == (1, 0)
    misled = judge(some_scores(310), THRESHOLD, case, location=100)
    assert (misled["accuracy"], misled["accuracy_scores"]) == (0, 1)
    silent = judge(some_scores(310), THRESHOLD, case, location=None)
    assert (silent["accuracy"], silent["accuracy_scores"]) == (0, 1)
    others = [{name: value for name, value in found.items() if name != "accuracy"} for found in (misled, silent)]
    assert others[0] == pytest.approx(others[1], nan_ok=True)


@pytest.mark.parametrize("name", ["accuracy", "accuracy_scores"])
def test_the_rule_of_the_one_location_needs_one_anomaly(name: str) -> None:
    assert judged(some_scores(310), THRESHOLD, a_case(ONE))[name] == 1
    assert judged(some_scores(100), THRESHOLD, a_case(ONE))[name] == 0
    assert judged(np.ones(ROWS), THRESHOLD, a_case(ONE))[name] == 0  # names no location
    assert math.isnan(judged(some_scores(310), THRESHOLD, a_case(SEVERAL))[name])


def test_widening_moves_the_location_rule_and_nothing_else() -> None:
    """30 points become 230, and so does the margin: 100 is then right, 50 … 70 are not."""
    case = a_case(ONE)
    narrow, wide = (judged(some_scores(100), THRESHOLD, case, widen=widen) for widen in (0, 100))
    for name in ("accuracy", "accuracy_scores"):
        assert (narrow.pop(name), wide.pop(name)) == (0, 1)
    assert narrow == pytest.approx(wide, nan_ok=True)


def test_the_values_of_a_case_only_set_the_width_of_vus() -> None:
    """A judge that looked at more could be played to."""
    case = a_case(SEVERAL)
    tripled = CaseData(train=3 * case.train, test=3 * case.test, labels=case.labels)
    slower = CaseData(train=sine(400, period=90), test=sine(ROWS, period=90, seed=1), labels=case.labels)
    found, same, other = (judged(some_scores(), THRESHOLD, each) for each in (case, tripled, slower))
    assert found == pytest.approx(same, nan_ok=True)
    assert {name for name in found if found[name] != other[name] and not math.isnan(found[name])} == {
        "vus_pr",
        "vus_roc",
    }


def test_measures_on_which_chance_does_well_are_marked_and_stand_beside_it() -> None:
    names = {measure.name for measure in MEASURES}
    inflated = {measure.name for measure in MEASURES if measure.inflated}
    assert inflated == {"pa_f1", "point_adjusted_f1", "oracle_point_adjusted_f1"}
    assert {f"{name}_random" for name in inflated} == {name for name in names if name.endswith("_random")}
