"""The scorer: an exported detector behind the same words as the detector."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomalyllm.detector import AnomalyLLM
from anomalyllm.locating import Place
from anomalyllm.result import Detection
from anomalyllm.runtime.folder import load_scorer
from anomalyllm.streaming import Stream

Floats = NDArray[np.float64]


class Scorer:
    """Scores with a detector in a folder, without torch. It cannot be fitted.

    Args:
        folder: written by `anomalyllm export`, or by `AnomalyLLM.save` where no network judges.

    Attributes:
        threshold_: from which score on a point is flagged.
        channels_: names of the fitted channels.
        n_features_in_: C.
        window_, stride_, period_: in samples.

    Raises:
        ArtefactError: the folder is absent, foreign or damaged.
        ConfigError: it has graphs, and onnxruntime is not installed.
    """

    def __init__(self, folder: str | Path) -> None:
        fitted = load_scorer(Path(folder))
        self.detector = AnomalyLLM(config=fitted.config, preset=fitted.config.preset, seed=fitted.seed)
        self.detector._take(fitted)
        self.threshold_: float = fitted.threshold
        self.channels_: tuple[str, ...] = fitted.channels
        self.n_features_in_: int = len(fitted.channels)
        self.window_: int = fitted.window
        self.stride_: int = fitted.stride
        self.period_: int | None = fitted.period

    def decision_function(self, X: Any) -> Floats:
        """Anomaly scores of the rows of `X`, (T,): those of `AnomalyLLM.decision_function`.

        Raises:
            ChannelError: other channels than those fitted.
        """
        return self.detector.decision_function(X)

    def predict(self, X: Any) -> NDArray[np.int8]:
        """Flags of the rows of `X`, (T,): 1 where the score reaches `threshold_`."""
        return self.detector.predict(X)

    def detect(self, X: Any, *, explain: bool = True) -> Detection:
        """Scores, flags, events and their channels, as `AnomalyLLM.detect`."""
        return self.detector.detect(X, explain=explain)

    def locate(self, X: Any, k: int = 1) -> tuple[Place, ...]:
        """The `k` strangest places of a whole series, as `AnomalyLLM.locate`."""
        return self.detector.locate(X, k)

    def stream(self) -> Stream:
        """A stream that scores points as they arrive."""
        return Stream(self.detector)
