"""What both networks say, as vectors: cosines and correlations by hand, and the discrepancy that they amount to."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from anomalyllm.evaluation.probing.agreement import Vectors, vectors_of
from unit.evaluation.probing.probed import case, detector


def test_cosines_and_the_correlation_of_all_pairs_by_hand() -> None:
    chance = np.random.default_rng(0)
    vectors = Vectors(chance.standard_normal((6, 3)), chance.standard_normal((6, 3)))
    for row, agreed in enumerate(vectors.agreement):
        t, s = vectors.teacher[row], vectors.student[row]
        assert agreed == pytest.approx(t @ s / math.sqrt((t @ t) * (s @ s)))
    apart = [[math.dist(said[a], said[b]) for a, b in itertools.combinations(range(6), 2)] for said in vectors]
    assert vectors.correlation == pytest.approx(np.corrcoef(apart)[0, 1])


def test_a_student_that_repeats_its_teacher_and_one_that_says_nothing() -> None:
    vectors = np.random.default_rng(0).standard_normal((5, 3))
    assert Vectors(vectors, vectors).correlation == pytest.approx(1)
    assert Vectors(vectors, vectors).agreement == pytest.approx(np.ones(5))
    still = Vectors(vectors, np.zeros((5, 3)))
    assert math.isnan(still.correlation)
    assert np.isnan(still.agreement).all()


@pytest.mark.parametrize("preset", ["trained", "paper"])
@pytest.mark.parametrize("own", [True, False])
def test_the_vectors_are_those_whose_distance_is_the_discrepancy(preset: str, own: bool) -> None:
    fitted = detector(preset)._fitted
    training, starts = fitted.prepare(case().train), np.arange(0, 900, 7, dtype=np.int64)
    vectors = vectors_of(fitted.networks, training, starts, own=own)
    expected = fitted.networks.evidence(training, starts, own=own).discrepancy[:, 0]
    assert np.linalg.norm(vectors.teacher - vectors.student, axis=1) == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_no_windows_give_no_vectors() -> None:
    fitted = detector("trained")._fitted
    vectors = vectors_of(fitted.networks, fitted.prepare(case().train), np.zeros(0, np.int64), own=False)
    assert len(vectors.agreement) == 0
    assert math.isnan(vectors.correlation)
