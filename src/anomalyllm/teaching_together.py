"""From many short training series to as many detectors, whose networks were trained on them side by side."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from anomalyllm.config import DetectorConfig
from anomalyllm.data.series import Series
from anomalyllm.errors import ConfigError, saying_which
from anomalyllm.fitted import Fitted
from anomalyllm.model.language_models import LanguageModel
from anomalyllm.model.stacked import sharing_what_sleeps
from anomalyllm.model.teacher import freeze
from anomalyllm.teaching import Started, calibrated, start, teacher_of
from anomalyllm.training.record import TrainingRecord, Watcher
from anomalyllm.training.side_by_side import step_shape
from anomalyllm.training.together import train_together

Floats = NDArray[np.float64]


def taught_together(
    series: Sequence[Series],
    names: Sequence[str],
    config: DetectorConfig,
    seed: int,
    device: str = "cpu",
    *,
    at_once: int,
    watcher: Watcher | None = None,
) -> list[tuple[Fitted, Floats]]:
    """For each series a detector and own scores of its rows, as `fitting.fit` would give them one by one.

    Args:
        series: the training parts; those whose networks have one shape are trained side by side.
        names: of the series, for an error that speaks of one.
        config: of all; its evidence is "networks".
        seed: of all.
        device: of the networks.
        at_once: most series in one stack; memory grows with it.
        watcher: is told each step of each stack.

    Raises:
        ConfigError: a network that cannot be stacked; training diverges.
        DataError, ConfigError, TeacherError: as `teaching.start`; of a series, they say which.
    """
    started = _started(series, names, config, seed, device)
    records: dict[int, TrainingRecord] = {}
    for places in groups(started, at_once):
        stack, told = [started[place] for place in places], [names[place] for place in places]
        records |= dict(zip(places, _trained(stack, told, seed, watcher), strict=True))
    return [
        calibrated(_recorded(started[place].untrained, records[place]), each, started[place].data)
        for place, each in enumerate(series)
    ]


def _started(
    series: Sequence[Series], names: Sequence[str], config: DetectorConfig, seed: int, device: str
) -> list[Started]:
    """Networks before their training, and data; what cannot be stacked is refused at the first series."""
    language_model = _asleep(config, seed)
    started: list[Started] = []
    for name, each in zip(names, series, strict=True):
        with saying_which(name):
            started.append(start(each, config, seed, device, _own(language_model)))
        if not started[-1].untrained.networks.distiller.student.encoder.stackable:
            came, remedy = f'student.body "{config.student.body}"', "fit each series by itself, or choose another body"
            raise ConfigError("a student that can be stacked", came, remedy)
    return started


def _trained(stack: list[Started], names: list[str], seed: int, watcher: Watcher | None) -> list[TrainingRecord]:
    """Trains the networks of one stack, in place."""
    distillers, data = [each.untrained.networks.distiller for each in stack], [each.data for each in stack]
    return train_together(distillers, data, stack[0].untrained.config, seed, names=names, watcher=watcher)


def groups(started: Sequence[Started], at_once: int) -> list[list[int]]:
    """Places of series that can be stacked, at most `at_once` together, in their order."""
    by_shape: dict[tuple[int, int, int], list[int]] = {}
    for place, each in enumerate(started):
        by_shape.setdefault(step_shape(each.data, each.untrained.config), []).append(place)
    return [places[begin : begin + at_once] for places in by_shape.values() for begin in range(0, len(places), at_once)]


def _asleep(config: DetectorConfig, seed: int) -> LanguageModel:
    """The teacher's language model, loaded once for all."""
    language_model = teacher_of(config, seed)
    freeze(language_model.module, train_feed_forward=config.teacher.train_feed_forward)
    return language_model


def _own(language_model: LanguageModel) -> LanguageModel:
    return language_model._replace(module=sharing_what_sleeps(language_model.module))


def _recorded(fitted: Fitted, record: TrainingRecord) -> Fitted:
    return dataclasses.replace(fitted, training=dataclasses.replace(fitted.training, record=record))
