"""Sentences that explain a miss: numbers that can be checked, and silence where nothing is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomalyllm.evaluation.bench.curves import envelope
from anomalyllm.evaluation.bench.page_attempts import Envelope, cases
from anomalyllm.evaluation.bench.page_boards import boards
from anomalyllm.evaluation.bench.page_misses import highest_within, misses, share_above, tolerated
from anomalyllm.evaluation.metrics.location import location_hit
from unit.evaluation.bench.page_builders import keep, labelled, row


def kept(values: np.ndarray) -> Envelope:
    low, high = envelope(values)
    size = -(-len(values) // len(low))
    return Envelope(len(values), size, low.astype(float), high.astype(float))


def told(folder, rows):
    (board,) = boards(rows)
    (case,) = cases(board, folder)
    return misses(case)


@given(st.lists(st.tuples(st.integers(0, 700), st.integers(1, 250)), min_size=1, max_size=3))
@settings(derandomize=True, deadline=None, max_examples=40)
def test_tolerated_rows_are_those_where_the_rule_says_hit(pieces):
    spans = [(start, start + length) for start, length in pieces]
    allowed = [any(first <= place < stop for first, stop in tolerated(spans)) for place in range(1500)]
    assert allowed == [location_hit(place, spans) for place in range(1500)]


def test_with_every_row_kept_the_numbers_are_exact():
    scores = np.random.default_rng(0).random(600)
    curve = kept(scores)
    assert curve.size == 1
    assert highest_within(curve, [(100, 200), (300, 310)]) == pytest.approx(
        max(scores[100:200].max(), scores[300:310].max())
    )
    for level in (0.0, 0.3, 0.99):
        exact = np.mean(scores.astype(np.float32) > np.float32(level))
        assert share_above(curve, level) == (exact, exact)


@pytest.mark.parametrize("rows", [601, 10_000, 33_333])
@pytest.mark.parametrize("smooth", [False, True])
def test_with_stretches_kept_the_true_share_lies_between_the_ends(rows, smooth):
    width = rows // 4 if smooth else 1
    noise = np.convolve(np.random.default_rng(0).normal(size=rows), np.ones(width), mode="same") / width**0.5
    curve = kept(noise)
    for level in (-5.0, 0.0, 1.5, 5.0):
        least, most = share_above(curve, level)
        assert least <= np.mean(noise.astype(np.float32) > level) <= most
        assert not smooth or most - least < 0.1  # smooth scores are known well
    assert highest_within(curve, [(200, 500)]) <= noise[200:500].max() + 1e-6


def test_an_anomaly_shorter_than_a_stretch_is_judged_by_the_stretch_that_holds_it():
    curve = Envelope(4000, 1000, np.zeros(4), np.array([1.0, 2.0, np.nan, 3.0]))
    assert highest_within(curve, [(1100, 1300)]) == 2.0
    assert highest_within(curve, [(1100, 2300)]) == 2.0  # a stretch without values says nothing
    assert share_above(curve, 2.5) == (1 / 4000, 1000 / 4000)


def test_the_whole_sentence(tmp_path):
    """Rows 600 to 619 are anomalous; the scores peak 500 rows before."""
    scores = np.zeros(1000)
    scores[100], scores[650], scores[:30] = 4.0, 0.5, 0.75
    keep(tmp_path, "a", labelled(), {"random": scores})
    usual = {"location": 100, "threshold": 2.0, "accuracy": 0}
    others = [row(method=name, accuracy=hit, location=605) for name, hit in (("sub-pca", 1), ("k-means", 1))]
    assert told(tmp_path, [row(**usual), *others]) == [
        "random looked at row 100, 500 rows before the anomaly, where its score is about 4; within the tolerance of "
        "the anomaly its highest score is about 0.5, and about 3.1 % of the series scores higher than that "
        "(it stays below its own threshold of 2); 2 of 2 other methods were right."
    ]
    low = told(tmp_path, [row(**usual | {"threshold": 0.5}), others[0]])
    assert "(it reaches its own threshold of 0.5); the one other method was right." in low[0]


def test_a_place_that_is_not_the_highest_score_s_is_told_with_both_heights(tmp_path):
    """A method may name a place by more than its scores: a reader must not think that they peak there."""
    scores = np.zeros(1000)
    scores[100], scores[300], scores[650] = 4.0, 1.5, 0.5
    keep(tmp_path, "a", labelled(), {"random": scores})
    (said,) = told(tmp_path, [row(location=300, accuracy=0)])
    assert "where its score is about 1.5 (its highest anywhere is 4); within the tolerance" in said


def test_no_threshold_and_hardly_anything_above(tmp_path):
    scores = np.zeros(1000)
    scores[900], scores[610] = 2.0, 1.9999
    keep(tmp_path, "a", np.maximum(labelled(), labelled(10, 12)), {"random": scores}, "MSL")
    (said,) = told(tmp_path, [row(dataset="MSL", location=900, anomalies=2)])
    assert "281 rows after the nearest anomaly" in said
    assert "within the tolerance of any of the anomalies its highest score is about 2" in said
    assert "threshold" not in said
    assert "no other method was judged here" in said


@pytest.mark.parametrize(("second", "words"), [(1.0, "between 0.0017 % and 0.17 %"), (2.0, "less than 0.01 %")])
def test_a_share_is_told_as_well_as_it_is_known(tmp_path, second, words):
    """One of 60,000 rows is higher: that it is one of a hundred in its stretch is all that was kept."""
    scores = np.zeros(60_000)
    scores[9_000], scores[610] = 2.0, second
    keep(tmp_path, "a", labelled(rows=60_000), {"random": scores})
    (said,) = told(tmp_path, [row(location=9_000, rows_test=60_000, accuracy=0)])
    assert f", and {words} of the series scores higher" in said


def test_constant_scores_name_no_location(tmp_path):
    rows = [row(accuracy=0), row(method="sub-pca", accuracy=0, location=3), row(method="k-means", accuracy=1)]
    said = told(tmp_path, rows)
    assert said == [
        "random found no row the strangest, so it named no location; 1 of 2 other methods was right.",
        "sub-pca looked at row 3; its curve was not kept, so nothing is said of heights; "
        "1 of 2 other methods was right.",
    ]


def test_nobody_right_is_said(tmp_path):
    rows = [row(method=name, accuracy=0) for name in ("random", "sub-pca", "k-means")]
    assert all(said.endswith("none of 2 other methods was right.") for said in told(tmp_path, rows))
    assert told(tmp_path, rows[:2])[0].endswith("the one other method was wrong too.")
    assert told(tmp_path, [row(accuracy=1)]) == []
