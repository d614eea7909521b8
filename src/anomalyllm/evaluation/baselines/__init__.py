"""What the method must beat: simple scorers behind the same contract as the detector, for every table of results.

`base` holds what they share (scaling, window, missing values, combination of channels, threshold), `pointwise` those
that judge points, `windowed` those that judge windows by arithmetic, `neighbours` those that compare with training
windows, `fitted` those that fit a model of scikit-learn, `located` those that look at several windows for the place
that they name. All take their scores at the window that `default` finds, so that they differ in how they judge and in
nothing else. To add one, write a class with `_learn` and `_judge` (or `_points`) and
name it in `BASELINES`; the contract suite then runs on it.
"""

from __future__ import annotations

from anomalyllm.evaluation.baselines.base import Baseline, PointBaseline, WindowBaseline
from anomalyllm.evaluation.baselines.fitted import IsolationForest, KMeans
from anomalyllm.evaluation.baselines.located import (
    LocatedKMeans,
    LocatedNearestNeighbour,
    LocatedSubPCA,
    LocatedSummaryStatistics,
)
from anomalyllm.evaluation.baselines.neighbours import MatrixProfile, NearestNeighbour
from anomalyllm.evaluation.baselines.pointwise import Constant, MovingZScore, Random, SecondDifference
from anomalyllm.evaluation.baselines.windowed import SubPCA, SummaryStatistics

__all__ = ["BASELINES", "Baseline", "PointBaseline", "WindowBaseline"]

BASELINES: dict[str, type[Baseline]] = {
    "random": Random,
    "constant": Constant,
    "moving-z-score": MovingZScore,
    "second-difference": SecondDifference,
    "summary-statistics": SummaryStatistics,
    "nearest-neighbour": NearestNeighbour,
    "matrix-profile": MatrixProfile,
    "sub-pca": SubPCA,
    "k-means": KMeans,
    "isolation-forest": IsolationForest,
    "summary-statistics-located": LocatedSummaryStatistics,
    "nearest-neighbour-located": LocatedNearestNeighbour,
    "sub-pca-located": LocatedSubPCA,
    "k-means-located": LocatedKMeans,
}
"""Every baseline by the name that tables and the command line use."""
