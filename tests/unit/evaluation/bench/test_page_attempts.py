"""Cases as the page sees them: who is right, and curves that are absent, damaged or of another run."""

from __future__ import annotations

import numpy as np
import pytest

from anomalyllm.evaluation.bench.page_attempts import cases
from anomalyllm.evaluation.bench.page_boards import boards
from unit.evaluation.bench.page_builders import failed, keep, labelled, row

SCORES = np.random.default_rng(0).random(1000)


def found(folder, *rows):
    (board,) = boards(rows)
    return cases(board, folder)


@pytest.mark.parametrize(("location", "hit"), [(610, True), (501, True), (500, False), ("", False)])
def test_on_sets_with_several_anomalies_a_location_is_right_at_any_of_them(tmp_path, location, hit):
    keep(tmp_path, "a", labelled() | labelled(100, 101), {}, "MSL")
    keep(tmp_path, "a", labelled() | labelled(100, 101), {"random": SCORES}, "MSL")
    (case,) = found(tmp_path, row(dataset="MSL", location=location, anomalies=2))
    assert case.attempts[0].hit is hit
    assert case.spans == ((100, 101), (600, 620))
    assert case.right == hit


def test_where_accuracy_is_known_it_decides(tmp_path):
    (case,) = found(tmp_path, row(accuracy=1), row(method="sub-pca", accuracy=0, location=610))
    assert [(attempt.method, attempt.hit) for attempt in case.attempts] == [("random", True), ("sub-pca", False)]


def test_without_an_anomaly_or_its_labels_nobody_is_judged(tmp_path):
    assert found(tmp_path, row(location=3))[0].attempts[0].hit is None
    keep(tmp_path, "a", np.zeros(1000), {"random": SCORES})
    assert found(tmp_path, row(location=3))[0].attempts[0].hit is None


def test_the_first_seed_is_shown_and_only_its_curve(tmp_path):
    keep(tmp_path, "a", labelled(), {"random": SCORES})
    (case,) = found(tmp_path, row(seed=10, location=7), row(seed=2, location=5))
    assert case.attempts[0].location == 5
    assert case.attempts[0].scores is None  # curves are of seed 0
    (case,) = found(tmp_path, row(seed=1, location=7), row(seed=0, location=5))
    assert case.attempts[0].scores is not None


def test_a_failed_attempt_knows_nothing_and_the_sizes_come_from_another(tmp_path):
    keep(tmp_path, "a", labelled(), {"random": SCORES})
    (case,) = found(tmp_path, failed(method="sub-pca"), row(location=5, accuracy=0))
    attempts = {attempt.method: attempt for attempt in case.attempts}
    assert attempts["sub-pca"].failed
    assert attempts["sub-pca"].hit is None
    assert attempts["sub-pca"].scores is None
    assert case.facts["rows_test"] == "1000"


def test_every_stretch_keeps_its_extremes(tmp_path):
    long = np.random.default_rng(1).random(7001)
    keep(tmp_path, "a", labelled(rows=7001), {"random": long})
    curve = found(tmp_path, row(rows_test=7001, location=5))[0].attempts[0].scores
    assert curve.size == 12
    for index in (0, 100, len(curve.low) - 1):
        part = long[index * 12 : index * 12 + 12].astype(np.float32)
        assert (curve.low[index], curve.high[index]) == (part.min(), part.max())


def test_infinite_values_are_as_good_as_missing(tmp_path):
    scores = SCORES.copy()
    keep(tmp_path, "a", labelled(), {"random": scores})
    path = tmp_path / "curves" / "UCR" / "a" / "random.npz"
    with np.load(path) as archive:
        arrays = dict(archive)
    arrays["high"][3] = np.inf
    np.savez(path, **arrays)
    curve = found(tmp_path, row(location=5))[0].attempts[0].scores
    assert np.isnan([curve.low[3], curve.high[3]]).all()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no archive",
        {"rows": 1000},
        {"rows": 1000, "low": np.zeros(3), "high": np.zeros(2)},
        {"rows": np.zeros(3)},
    ],
    ids=["empty", "text", "short of arrays", "unequal", "of another shape"],
)
@pytest.mark.parametrize("name", ["random.npz", "series.npz"])
def test_a_damaged_curve_counts_as_absent(tmp_path, name, content):
    keep(tmp_path, "a", labelled(), {"random": SCORES})
    path = tmp_path / "curves" / "UCR" / "a" / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.savez(path, **content)
    (case,) = found(tmp_path, row(location=5, accuracy=0))
    assert (case.recorded is None) == (name == "series.npz")
    assert (case.attempts[0].scores is None) == (name == "random.npz")


def test_curves_of_another_length_are_not_taken_for_these(tmp_path):
    keep(tmp_path, "a", labelled(), {"random": SCORES})
    (case,) = found(tmp_path, row(location=5, rows_test=999))
    assert case.recorded is None
    assert case.attempts[0].scores is None
