"""Baselines that name the strangest places of a whole series, as the detector does: the same judge at several windows.

Scores at one window say how strange each row is at that scale; the curve whose highest peak stands out most says at
which scale to look. In every other way these are the baselines that they are made of. To make another one, derive from
`Located` and a baseline, name that baseline in `alone`, and name the class in `BASELINES`.
"""

from __future__ import annotations

import contextlib
import math
from typing import Any, ClassVar, Self

from anomalyllm.errors import ConfigError, DataError
from anomalyllm.evaluation.baselines.base import Floats, WindowBaseline
from anomalyllm.evaluation.baselines.fitted import KMeans
from anomalyllm.evaluation.baselines.neighbours import NearestNeighbour
from anomalyllm.evaluation.baselines.windowed import SubPCA, SummaryStatistics
from anomalyllm.evaluation.metrics.location import LEAST_MARGIN, most_anomalous
from anomalyllm.locating import Place

LENGTHS = (32, 64, 128, 256, 512)  # windows that are looked through, in samples
FEWEST_WINDOWS = 4  # side by side in the training part; with fewer, a length has nothing to compare with
LEAST_SHARE = 1e-6  # of a peak: what it is compared with counts as no less, so that evidence stays finite


class Located(WindowBaseline):
    """A baseline with its scores at its usual window, which looks for places at several others."""

    alone: ClassVar[type[WindowBaseline]]
    """The baseline itself."""

    def fit(self, X: Any, y: object = None) -> Self:
        """As the baseline fits, and once more for each of `LENGTHS` that fits the training part four times.

        Where none does, the usual window is the one that is looked through.
        """
        super().fit(X, y)
        rows = len(self.decision_scores_)
        self._forms: list[WindowBaseline] = []
        for length in LENGTHS:
            if FEWEST_WINDOWS * length <= rows:
                with contextlib.suppress(DataError):  # no window of this length has enough values to be judged
                    self._forms.append(self.alone(window=length, seed=self.seed).fit(X))
        return self

    def locate(self, X: Any, k: int = 1) -> list[Place]:
        """At most `k` places in the rows of `X`, most convincing first; none where every curve is flat.

        All are peaks of one curve: of the length whose highest peak stands out most.

        Raises:
            NotFittedError: before `fit`.
            ChannelError: other channels than those fitted.
            ConfigError: `k` below 1.
        """
        if k < 1:
            raise ConfigError("k, the number of places, to be at least 1", str(k), "ask for one place or more")
        self._require_fitted()
        found = [
            named_places(form.decision_function(X), float(form.decision_scores_.max()), form.window_, k)
            for form in self._forms or [self]
        ]
        return max((places for places in found if places), key=lambda places: places[0].evidence, default=[])


class LocatedSummaryStatistics(Located, SummaryStatistics):
    """Summary statistics at several windows."""

    alone = SummaryStatistics


class LocatedNearestNeighbour(Located, NearestNeighbour):
    """The nearest of all training windows, at several lengths of them."""

    alone = NearestNeighbour


class LocatedSubPCA(Located, SubPCA):
    """Principal components at several windows."""

    alone = SubPCA


class LocatedKMeans(Located, KMeans):
    """Cluster centres at several windows."""

    alone = KMeans


def named_places(scores: Floats, usual: float, window: int, k: int) -> list[Place]:
    """At most `k` peaks of a curve (T,), highest first, no two less than max(100, `window`) rows apart.

    Evidence is half the logarithm of height to the second peak, and half of height to `usual`, the largest training
    score. A curve with one peak alone stands out from nothing: the first half is then 0.
    """
    rows = highest_rows(scores, max(LEAST_MARGIN, window), max(k, 2))
    second = scores[rows[:2]].min() if rows else 0.0
    before = window // 2
    return [
        Place(
            max(0, row - before),
            min(len(scores), row - before + window),
            row,
            (_stands_out(scores[row], second) + _stands_out(scores[row], usual)) / 2,
            "score",
        )
        for row in rows[:k]
    ]


def highest_rows(scores: Floats, separation: int, count: int) -> list[int]:
    """Rows of at most `count` highest scores (T,), at least 0, each at least `separation` rows from all before it."""
    left, found = scores.copy(), list[int]()
    while len(found) < count and (row := most_anomalous(left)) is not None:
        found.append(row)
        left[max(0, row - separation + 1) : row + separation] = 0.0
    return found


def _stands_out(height: float, other: float) -> float:
    return math.log(height / max(other, LEAST_SHARE * height))
