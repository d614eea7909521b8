"""From a training series to a fitted detector, of the kind that its configuration asks for.

Torch is loaded for networks alone: what retrieves does without.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anomalyllm.banking import banked, with_usual
from anomalyllm.config import DetectorConfig
from anomalyllm.data.series import Series
from anomalyllm.extras import require_networks
from anomalyllm.fitted import Fitted
from anomalyllm.thresholding import with_threshold
from anomalyllm.trainable import Run, check_trainable, facts_of, refuse_resume

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


def fit(series: Series, config: DetectorConfig, seed: int, run: Run) -> tuple[Fitted, Floats, Indices]:
    """Learns everything that scoring needs from `series`, and from nothing else.

    Returns:
        What it learned, own scores of the training rows (T,), and those rows (T,).

    Raises:
        DataError: too short, too many channels, or nothing but missing values.
        ConfigError, TeacherError, ArtefactError, StorageError, TrainingInterrupted: as the steps raise them.
    """
    if config.evidence == "networks":
        return _taught(series, config, seed, run)
    if config.finetune:
        require_networks("finetuning")
        from anomalyllm.finetuning import finetuned

        return _of_all(*finetuned(series, config, seed, run))
    refuse_resume(run.resume)
    check_trainable(series, config)
    fitted, scores = with_usual(_retrieving(series, config, seed), series)
    return _of_all(with_threshold(fitted, series, scores), scores)


def _of_all(fitted: Fitted, scores: Floats) -> tuple[Fitted, Floats, Indices]:
    """With the rows that scores are of: all."""
    return fitted, scores, np.arange(len(scores))


def _taught(series: Series, config: DetectorConfig, seed: int, run: Run) -> tuple[Fitted, Floats, Indices]:
    """Networks trained on the series, and nothing else."""
    require_networks(f"the preset {config.preset}")
    from anomalyllm.teaching import calibrated, start, trained

    started = start(series, config, seed, run.device)
    return _of_all(*calibrated(trained(started.untrained, started.data, run), series, started.data))


def _retrieving(series: Series, config: DetectorConfig, seed: int) -> Fitted:
    """Distances to normal windows, and the pretrained pair where one is asked for; torch is loaded for the latter."""
    if config.pair is None:
        return banked(series, config, seed, facts_of(series))
    require_networks("the pretrained pair")
    from anomalyllm.pairing import retrieving

    return retrieving(series, config, seed)
