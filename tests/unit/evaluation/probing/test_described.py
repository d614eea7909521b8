"""Windows by their features: which anomaly a window is of."""

from __future__ import annotations

import numpy as np

from anomalyllm.evaluation.probing.described import anomaly_of


def test_each_window_belongs_to_the_first_anomaly_that_it_touches() -> None:
    labels = np.zeros(60, np.int8)
    labels[[10, 11, 12, 30, 31, 50]] = 1
    starts = np.array([0, 5, 10, 12, 13, 25, 30, 31, 32, 45])
    expected = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2]
    assert list(anomaly_of(labels, starts)) == expected
