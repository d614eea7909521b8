"""How near do synthetic anomalies come to the labelled ones: by features, by the gap, and by a two-sample test."""

from __future__ import annotations

import numpy as np

from anomalyllm.datasets.case import CaseData
from anomalyllm.detector import AnomalyLLM
from anomalyllm.evaluation.probing.described import Described, described
from anomalyllm.evaluation.probing.evidence import distances, fitted_of
from anomalyllm.evaluation.probing.false_stretches import levels
from anomalyllm.evaluation.probing.features import NAMES
from anomalyllm.evaluation.probing.gap import Looked, looked_at
from anomalyllm.evaluation.probing.separation import area, median
from anomalyllm.evaluation.probing.two_samples import blocks, two_sample_area
from anomalyllm.extras import required


def probe_realism(detector: AnomalyLLM, case: CaseData, seed: int) -> dict[str, float]:
    """Synthetic anomalies of every kind, as the detector is trained with them, beside those labelled in the test part.

    Figures: the medians of twelve features, in deviations of normal windows (`feature_…_synthetic`, `…_real`); the
    two-sample test of all synthetic against real windows (`two_sample_auc`, and by kind); the same test of real
    against normal test windows (`two_sample_auc_normal`), without which the others say nothing; the area under the
    curve of real against synthetic by the gap alone (`discrepancy_auc_real_synthetic`); and the share of real windows
    whose nearest synthetic one is of each kind (`nearest_share_…`).

    The test is cross-validated in blocks, of whole anomalies where there are four or more (`real_anomalies`): .5 then
    means that they cannot be told apart. Else blocks are stretches of time, and an area may lie far to either side of
    .5 whatever is compared. Read it beside what the same test says of stretches that are known
    (`two_sample_auc_if_synthetic` and the others of `false_stretches.levels`), and only as a mean over many series.

    Raises:
        LibraryError: no scikit-learn (the extra `baselines`).
        ConfigError: the detector was fitted on another training part.
    """
    fitted = fitted_of(detector)
    if fitted is None:
        return {}
    required("sklearn.linear_model", "the probe of realism")
    augment = fitted.config.augment
    looked = looked_at(fitted, case, seed, augment)
    sets = described(looked, case)
    counts = {"real_windows": float(len(sets.real)), "real_anomalies": float(len(np.unique(sets.runs)))}
    asked = _features(sets) | _areas(looked, sets) | levels(looked, case, sets, augment, seed)
    return counts | asked | _by_the_gap(looked) | _nearest_shares(sets)


def _features(sets: Described) -> dict[str, float]:
    """Medians of each."""
    pooled = sets.pooled
    synthetic = {f"feature_{name}_synthetic": median(pooled[:, index]) for index, name in enumerate(NAMES)}
    return synthetic | {f"feature_{name}_real": median(sets.real[:, index]) for index, name in enumerate(NAMES)}


def _areas(looked: Looked, sets: Described) -> dict[str, float]:
    """Two-sample tests of real windows against synthetic ones, together and by kind, and against normal ones."""
    groups = blocks(looked.labelled.real, sets.runs)
    normal_groups = blocks(looked.labelled.normal, np.zeros(len(sets.normal), np.int64))
    figures = {
        "two_sample_auc": two_sample_area(sets.real, sets.pooled, groups, sets.pooled_groups),
        "two_sample_auc_normal": two_sample_area(sets.real, sets.normal, groups, normal_groups),
    }
    for kind, altered in sets.synthetic.items():
        figures[f"two_sample_auc_{kind}"] = two_sample_area(sets.real, altered, groups, sets.groups)
    return figures


def _by_the_gap(looked: Looked) -> dict[str, float]:
    gap = distances(looked.fitted, looked.test, looked.labelled.real, own=False).discrepancy
    return {"discrepancy_auc_real_synthetic": area(gap, looked.pooled().discrepancy)}


def _nearest_shares(sets: Described) -> dict[str, float]:
    """Share of real windows by the kind of the nearest synthetic one."""
    if not len(sets.real) or not len(sets.groups):
        return {f"nearest_share_{kind}": float("nan") for kind in sets.synthetic}
    real = np.arcsinh(sets.real)
    away = [((real[:, None] - np.arcsinh(kind)[None]) ** 2).sum(axis=2).min(axis=1) for kind in sets.synthetic.values()]
    nearest = np.argmin(away, axis=0)
    return {f"nearest_share_{kind}": float((nearest == index).mean()) for index, kind in enumerate(sets.synthetic)}
