"""From a training series to a fitted detector, of the kind that its configuration asks for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anomalyllm.banking import with_usual
from anomalyllm.config import DetectorConfig
from anomalyllm.data.series import Series
from anomalyllm.finetuning import finetuned
from anomalyllm.fitted import Fitted
from anomalyllm.pairing import retrieving
from anomalyllm.teaching import Run, calibrated, start, trained
from anomalyllm.thresholding import with_threshold
from anomalyllm.trainable import check_trainable

Floats = NDArray[np.float64]


def fit(series: Series, config: DetectorConfig, seed: int, run: Run) -> tuple[Fitted, Floats]:
    """Learns everything that scoring needs from `series`, and from nothing else; also the scores (T,) of its own rows.

    Raises:
        DataError: too short, too many channels, or nothing but missing values.
        ConfigError, TeacherError, ArtefactError, StorageError, TrainingInterrupted: as the steps raise them.
    """
    if config.evidence == "networks":
        started = start(series, config, seed, run.device)
        return calibrated(trained(started.untrained, started.data, run), series, started.data)
    if config.finetune:
        return finetuned(series, config, seed, run)
    check_trainable(series, config)
    fitted, scores = with_usual(retrieving(series, config, seed), series)
    return with_threshold(fitted, series, scores), scores
