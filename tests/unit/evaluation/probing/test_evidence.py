"""The two distances of every kind of detector, beside what its judges say themselves."""

from __future__ import annotations

import numpy as np
import pytest

from anomalyllm.evaluation.baselines import BASELINES
from anomalyllm.evaluation.probing.evidence import distances, fitted_of, has_discrepancy, window_of
from anomalyllm.pairing import pair_judges
from conftest import FINETUNED
from unit.evaluation.probing.probed import case, detector

STARTS = np.array([0, 5, 200, 310], np.int64)


@pytest.mark.parametrize("preset", ["trained", "paper", FINETUNED])
def test_trained_networks_speak_first(preset: str) -> None:
    fitted = detector(preset)._fitted
    prepared = fitted.prepare(case().test)
    said = distances(fitted, prepared, STARTS, own=False)
    evidence = fitted.networks.evidence(prepared, STARTS)
    assert has_discrepancy(fitted)
    assert window_of(fitted) == fitted.networks.window
    assert said.discrepancy == pytest.approx(evidence.discrepancy[:, 0])
    assert said.mismatch == pytest.approx(evidence.mismatch[:, 0])


def test_the_pair_is_asked_without_its_unit() -> None:
    """Units make a score of it; a probe looks before that."""
    fitted = detector("pretrained")._fitted
    prepared = fitted.prepare(case().test)
    said = distances(fitted, prepared, STARTS, own=False)
    judge = pair_judges(fitted)[-1]
    assert window_of(fitted) == judge.window
    assert said.discrepancy * judge.unit == pytest.approx(judge.window_scores(prepared, STARTS)[:, 0])
    assert said.mismatch == pytest.approx(judge.retrieval.window_scores(prepared, STARTS)[:, 0])


def test_without_networks_there_is_only_the_mismatch() -> None:
    fitted = detector("default")._fitted
    said = distances(fitted, fitted.prepare(case().test), STARTS, own=False)
    assert not has_discrepancy(fitted)
    assert np.isnan(said.discrepancy).all()
    assert (said.mismatch > 0).all()


@pytest.mark.parametrize("preset", ["default", "pretrained", "trained"])
def test_a_window_of_the_training_part_does_not_meet_itself(preset: str) -> None:
    """Else it would be its own prototype, and nothing would be as normal as the training part."""
    fitted = detector(preset)._fitted
    training = fitted.prepare(case().train)
    bank = fitted.networks.bank if fitted.has_networks else fitted.retrieval[-1].bank.starts
    starts = np.asarray(bank[:5], np.int64)
    own, strange = (distances(fitted, training, starts, own=flag).mismatch for flag in (True, False))
    assert (own > strange).all()


def test_baselines_have_nothing_to_be_probed() -> None:
    assert fitted_of(next(iter(BASELINES.values()))()) is None
    assert fitted_of(detector("default")) is detector("default")._fitted
