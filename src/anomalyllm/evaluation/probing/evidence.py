"""What a detector's judges say of windows before calibration: two distances, and the judges that give them.

The *discrepancy* is that of teacher and student, the *mismatch* that of a window and its nearest prototype or normal
window. Networks that were trained on the series speak first, then the pretrained pair at its longest length; a detector
without either has only the mismatch. Where a judge speaks for several channels, the mean over them is taken.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from anomalyllm.detector import AnomalyLLM
from anomalyllm.fitted import Fitted
from anomalyllm.judges import Prepared, RetrievalJudge
from anomalyllm.scoring.calibrate import UNJUDGED

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


class Distances(NamedTuple):
    """Of windows, uncalibrated; NaN where a judge says nothing, or there is none."""

    discrepancy: Floats  # (W,)
    mismatch: Floats  # (W,)


def fitted_of(scorer: object) -> Fitted | None:
    """What a detector of this library has learned; None of any other scorer, which has nothing to be probed.

    Raises:
        NotFittedError: before `fit`.
    """
    return scorer._fitted if isinstance(scorer, AnomalyLLM) else None


def has_discrepancy(fitted: Fitted) -> bool:
    """Whether a teacher and a student are among the judges."""
    return fitted.has_networks or _pair_judge(fitted) is not None


def window_of(fitted: Fitted) -> int:
    """The length in samples of the windows that `distances` is asked of."""
    if fitted.has_networks:
        return fitted.networks.window
    pair = _pair_judge(fitted)
    return fitted.retrieval[-1].window if pair is None else int(pair.window)


def distances(fitted: Fitted, prepared: Prepared, starts: Indices, *, own: bool) -> Distances:
    """Both distances of the windows of `prepared` that begin at `starts`, (W,), ascending.

    Args:
        own: `prepared` is the training part, perhaps with changes: no window meets its own points.
    """
    if not len(starts):
        return Distances(np.zeros(0), np.zeros(0))
    if fitted.has_networks:
        evidence = fitted.networks.evidence(prepared, starts, own=own)
        return Distances(evidence.discrepancy.mean(axis=1), evidence.mismatch.mean(axis=1))
    pair = _pair_judge(fitted)
    if pair is None:
        return Distances(np.full(len(starts), np.nan), retrieved(fitted.retrieval[-1], prepared, starts, own=own))
    by_channel = pair.window_scores(prepared, starts, own=own)
    discrepancy = _judged(pair.total(by_channel) / pair.unit)
    return Distances(discrepancy, retrieved(pair.retrieval, prepared, starts, own=own))


def retrieved(judge: RetrievalJudge, prepared: Prepared, starts: Indices, *, own: bool) -> Floats:
    """Distances to the nearest normal window, (W,)."""
    return _judged(judge.total(judge.window_scores(prepared, starts, own=own)))


def _judged(scores: Floats) -> Floats:
    return np.where(scores > UNJUDGED, scores, np.nan)


def _pair_judge(fitted: Fitted) -> Any:
    """The pretrained pair's judge of the longest windows, or None; torch is not loaded to find out."""
    if fitted.config.pair is None:
        return None
    from anomalyllm.pairing import pair_judges

    return max(pair_judges(fitted), key=lambda judge: judge.window, default=None)
