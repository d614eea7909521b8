"""How far the scores of injected anomalies stand above those of the same rows without: for any detector."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from anomalyllm.evaluation.probing.material import Material
from anomalyllm.fitted import Fitted
from anomalyllm.injecting import heard, injected, room_for_events
from anomalyllm.judges import Prepared

Floats = NDArray[np.float64]


class Peaks(NamedTuple):
    """Highest scores in rows where an anomaly was put."""

    strange: Floats  # (E,) with it
    clean: Floats  # (E,) without


def injected_peaks(fitted: Fitted, material: Material) -> Peaks:
    """Of some dozens of anomalies (`injecting.injected`), one at a time; none where there is no room for them."""
    room = room_for_events(fitted, material.prepared, material.begin)
    strange, clean = [], []
    for channel, changed in injected(fitted, material.prepared, room):
        values = material.prepared.values.copy()
        values[:, channel] = changed.values
        rows = slice(changed.start, min(changed.end, len(values)))
        altered = dataclasses.replace(material.prepared, values=values)
        strange.append(_peak(fitted, altered, rows, own=material.own))
        clean.append(_peak(fitted, material.prepared, rows, own=material.own))
    return Peaks(np.array(strange), np.array(clean))


def _peak(fitted: Fitted, prepared: Prepared, rows: slice, *, own: bool) -> float:
    said = np.stack([heard(judge, prepared, rows, own=own) for judge in fitted.judges])
    missing = None if prepared.missing is None else prepared.missing[rows]
    return float(fitted.joined(said, fitted.novelty.of(prepared.values[rows], missing).max(axis=1)).max())
