"""Windows by their features, beside normal ones: synthetic anomalies, labelled ones, and normal windows of a test."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from anomalyllm.datasets.case import CaseData
from anomalyllm.evaluation.probing.evidence import distances
from anomalyllm.evaluation.probing.features import NAMES, beside_normal, features_of
from anomalyllm.evaluation.probing.gap import Looked
from anomalyllm.evaluation.probing.two_samples import blocks
from anomalyllm.judges import Prepared
from anomalyllm.windows.slicing import slide

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


class Described(NamedTuple):
    """Features in deviations of normal windows.

    Synthetic anomalies stand beside the held-out windows that they were made of, windows of the test part beside its
    normal ones, so that drift between the two parts is not taken for a difference.
    """

    synthetic: dict[str, Floats]  # (W, F) by kind
    groups: Indices  # (W,) of the windows that were altered
    real: Floats  # (V, F)
    runs: Indices  # (V,) number of the anomaly
    normal: Floats  # (N, F) of the test part
    usual: Floats  # (N, C, F) what windows of the test part stand beside

    @property
    def pooled(self) -> Floats:
        """All kinds of synthetic ones, one after another."""
        return np.concatenate(list(self.synthetic.values()))

    @property
    def pooled_groups(self) -> Indices:
        """Of `pooled`."""
        return np.tile(self.groups, len(self.synthetic))


def described(looked: Looked, case: CaseData) -> Described:
    """All windows that were looked at."""
    normal, test, period = looked.normal, looked.labelled, looked.fitted.period
    before = features_of(normal.windows, period, normal.asked(looked.fitted).mismatch)
    synthetic = {
        name: beside_normal(features_of(kind.windows, period, kind.said.mismatch), before)
        for name, kind in looked.kinds.items()
    }
    usual, real = (features_in(looked, looked.test, starts) for starts in (test.normal, test.real))
    beside = usual if len(usual) else before  # a test part without a normal window
    return Described(
        synthetic=synthetic,
        groups=blocks(normal.starts, np.zeros(len(normal.starts), np.int64)),
        real=beside_normal(real, beside),
        runs=anomaly_of(case.labels, test.real),
        normal=beside_normal(usual, beside),
        usual=beside,
    )


def features_in(looked: Looked, test: Prepared, starts: Indices) -> Floats:
    """Of windows of the test part, perhaps with changes; (W, C, F)."""
    if not len(starts):
        return np.zeros((0, test.values.shape[1], len(NAMES)))
    said = distances(looked.fitted, test, starts, own=False)
    return features_of(slide(test.values, looked.normal.window)[starts], looked.fitted.period, said.mismatch)


def anomaly_of(labels: NDArray[np.int8], starts: Indices) -> Indices:
    """The number of the first labelled anomaly that each window touches, (W,); labels (T,)."""
    wrong = labels != 0
    number = np.cumsum(np.diff(wrong.astype(np.int8), prepend=0) == 1) - 1
    following = np.append(np.flatnonzero(wrong), len(labels))
    first = following[np.searchsorted(following, starts)]
    numbers: Indices = number[np.minimum(first, len(labels) - 1)].astype(np.int64)
    return numbers
