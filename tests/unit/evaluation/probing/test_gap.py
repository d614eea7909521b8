"""The probe of the gap: a trained network has one, a student that repeats its teacher has none, and nothing changes."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from anomalyllm.artifact import save_artefact
from anomalyllm.errors import ConfigError
from anomalyllm.evaluation.baselines import BASELINES
from anomalyllm.evaluation.probing import PROBES
from anomalyllm.evaluation.probing.gap import probe_gap
from anomalyllm.evaluation.probing.separation import area
from command import contents
from conftest import FINETUNED, sine
from unit.evaluation.probing.probed import KINDS, case, detector, with_networks


def test_a_trained_network_has_a_gap_on_synthetic_and_on_real_anomalies() -> None:
    figures = probe_gap(detector("trained", 100), case(), 0)
    assert figures["discrepancy_auc_synthetic"] > 0.75
    assert figures["discrepancy_auc_real"] > 0.75
    assert figures["discrepancy_ratio_real"] > 1.2
    assert 0.8 < figures["discrepancy_ratio_test_normal"] < 1.25  # normal windows of either part are alike
    assert figures["teacher_student_correlation"] > 0.5
    assert figures["agreement_real"] < figures["agreement_normal"]


def test_a_student_that_always_agrees_has_none() -> None:
    """The guard, seen to fail: distances of 0 on everything."""
    figures = probe_gap(with_networks(detector("trained"), agree=True), case(), 0)
    assert figures["discrepancy_auc_synthetic"] == figures["discrepancy_auc_real"] == 0.5
    assert figures["discrepancy_real_q75"] == pytest.approx(figures["discrepancy_normal_q75"])
    assert math.isnan(figures["teacher_student_correlation"])


@pytest.mark.parametrize("preset", KINDS)
def test_figures_are_finite_or_nan_and_named_by_what_the_detector_has(preset: str) -> None:
    figures = probe_gap(detector(preset), case(), 0)
    assert all(type(value) is float and not math.isinf(value) for value in figures.values())
    assert ("discrepancy_auc_real" in figures) == (preset != "default")
    assert ("agreement_ratio" in figures) == (preset in ("trained", "paper", FINETUNED))
    assert figures["mismatch_auc_real"] > 0.75
    assert figures["windows_real"] > 40


def test_the_area_of_real_windows_is_that_of_the_judges_own_evidence() -> None:
    """By another route: every window of the test part, split by hand."""
    fitted, labels = detector("trained")._fitted, case().labels
    window = fitted.window
    starts = np.arange(700 - window + 1)
    said = fitted.networks.evidence(fitted.prepare(case().test), starts).discrepancy[:, 0]
    inside = np.array([labels[start : start + window].sum() for start in starts])
    expected = area(said[inside >= window // 8], said[inside == 0])
    assert probe_gap(detector("trained"), case(), 0)["discrepancy_auc_real"] == pytest.approx(expected, abs=0.02)


def test_the_same_seed_gives_the_same_figures_and_nothing_is_changed(tmp_path) -> None:
    probed, before = detector("trained"), (case().train.copy(), case().test.copy())
    save_artefact(probed._fitted, tmp_path / "before")
    first, again, other = (probe_gap(probed, case(), seed) for seed in (0, 0, 1))
    assert first == again
    assert first["discrepancy_synthetic_q50"] != other["discrepancy_synthetic_q50"]
    save_artefact(probed._fitted, tmp_path / "after")
    assert contents(tmp_path / "before") == contents(tmp_path / "after")
    assert (case().train == before[0]).all()
    assert (case().test == before[1]).all()


def test_without_a_labelled_window_real_figures_are_unknown() -> None:
    quiet = dataclasses.replace(case(), labels=np.zeros(700, np.int8))
    figures = probe_gap(detector("trained"), quiet, 0)
    assert figures["windows_real"] == 0
    assert math.isnan(figures["discrepancy_auc_real"])
    assert math.isnan(figures["agreement_real"])


def test_a_detector_of_another_training_part_is_refused() -> None:
    other = dataclasses.replace(case(), train=sine(1500))
    with pytest.raises(ConfigError, match="fitted on the case's 1,500 training rows, got one fitted on 1,600 rows"):
        probe_gap(detector("trained"), other, 0)


@pytest.mark.parametrize("name", PROBES)
def test_a_baseline_has_no_figures(name: str) -> None:
    scorer = next(iter(BASELINES.values()))().fit(case().train)
    assert PROBES[name](scorer, case(), 0) == {}
