"""What every fit begins with: how it is run, whether there is something to learn from, and where it comes from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from anomalyllm.config import DetectorConfig
from anomalyllm.data.series import Series, value_notes
from anomalyllm.errors import ChannelError, ConfigError, DataError
from anomalyllm.fitted import TrainingFacts
from anomalyllm.scoring.threshold import AlarmRate
from anomalyllm.training.record import TrainingRecord, Watcher


@dataclass(frozen=True)
class Run:
    """How a fit is run, apart from what it computes."""

    device: str = "cpu"
    checkpoint: Path | None = None
    resume: bool = False
    watcher: Watcher | None = None


def check_trainable(series: Series, config: DetectorConfig) -> None:
    """Refuses, before the work, a series from which nothing can be learned, or a rate of alarms it cannot have."""
    there = bool(np.isfinite(series.values).any())
    check_facts(len(series.channels), series.spacing, series.source, config, there=there)


def check_facts(count: int, spacing: float | None, source: str, config: DetectorConfig, *, there: bool) -> None:
    """The same of a series that is known by its number of channels, its spacing, and whether any value is there."""
    AlarmRate.parse(config.scoring.alarms_per).per_point(spacing)
    max_channels = config.max_channels
    if count > max_channels:
        remedy = "choose some (--columns a,b,c) or raise max_channels; time and memory grow with them"
        raise ChannelError(f"at most {max_channels} channels", str(count), remedy)
    if not there:
        raise DataError("numbers to train on", f"only missing values in {source}", "give another training part")


def refuse_resume(resume: bool) -> None:
    """Going on, asked of a detector that trains nothing, must not be taken in silence."""
    if resume:
        came, remedy = "a detector that trains none", "leave resume out: fitting again gives the same detector"
        raise ConfigError("networks whose training can go on", came, remedy)


def facts_of(series: Series) -> TrainingFacts:
    """What a detector remembers of its training part, before any training."""
    sha256 = fingerprint_values(series)
    return TrainingFacts(series.source, len(series), sha256, series.spacing, TrainingRecord(), value_notes(series))


def fingerprint_values(series: Series) -> str:
    """SHA-256 of the channels' names and values."""
    digest = hashlib.sha256("\0".join(series.channels).encode())
    digest.update(np.ascontiguousarray(series.values).tobytes())
    return digest.hexdigest()
