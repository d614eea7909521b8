"""Range-based F1 (Tatbul et al., NeurIPS 2018), with TSB-AD's choices: recall rewards being there, precision does not.

Each segment of one kind is judged against those of the other kind: whether it is met at all, and its share that is
covered, divided by the number of segments that cover it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from anomalyllm.evaluation.metrics.inputs import scored
from anomalyllm.evaluation.metrics.segments import Comparison, Counts, Floats
from anomalyllm.evaluation.metrics.sweep import highest

EXISTENCE = 0.2  # its weight in recall; the overlap has the rest


def range_based_f1(scores: ArrayLike, labels: ArrayLike) -> float:
    """R-based-F1 as in TSB-AD, the best of 100 thresholds; 0 if all labels are equal.

    Args:
        scores: (n,), larger = more anomalous.
        labels: (n,), 1 anomalous, 0 normal.

    Raises:
        DataError: see `inputs.scored`.
    """
    return highest(scored(scores, labels), [judge_ranges])[0]


def judge_ranges(comparison: Comparison) -> float:
    """The value at one set of flags; 0 where nothing is flagged, or all is, or nothing or all is labelled.

    That a vector of ones has no segment is TSB-AD's, and is kept so that values can be compared.
    """
    labelled, predicted = comparison.labelled, comparison.predicted
    if not comparison.hits or comparison.size in (labelled.total, predicted.total):
        return 0.0
    met = comparison.runs_met
    overlap = comparison.covered / labelled.lengths / np.maximum(met, 1)
    recall = float(np.mean(EXISTENCE * (met > 0) + (1 - EXISTENCE) * overlap))
    precision = float(predicted_overlap(comparison).sum() / len(predicted))
    return 2 * recall * precision / (recall + precision)


def predicted_overlap(comparison: Comparison) -> Floats:
    """For each predicted segment that meets a label its covered share, divided by the number of labelled ones met."""
    run, _, shared = comparison.meetings
    firsts: Counts = np.append(0, np.flatnonzero(run[1:] != run[:-1]) + 1)  # a run's meetings stand together
    covered = np.add.reduceat(shared, firsts)
    met = np.diff(firsts, append=len(run))
    return covered / comparison.predicted.lengths[run[firsts]] / met
