"""Is the gap meaningful: do teacher and student agree on normal windows, and disagree where something is wrong?"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from anomalyllm.config import AugmentConfig
from anomalyllm.data.series import as_series
from anomalyllm.datasets.case import CaseData
from anomalyllm.detector import AnomalyLLM
from anomalyllm.errors import ConfigError
from anomalyllm.evaluation.probing.evidence import Distances, distances, fitted_of, has_discrepancy, window_of
from anomalyllm.evaluation.probing.normal_windows import (
    STRENGTHS,
    Labelled,
    Normal,
    Synthetic,
    held_out,
    labelled,
    synthetic,
)
from anomalyllm.evaluation.probing.separation import area, median, quartiles, ratio
from anomalyllm.fitted import Fitted
from anomalyllm.judges import Prepared

Floats = NDArray[np.float64]


class Looked(NamedTuple):
    """A detector and its case, looked at from all sides."""

    fitted: Fitted
    normal: Normal  # of the training part
    kinds: dict[str, Synthetic]  # those same windows, altered
    test: Prepared
    labelled: Labelled  # windows of it

    def pooled(self) -> Distances:
        """Of the synthetic anomalies of all kinds."""
        return Distances(
            *(np.concatenate(column) for column in zip(*(kind.said for kind in self.kinds.values()), strict=True))
        )


def looked_at(fitted: Fitted, case: CaseData, seed: int, augment: AugmentConfig = STRENGTHS) -> Looked:
    """The windows of a case and what the judges say of those of its training part.

    Args:
        augment: strengths of the synthetic anomalies.

    Raises:
        ConfigError: the detector was fitted on another training part.
    """
    if fitted.training.rows != len(case.train):
        came = f"one fitted on {fitted.training.rows:,} rows"
        raise ConfigError(f"a detector fitted on the case's {len(case.train):,} training rows", came, "fit it on them")
    training = fitted.prepare(as_series(case.train).values)
    normal, test = held_out(fitted, training), fitted.prepare(as_series(case.test).values)
    shown = labelled(test, case.labels, window_of(fitted))
    return Looked(fitted, normal, synthetic(fitted, normal, seed, augment), test, shown)


def probe_gap(detector: AnomalyLLM, case: CaseData, seed: int) -> dict[str, float]:
    """Distances on four kinds of windows, and how well each tells anomalies from normal windows.

    For the discrepancy of teacher and student, and for the mismatch of window and prototype, both before calibration:
    quartiles on normal windows of the training part that no network was trained on (`…_normal_q50`), on those windows
    with synthetic anomalies (`…_synthetic_q50`, all kinds of `windows.augment` together, in strengths that are the same
    for every detector, whatever it was trained with), on normal windows of the test part (`…_test_normal_q50`) and on
    those that show a labelled anomaly (`…_real_q50`); the area under the curve of
    synthetic against normal (`…_auc_synthetic`, and by kind) and of real against normal test windows (`…_auc_real`);
    and ratios of medians. For trained networks also: the correlation of the distances between normal windows as the
    teacher and as the student sees them, the median cosine of their vectors on each set (`agreement_…`), and that of
    synthetic windows over that of normal ones: near 1 the student has learned to repeat the teacher even there.
    A detector without networks has only the mismatch.

    Raises:
        ConfigError: the detector was fitted on another training part.
    """
    fitted = fitted_of(detector)
    if fitted is None:
        return {}
    looked = looked_at(fitted, case, seed)
    said = _Said(
        looked.normal.asked(looked.fitted),
        looked.pooled(),
        distances(looked.fitted, looked.test, looked.labelled.normal, own=False),
        distances(looked.fitted, looked.test, looked.labelled.real, own=False),
    )
    fields = Distances._fields if has_discrepancy(looked.fitted) else ("mismatch",)
    counts = {"windows_normal": looked.normal.starts, "windows_real": looked.labelled.real}
    figures = {name: float(len(starts)) for name, starts in counts.items()}
    for field in fields:
        figures |= _figures(field, said, {name: kind.said for name, kind in looked.kinds.items()})
    return {**figures, **(_agreement(looked) if looked.fitted.has_networks else {})}


class _Said(NamedTuple):
    normal: Distances
    synthetic: Distances
    test_normal: Distances
    real: Distances


def _figures(field: str, said: _Said, kinds: dict[str, Distances]) -> dict[str, float]:
    """The figures of one of the two distances."""
    sets = {name: getattr(found, field) for name, found in said._asdict().items()}
    figures: dict[str, float] = {}
    for name, values in sets.items():
        figures |= quartiles(f"{field}_{name}", values)
    figures |= {
        f"{field}_auc_synthetic": area(sets["synthetic"], sets["normal"]),
        f"{field}_auc_real": area(sets["real"], sets["test_normal"]),
        f"{field}_ratio_synthetic": ratio(sets["synthetic"], sets["normal"]),
        f"{field}_ratio_real": ratio(sets["real"], sets["test_normal"]),
        f"{field}_ratio_test_normal": ratio(sets["test_normal"], sets["normal"]),
    }
    by_kind = {name: area(getattr(found, field), sets["normal"]) for name, found in kinds.items()}
    return figures | {f"{field}_auc_synthetic_{name}": value for name, value in by_kind.items()}


def _agreement(looked: Looked) -> dict[str, float]:
    from anomalyllm.evaluation.probing.agreement import vectors_of

    judge, normal = looked.fitted.networks, looked.normal
    usual = vectors_of(judge, normal.prepared, np.sort(normal.starts), own=normal.own)
    altered = [
        vectors_of(judge, changed, starts, own=normal.own).agreement
        for kind in looked.kinds.values()
        for changed, starts in normal.with_windows(kind.windows)
    ]
    real = vectors_of(judge, looked.test, looked.labelled.real, own=False)
    agreed = median(usual.agreement)
    strange = median(np.concatenate([np.zeros(0), *altered]))
    return {
        "teacher_student_correlation": usual.correlation,
        "agreement_normal": agreed,
        "agreement_synthetic": strange,
        "agreement_real": median(real.agreement),
        "agreement_ratio": strange / agreed if agreed > 0 else math.nan,
    }
