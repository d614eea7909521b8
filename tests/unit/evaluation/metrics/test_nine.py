"""The nine metrics together: against slow versions on small inputs, what is undefined, what may not matter."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
from anomalyllm.evaluation import evaluate
from anomalyllm.evaluation.metrics.adjusted import point_adjusted_f1
from anomalyllm.evaluation.metrics.affiliation import affiliation_f1
from anomalyllm.evaluation.metrics.eventwise import event_based_f1
from anomalyllm.evaluation.metrics.nine import NAMES
from anomalyllm.evaluation.metrics.ranges import range_based_f1
from anomalyllm.evaluation.metrics.ranking import average_precision, roc_area, standard_f1
from anomalyllm.evaluation.metrics.volume import volume_under_surface

ALONE: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "AUC-PR": average_precision,
    "AUC-ROC": roc_area,
    "VUS-PR": lambda scores, labels: volume_under_surface(scores, labels, 12).precision_recall,
    "VUS-ROC": lambda scores, labels: volume_under_surface(scores, labels, 12).roc,
    "Standard-F1": standard_f1,
    "PA-F1": point_adjusted_f1,
    "Event-based-F1": event_based_f1,
    "R-based-F1": range_based_f1,
    "Affiliation-F": affiliation_f1,
}


def drawn(size: int, segments: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Noise that is a little higher in equal segments at equal distances."""
    labels = np.zeros(size, dtype=np.int64)
    width = size // segments // 5
    for start in range(size // segments // 2, size - width, size // segments):
        labels[start : start + width] = 1
    return np.random.default_rng(seed).random(size) + 0.3 * labels, labels


def assert_equal(found: dict[str, float], expected: dict[str, float], tolerance: float = 1e-9) -> None:
    assert list(found) == list(expected)
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=tolerance, rel=0, nan_ok=True), name


@given(
    points=st.lists(
        st.tuples(st.sampled_from([0.0, 0.1, 0.5, 0.7, 3.0, -2.0]), st.integers(0, 1)), min_size=1, max_size=22
    ),
    window=st.integers(0, 9),
)
@settings(derandomize=True, deadline=None, max_examples=100)
def test_all_nine_equal_the_slow_versions(points: list[tuple[float, int]], window: int) -> None:
    """Ties, segments at both ends, neighbours, all-equal labels and series below 250 points, in one net."""
    scores, labels = map(list, zip(*points, strict=True))
    assert_equal(evaluate(scores, labels, window), naive.nine_metrics(scores, labels, window))


@pytest.mark.parametrize("seed", range(4))
def test_all_nine_equal_the_slow_versions_beyond_250_points(seed: int) -> None:
    """There, thresholds of VUS skip ranks."""
    g = np.random.default_rng(seed)
    scores = np.round(g.random(300), 2).tolist()
    labels = np.convolve(g.random(300) > 0.985, np.ones(6))[:300].clip(0, 1).astype(int).tolist()
    assert_equal(evaluate(scores, labels, 7), naive.nine_metrics(scores, labels, 7))


@pytest.mark.parametrize("name", NAMES)
def test_each_metric_alone_has_the_same_value(name: str) -> None:
    scores, labels = drawn(700, 5)
    assert ALONE[name](scores, labels) == evaluate(scores, labels, 12)[name]


def test_names_come_in_the_promised_order() -> None:
    assert list(evaluate([0, 1], [0, 1], 0)) == list(NAMES) == list(ALONE)


@pytest.mark.parametrize("label", [0, 1])
def test_labels_that_are_all_equal_leave_what_is_defined(label: int) -> None:
    """A benchmark with a case free of anomalies must not stop, and must not count what has no value."""
    found = evaluate(np.linspace(0, 1, 40), np.full(40, label), 10)
    undefined = {name for name, value in found.items() if np.isnan(value)}
    always = {"AUC-ROC", "VUS-PR", "VUS-ROC"}
    assert undefined == (always if label else always | {"Event-based-F1", "Affiliation-F"})
    assert found["AUC-PR"] == label
    assert found["R-based-F1"] == 0


def test_constant_scores() -> None:
    """They flag nothing at any threshold in between, and everything at the one that is their value."""
    labels = np.zeros(500)
    labels[100:150] = 1
    found = evaluate(np.full(500, 3.0), labels, 20)
    assert found["AUC-PR"] == pytest.approx(0.1)
    assert found["AUC-ROC"] == 0.5
    assert found["PA-F1"] == found["Event-based-F1"] == found["R-based-F1"] == 0
    assert np.isnan(found["Affiliation-F"])


@pytest.mark.parametrize("kind", [bool, np.uint8, np.int8, np.int64, np.uint64, np.float32, np.float64])
def test_the_type_of_labels_does_not_matter(kind: type) -> None:
    """Differences of unsigned labels wrap round, if one takes them."""
    scores, labels = drawn(500, 4)
    assert evaluate(scores, labels.astype(kind), 10) == evaluate(scores, labels, 10)


def test_perfect_scores_are_best_whatever_the_metric() -> None:
    _, labels = drawn(2000, 4)
    found = evaluate(labels, labels, 0)
    assert found["Standard-F1"] == pytest.approx(0.999995, abs=1e-9)
    for name in set(NAMES) - {"Standard-F1"}:
        assert found[name] == pytest.approx(1, abs=1e-12), name


@pytest.mark.parametrize("name", NAMES)
def test_scores_that_separate_beat_noise(name: str) -> None:
    scores, labels = drawn(4000, 8)
    noise = np.random.default_rng(9).random(4000)
    assert evaluate(scores + labels, labels, 20)[name] > evaluate(noise, labels, 20)[name]


def test_scores_whose_range_is_beyond_the_largest_number() -> None:
    """Thresholds between them must not become infinite, and the values are those of smaller scores."""
    scores, labels = np.array([-1.0, 0.5, 1.0, -0.5, 0.25]), [0, 1, 1, 0, 0]
    assert evaluate(scores * 1.7e308, labels, 2) == evaluate(scores, labels, 2)


def test_scores_that_differ_in_the_last_digit() -> None:
    scores = np.full(300, 1.0)
    scores[40:50] = np.nextafter(1.0, 2.0)
    labels = (scores > 1).astype(int)
    assert evaluate(scores, labels, 0)["PA-F1"] == 1


def test_long_series_take_little_time_and_memory() -> None:
    """Linear: a few numbers per point, whatever the window and the number of segments."""
    scores, labels = drawn(200_000, 300)
    tracemalloc.start()
    try:
        started = time.process_time()
        evaluate(scores, labels, 300)
        seconds = time.process_time() - started
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 25 * scores.nbytes
    assert seconds < 5
