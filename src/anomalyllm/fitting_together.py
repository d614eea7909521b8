"""Many detectors at once: `fit_together` gives one for each series, trained side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from anomalyllm.choosing import fitted_on
from anomalyllm.config import DetectorConfig
from anomalyllm.data.inputs import training_part
from anomalyllm.data.series import Series
from anomalyllm.detector import AnomalyLLM, device_of
from anomalyllm.errors import ConfigError, saying_which
from anomalyllm.extras import require_networks
from anomalyllm.seeding import checked_seed
from anomalyllm.trainable import Run
from anomalyllm.training.record import Watcher

AT_ONCE = 64  # series in one stack: a card is busy, and memory is not full


def fit_together(
    series: Sequence[Any], detector: AnomalyLLM, *, at_once: int = AT_ONCE, watcher: Watcher | None = None
) -> list[AnomalyLLM]:
    """A fitted detector for each of many short series, whose networks are trained side by side.

    Each is what `fit` of the same parameters would give: its own scaler, bank, order, synthetic anomalies, early stop,
    calibration and threshold. Sums are rounded otherwise, which training magnifies where it rests on a rounding (and on
    a card dropout draws otherwise). Series with windows of one length, as many channels and as many windows in a step
    are trained in one stack: give `window` where periods differ; one of more than `retrieval.own_rows` rows is trained
    by itself. It is meant for a card, which one short series cannot fill. There is no checkpoint.

    Args:
        series: what `AnomalyLLM.fit` takes, one for each detector, in memory at once.
        detector: whose parameters are used, with a preset that trains networks ("trained", "paper"); it is not changed.
        at_once: most series in one stack; memory grows with it.
        watcher: is told each step of each stack, with means over its series.

    Returns:
        Fitted detectors, in the order of `series`.

    Raises:
        ConfigError: no series, a preset that trains no networks, `at_once` below 1.
        DataError, ConfigError, TeacherError: as `fit`; of a series, it says which.
    """
    _check(series, at_once)
    config, seed, device = detector.resolved_config(), checked_seed(detector.seed), device_of(detector.device)
    _check_evidence(config)
    from anomalyllm.teaching_together import taught_together

    names = [f"series {place} of {len(series)}" for place in range(1, len(series) + 1)]
    parts = _training_parts(series, names)
    short = [place for place, part in enumerate(parts) if len(part) <= config.retrieval.own_rows]
    stacked, called = [parts[place] for place in short], [names[place] for place in short]
    taught = taught_together(stacked, called, config, seed, device, at_once=at_once, watcher=watcher)
    found = {place: (*each, np.arange(len(parts[place]))) for place, each in zip(short, taught, strict=True)}
    for place in sorted({*range(len(parts))} - {*short}):
        with saying_which(names[place]):
            found[place] = fitted_on(parts[place], config, seed, Run(device, watcher=watcher))
    return [AnomalyLLM(**detector.get_params())._learned(*found[place]) for place in range(len(parts))]


def _check(series: object, at_once: object) -> None:
    if isinstance(series, np.ndarray | str) or not isinstance(series, Sequence) or len(series) == 0:
        came = "none" if isinstance(series, Sequence) and len(series) == 0 else type(series).__name__
        raise ConfigError("a list of at least one series", came, "pass [first, second, …]")
    if isinstance(at_once, bool) or not isinstance(at_once, int) or at_once < 1:
        raise ConfigError("at_once to be at least 1", repr(at_once), "leave it out, or pass a smaller stack such as 16")


def _check_evidence(config: DetectorConfig) -> None:
    if config.evidence != "networks":
        came, remedy = f"the preset {config.preset}", "choose the preset trained or paper, or fit each series by itself"
        raise ConfigError("a detector that is nothing but networks trained on the series", came, remedy)
    require_networks(f"the preset {config.preset}")


def _training_parts(series: Sequence[Any], names: Sequence[str]) -> list[Series]:
    parts = []
    for name, each in zip(names, series, strict=True):
        with saying_which(name):
            parts.append(training_part(each))
    return parts
