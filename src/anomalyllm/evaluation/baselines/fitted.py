"""Baselines that fit a model of scikit-learn to training windows: k-means and the isolation forest."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from anomalyllm.evaluation.baselines.base import Floats, Indices, WindowBaseline
from anomalyllm.evaluation.baselines.shape import normalised
from anomalyllm.extras import required
from anomalyllm.seeding import torch_seed
from anomalyllm.windows.slicing import slide

CLUSTERS = 100
TREES = 100
MOST_WINDOWS = 20_000  # that are fitted on, evenly spread
BLOCK = 4_096  # windows judged at once


class ModelBaseline(WindowBaseline):
    """One model for each channel."""

    drawn: ClassVar[bool] = True
    needs: ClassVar[str] = "sklearn"

    @abstractmethod
    def _model(self, rows: NDArray[np.float32], seed: int) -> Any:
        """A model fitted to rows (W, L)."""

    @abstractmethod
    def _distance(self, model: Any, rows: NDArray[np.float32]) -> Floats:
        """Scores (W,) of rows (W, L)."""

    def _features(self, windows: NDArray[np.floating]) -> NDArray[np.float32]:
        """What the model sees of windows (W, L)."""
        return np.ascontiguousarray(windows, dtype=np.float32)

    def _learn(self, filled: Floats) -> None:
        every = slide(filled, self.window_)
        thinned = every[:: -(-len(every) // MOST_WINDOWS)]
        seed = torch_seed(self.seed, "baseline") % (1 << 31)
        self._models = [self._model(self._features(thinned[:, channel]), seed) for channel in range(every.shape[1])]

    def _judge(self, windows: NDArray[np.floating], starts: Indices, *, own: bool) -> Floats:  # noqa: ARG002
        scores = np.empty((len(starts), windows.shape[1]))
        for begin in range(0, len(starts), BLOCK):
            part = slice(begin, begin + BLOCK)
            for channel, model in enumerate(self._models):
                scores[part, channel] = self._distance(model, self._features(windows[starts[part], channel]))
        return scores


class KMeans(ModelBaseline):
    """Distance of a window's shape to the nearest of 100 cluster centres of training windows (needs scikit-learn)."""

    def _model(self, rows: NDArray[np.float32], seed: int) -> Any:
        cluster = required("sklearn.cluster", "the method k-means")
        count = min(CLUSTERS, len(rows))
        return cluster.MiniBatchKMeans(n_clusters=count, random_state=seed, n_init=3, batch_size=2048).fit(rows)

    def _features(self, windows: NDArray[np.floating]) -> NDArray[np.float32]:
        return normalised(windows)

    def _distance(self, model: Any, rows: NDArray[np.float32]) -> Floats:
        nearest: Floats = model.transform(rows).min(axis=1) / np.sqrt(rows.shape[1])
        return nearest


class IsolationForest(ModelBaseline):
    """How few random cuts set a window apart from the training windows (needs scikit-learn)."""

    def _model(self, rows: NDArray[np.float32], seed: int) -> Any:
        ensemble = required("sklearn.ensemble", "the method isolation-forest")
        return ensemble.IsolationForest(n_estimators=TREES, random_state=seed).fit(rows)

    def _distance(self, model: Any, rows: NDArray[np.float32]) -> Floats:
        scores: Floats = -model.score_samples(rows)
        return scores
