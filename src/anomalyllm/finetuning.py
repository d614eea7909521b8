"""The bridge between both kinds of detector: networks trained on the series join the judges that retrieve.

They stay where synthetic anomalies rank higher with them than without (`injecting`), and go where they do not.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from anomalyllm.banking import in_units, with_usual
from anomalyllm.config import DetectorConfig
from anomalyllm.data.series import Series
from anomalyllm.fitted import Fitted
from anomalyllm.injecting import FEWEST_EVENTS, Comparison, compared, room_for_events
from anomalyllm.network_judge import NetworkJudge
from anomalyllm.pairing import retrieving
from anomalyllm.teaching import Started, calibrated_judge, how_sampled, start, trained
from anomalyllm.thresholding import with_threshold
from anomalyllm.trainable import Run, check_trainable

Floats = NDArray[np.float64]

NO_ROOM = "finetuning dropped: too few held-out rows that move and are whole to tell whether it helps"


def finetuned(series: Series, config: DetectorConfig, seed: int, run: Run) -> tuple[Fitted, Floats]:
    """A detector that retrieves, with networks where they help; also the scores (T,) of the training rows.

    Raises:
        DataError, ConfigError, TeacherError, ArtefactError, StorageError, TrainingInterrupted: as the steps raise them.
    """
    check_trainable(series, config)
    plain = retrieving(series, config, seed)
    started = start(series, of_networks(plain.config), seed, run.device)
    plain, scores = with_usual(plain, series)
    training = plain.prepare(series.values)
    room = room_for_events(plain, training, first_unseen_row(started))
    if not room.events:
        return with_threshold(plain.noted(NO_ROOM), series, scores), scores
    taught = trained(started.untrained, started.data, run)
    joined = joined_by(plain, taught, calibrated_judge(taught, started.data))
    comparison = compared(plain, joined, training, room)
    fitted = plain
    if comparison.helps:
        fitted, scores = in_units(joined.noted(*how_sampled(started.data)), training)
    return with_threshold(fitted.noted(verdict(comparison)), series, scores), scores


def of_networks(config: DetectorConfig) -> DetectorConfig:
    """The settings of networks that read the longest windows of a detector that retrieves, at the same stride."""
    return dataclasses.replace(config, evidence="networks", finetune=False, pair=None)


def first_unseen_row(started: Started) -> int:
    """The row behind all windows that networks are trained on; the loop only validates on what follows."""
    return int(started.data.starts.max()) + started.untrained.window


def joined_by(plain: Fitted, taught: Fitted, judge: NetworkJudge) -> Fitted:
    """`plain` with one more judge, whose usual is its usual; unit and threshold are yet to be taken anew."""
    settings = taught.config
    return dataclasses.replace(
        plain,
        config=dataclasses.replace(
            plain.config, window=settings.window, teacher=settings.teacher, student=settings.student
        ),
        judges=(*plain.judges, dataclasses.replace(judge, unit=plain.unit)),
        teacher_label=taught.teacher_label,
        teacher_shape=taught.teacher_shape,
        training=dataclasses.replace(plain.training, record=taught.training.record),
    )


def verdict(comparison: Comparison) -> str:
    """What came of it, in words."""
    if len(comparison.without) < FEWEST_EVENTS:
        return f"finetuning dropped: only {len(comparison.without)} synthetic anomalies can be seen"
    ranks = f"rank {comparison.joined.mean():.3f} with it, {comparison.without.mean():.3f} without"
    how_many = f"({len(comparison.joined)} injected)"
    return f"finetuning {'kept' if comparison.helps else 'dropped'}: synthetic anomalies {ranks} {how_many}"
