"""The probe of realism: anomalies made as synthetic ones are, are found to be; others are not."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from anomalyllm.datasets.case import CaseData
from anomalyllm.evaluation.probing.false_stretches import LEVELS
from anomalyllm.evaluation.probing.realism import probe_realism
from anomalyllm.windows.augment import KINDS
from conftest import sine
from unit.evaluation.probing.probed import case, detector


def flattened() -> CaseData:
    """Six times the wave stands still, as `flatten` makes it."""
    test, labels = sine(1200, seed=8), np.zeros(1200, np.int8)
    for start in range(100, 1150, 180):
        part = test[start : start + 25]
        test[start : start + 25] = part.mean() + 0.1 * (part - part.mean())
        labels[start : start + 25] = 1
    return CaseData(case().train, test, labels)


def test_real_anomalies_are_nearest_to_the_kind_they_are_of() -> None:
    figures = probe_realism(detector("trained"), flattened(), 0)
    shares = {kind: figures[f"nearest_share_{kind}"] for kind in KINDS}
    assert sum(shares.values()) == pytest.approx(1)
    assert max(shares, key=shares.__getitem__) == "flatten"
    areas = {kind: figures[f"two_sample_auc_{kind}"] for kind in KINDS}
    assert areas["flatten"] < min(area for kind, area in areas.items() if kind not in ("flatten", "amplitude"))
    assert figures["two_sample_auc_normal"] > 0.9  # the features can tell them from normal windows at all
    assert figures["real_anomalies"] == 6
    assert figures["feature_deviation_real"] < 0
    assert all(math.isnan(figures[level]) for level in LEVELS)  # whole anomalies are the folds: the level is .5


@pytest.mark.parametrize("preset", ["default", "trained"])
def test_figures_are_finite_or_nan_and_the_seed_decides(preset: str) -> None:
    first, again = (probe_realism(detector(preset), case(), 0) for _ in range(2))
    assert {name: str(value) for name, value in first.items()} == {name: str(value) for name, value in again.items()}
    assert all(type(value) is float and not math.isinf(value) for value in first.values())
    assert math.isnan(first["discrepancy_auc_real_synthetic"]) == (preset == "default")
    assert first["real_anomalies"] == 1
    assert all(0 <= first[level] <= 1 for level in LEVELS)


def test_without_labels_nothing_real_is_known() -> None:
    figures = probe_realism(detector("default"), dataclasses.replace(case(), labels=np.zeros(700, np.int8)), 0)
    assert figures["real_windows"] == 0
    assert math.isnan(figures["two_sample_auc"])
    assert math.isnan(figures["nearest_share_level"])
    assert math.isnan(figures["feature_level_real"])
    assert math.isfinite(figures["feature_level_synthetic"])
