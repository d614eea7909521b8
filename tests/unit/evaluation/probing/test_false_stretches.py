"""The level of the two-sample test where one anomaly is all there is: known stretches say what a real one would."""

from __future__ import annotations

import numpy as np
import pytest

from anomalyllm.config import AugmentConfig
from anomalyllm.datasets.case import CaseData
from anomalyllm.evaluation.probing.false_stretches import LEVELS, false_stretches
from anomalyllm.evaluation.probing.realism import probe_realism
from anomalyllm.windows.augment import KINDS, view
from conftest import sine
from unit.evaluation.probing.probed import case, detector


def test_what_is_no_anomaly_is_told_from_normal_windows_as_well_as_the_level_says() -> None:
    """Ten normal stretches called anomalies: .5 is far from every one of them, their mean lies at the level."""
    areas, expected = [], []
    for begin in range(60, 660, 60):
        test, labels = sine(700, seed=5), np.zeros(700, np.int8)
        labels[begin : begin + 40] = 1
        figures = probe_realism(detector("default"), CaseData(case().train, test, labels), 0)
        areas.append(figures["two_sample_auc_normal"])
        expected.append(figures["two_sample_auc_normal_if_normal"])
    assert np.std(areas) > 0.1, "the area of one false anomaly is near .5: there is nothing to correct"
    assert np.mean(areas) == pytest.approx(np.mean(expected), abs=0.1)


def test_an_anomaly_that_is_made_as_synthetic_ones_are_lies_at_the_level() -> None:
    """One of each kind, far above .5: its windows resemble each other more than those of other anomalies."""
    areas, expected = [], []
    for place, kind in enumerate(KINDS):
        test, labels = sine(700, seed=5), np.zeros(700, np.int8)
        rows, generator = slice(60 + 80 * place, 100 + 80 * place), np.random.default_rng(place)
        whole = AugmentConfig(mix=False, local=False)
        test[rows] = view(test[rows].T[None].astype(np.float32), (kind,), whole, generator)[0].T
        labels[rows] = 1
        figures = probe_realism(detector("default"), CaseData(case().train, test, labels), 0)
        areas.append(figures["two_sample_auc"])
        expected.append(figures["two_sample_auc_if_synthetic"])
    assert np.mean(areas) > 0.7
    assert np.mean(areas) == pytest.approx(np.mean(expected), abs=0.1)


def test_false_stretches_are_drawn_and_far_from_anomalies() -> None:
    labels = np.zeros(700, np.int8)
    labels[300:340] = 1
    first, again, other = (false_stretches(labels, 40, 30, seed) for seed in (0, 0, 1))
    assert len(first) == len(KINDS)
    assert (first == again).all()
    assert (first != other).any()
    for begin in np.concatenate([first, other]):
        assert 0 <= begin <= 670
        assert not labels[max(0, begin - 40) : begin + 70].any()
    assert not len(false_stretches(np.ones(700, np.int8), 40, 30, 0))


def test_no_level_hides_the_figure_of_a_kind() -> None:
    """One of the kinds is called level."""
    assert not set(LEVELS) & {f"two_sample_auc_{kind}" for kind in KINDS}
