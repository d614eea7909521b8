"""How well a pair tells anomalous patches of held-out generated series from normal ones, and how sure that is."""

from __future__ import annotations

import numpy as np
import torch
from scipy.stats import rankdata

from anomalyllm.model.pair import Pair, patches, seen
from anomalyllm.pretraining.sampling import ANOMALOUS, UNJUDGED, Labels, Rows, Samples

REDRAWN = 200  # sets of series in the interval
CONFIDENCE = 0.95


def discrepancies(pair: Pair, judged: Samples, block: int = 1024) -> Rows:
    """The pair's discrepancy of each patch; (W, N)."""
    found: Rows = np.empty(judged.labels.shape, dtype=np.float32)
    with torch.inference_mode():
        for begin in range(0, len(found), block):
            part = slice(begin, begin + block)
            given = (judged.windows[part], judged.prototypes[part], judged.usual[part])
            found[part] = pair(*map(torch.from_numpy, given)).numpy()
    return found


def differences(judged: Samples) -> Rows:
    """Root mean square difference of each patch from the nearest normal window, as the networks see both; (W, N)."""
    sight = seen(*map(torch.from_numpy, (judged.windows, judged.prototypes, judged.usual)))
    difference = patches(sight.window - sight.prototypes[:, 0])
    rows: Rows = difference.square().mean(-1).sqrt().numpy()
    return rows


def area(scores: Rows, labels: Labels) -> float:
    """Area under the ROC curve of the judged patches: how often an anomalous one outscores a normal one."""
    judged = labels != UNJUDGED
    positive = labels[judged] == ANOMALOUS
    ranks = rankdata(scores[judged])
    count = int(positive.sum())
    return float((ranks[positive].sum() - count * (count + 1) / 2) / max(1, count * (len(positive) - count)))


def interval(chance: np.random.Generator, scores: Rows, labels: Labels, series: int) -> tuple[float, float]:
    """Where 95 % of the areas lie if series are drawn again, with replacement: windows of one series are no new proof.

    Args:
        chance: decides which series are drawn.
        scores: (W, N), as many windows of each series, series by series.
        labels: (W, N).
        series: how many there are.
    """
    judged = labels != UNJUDGED
    order = np.argsort(scores[judged], kind="stable")
    positive = (labels[judged] == ANOMALOUS)[order]
    ordered = scores[judged][order]
    last_equal = np.searchsorted(ordered, ordered, side="right") - 1
    first_equal = np.searchsorted(ordered, ordered, side="left")
    origin = np.broadcast_to((np.arange(len(labels)) * series // len(labels))[:, None], labels.shape)[judged][order]
    areas = np.empty(REDRAWN)
    for number in range(REDRAWN):
        times = np.bincount(chance.integers(0, series, size=series), minlength=series)[origin].astype(np.float64)
        below = np.cumsum(np.where(positive, 0.0, times))  # normal patches up to each place, with itself
        before = np.concatenate([[0.0], below])[first_equal]
        won = (times * (before + below[last_equal]) / 2)[positive].sum()
        areas[number] = won / max(1.0, times[positive].sum() * below[-1])
    low, high = np.quantile(areas, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)
