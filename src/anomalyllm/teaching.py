"""From a training series to a detector whose networks, a teacher and a student, were trained on it."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from anomalyllm.banking import FEW_MISSING, no_whole_window
from anomalyllm.config import DetectorConfig
from anomalyllm.data.series import Series
from anomalyllm.errors import ConfigError
from anomalyllm.fitted import Fitted, TrainingFacts
from anomalyllm.model.distiller import Distiller, build
from anomalyllm.model.inference import gather_evidence
from anomalyllm.model.language_models import LanguageModel, load_language_model
from anomalyllm.model.precision import precision_of
from anomalyllm.model.prototypes import kmeans_prototypes, random_prototypes, window_positions
from anomalyllm.model.threads import one_thread
from anomalyllm.network_judge import NetworkJudge
from anomalyllm.scoring.calibrate import Calibration
from anomalyllm.scoring.novelty import Novelty
from anomalyllm.seeding import generator, torch_seed
from anomalyllm.thresholding import with_threshold
from anomalyllm.trainable import Run, check_trainable, facts_of
from anomalyllm.training.data import TrainingData, mostly_there, split_starts, stratified, thinned
from anomalyllm.training.loop import train
from anomalyllm.windows.choice import patch_count, resolved
from anomalyllm.windows.scaling import Scaler, carry_forward
from anomalyllm.windows.slicing import slide

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
NO_BANK: Indices = np.zeros(0, dtype=np.int64)
MOST_BANK_VALUES = 16_000_000  # float32 numbers in the bank: 64 MB, also in the artefact
FEWEST_PROTOTYPES = 16
MOST_CALIBRATED = 1_024  # windows: a quantile of more is no other
LONG_TAIL = 4  # windows side by side in a held-out tail that can speak for itself
WIDE = 512  # of a teacher: in a narrower one products are too small to be shared by threads
MOST_CLUSTERED = 20_000  # windows given to k-means: more cost minutes and move no centre


@dataclass(frozen=True)
class Started:
    """A fit before its training: everything is in place, the networks' own weights are drawn and nothing is learned."""

    untrained: Fitted
    data: TrainingData


def start(
    series: Series,
    config: DetectorConfig,
    seed: int,
    device: str = "cpu",
    language_model: LanguageModel | None = None,
) -> Started:
    """Scales, finds period and window, cuts the bank and builds the networks.

    Args:
        series: the training part.
        config: `teacher` says which language model is loaded where none is given.
        seed: of all that is drawn.
        device: of the networks.
        language_model: put to sleep, in place.

    Raises:
        DataError, ConfigError, TeacherError: as `fit`.
    """
    check_trainable(series, config)
    scaler = Scaler.fit(series.values)
    filled = carry_forward(scaler.apply(series.values)).astype(np.float32)
    config, period = resolved(config, filled)
    config = with_bank_size(config, *filled.shape)
    data = training_data(filled, ~np.isfinite(series.values), config, seed)
    return begun(Known(series.channels, scaler, period, facts_of(series)), data, config, seed, device, language_model)


class Known(NamedTuple):
    """What is known of a training part before anything is learned from its windows."""

    channels: tuple[str, ...]
    scaler: Scaler
    period: int | None
    facts: TrainingFacts


def begun(
    known: Known,
    data: TrainingData,
    config: DetectorConfig,
    seed: int,
    device: str = "cpu",
    language_model: LanguageModel | None = None,
) -> Started:
    """The networks of a training part whose windows have been chosen; `config` is resolved, the rest as of `start`.

    Raises:
        ConfigError, TeacherError: as `fit`.
    """
    language_model = language_model or teacher_of(config, seed)
    config = _with_precision(config, language_model.module, device)
    untrained = Fitted(
        config=config,
        channels=known.channels,
        period=known.period,
        seed=seed,
        scaler=known.scaler,
        judges=(network_judge(_networks(language_model.module, data, config, seed).to(device), data.bank, config),),
        scales=(),
        novelty=Novelty.none(len(known.channels)),
        unit=1.0,
        threshold=1.0,
        teacher_label=language_model.label,
        teacher_shape=language_model.config,
        training=known.facts,
    )
    return Started(untrained.noted(*how_sampled(data)), data)


def teacher_of(config: DetectorConfig, seed: int) -> LanguageModel:
    """The language model that a configuration names.

    Raises:
        ConfigError, TeacherError: it cannot be had.
    """
    teacher = config.teacher
    return load_language_model(teacher.name, teacher.blocks, torch_seed(seed, "teacher"), teacher.width)


def _with_precision(config: DetectorConfig, language_model: nn.Module, device: str) -> DetectorConfig:
    """With the teacher's numbers settled: a detector keeps those it was fitted with, wherever it scores."""
    width = int(language_model.config.hidden_size)  # type: ignore[union-attr, arg-type]
    precision = precision_of(config.teacher.precision, width, device)
    return dataclasses.replace(config, teacher=dataclasses.replace(config.teacher, precision=precision))


def how_sampled(data: TrainingData) -> tuple[str, ...]:
    """That not all windows are trained on, where that is so."""
    if len(data.starts) == data.sampled_from:
        return ()
    return (
        f"networks are trained on {len(data.starts):,} of {data.sampled_from:,} windows, "
        "one drawn from each of as many equal parts",
    )


def network_judge(distiller: Distiller, bank: Indices, config: DetectorConfig) -> NetworkJudge:
    """The judge that networks are, before its calibration; `config` is resolved."""
    assert config.window.length is not None
    assert config.window.stride is not None
    return NetworkJudge(
        window=config.window.length,
        stride=config.window.stride,
        joint=config.channel_mode == "joint",
        scoring=config.scoring,
        distiller=distiller,
        bank=bank,
        calibration=Calibration.none(1),
        mismatch_calibration=Calibration.none(1),
    )


def _networks(language_model: nn.Module, data: TrainingData, config: DetectorConfig, seed: int) -> Distiller:
    """Both networks with weights drawn from `seed` and the bank in its place."""
    _, channels, window = data.windows.shape
    tokens, most = patch_count(config, window), getattr(language_model.config, "max_position_embeddings", None)
    if isinstance(most, int) and tokens > most:
        raise ConfigError(
            f"at most {most} patches, as the teacher has positions", str(tokens), "set a larger teacher.patch_stride"
        )
    drawn = torch_seed(seed, "networks")
    distiller = build(config, language_model, channels=channels, window=window, seed=drawn)
    place_prototypes(distiller, data, config, seed)
    return distiller


def trained(fitted: Fitted, data: TrainingData, run: Run) -> Fitted:
    """After training, which changes the networks in place."""
    identity = fingerprint(fitted, data)
    with _suitable_threads(fitted):
        record = train(
            fitted.networks.distiller,
            data,
            fitted.config,
            fitted.seed,
            checkpoint=run.checkpoint,
            resume=identity if run.resume else None,
            fingerprint=identity,
            watcher=run.watcher,
        )
    return dataclasses.replace(fitted, training=dataclasses.replace(fitted.training, record=record))


def _suitable_threads(fitted: Fitted) -> contextlib.AbstractContextManager[None]:
    """One, where products are so small that a second wins little, and loses all where others use the machine."""
    return one_thread() if fitted.networks.distiller.teacher.width < WIDE else contextlib.nullcontext()


def training_data(
    filled: NDArray[np.float32], missing: NDArray[np.bool_], config: DetectorConfig, seed: int
) -> TrainingData:
    """The windows of a training part (T, C), its held-out tail and where its prototypes are cut.

    Windows with gaps are left out: what stands in for a missing value is not how the series looks when it is normal.

    Raises:
        DataError: no window is whole enough.
    """
    assert config.window.length is not None
    assert config.window.training_stride is not None
    window, stride = config.window.length, config.window.training_stride
    fit_starts, held_out = split_starts(len(filled), window, config.training.held_out, stride)
    there = mostly_there(missing, window, FEW_MISSING)
    if not (there[fit_starts].any() or there[held_out].any()):
        there = mostly_there(missing, window, config.scoring.max_missing)
    fit_starts, held_out = fit_starts[there[fit_starts]], held_out[there[held_out]]
    if not len(fit_starts) and not len(held_out):
        raise no_whole_window(window, config)
    fit_starts, held_out = (
        part if len(part) else other for part, other in ((fit_starts, held_out), (held_out, fit_starts))
    )
    bank = NO_BANK
    if config.student.prototype_source == "windows":
        possible = np.flatnonzero(there)
        chosen = window_positions(len(possible), config.student.prototypes, generator(seed, "bank"))
        bank = np.resize(possible[chosen], config.student.prototypes)  # few whole windows come round again
    sample = fit_starts[stratified(len(fit_starts), config.window.training_windows, generator(seed, "strata"))]
    return TrainingData(slide(filled, window), sample, held_out, bank, sampled_from=len(fit_starts))


def place_prototypes(distiller: Distiller, data: TrainingData, config: DetectorConfig, seed: int) -> None:
    """Fills the student's bank: real windows, k-means centres of the fit part, or chance."""
    student, count = distiller.student, config.student.prototypes
    chance = generator(seed, "prototypes")
    if config.student.prototype_source == "windows":
        prototypes = data.windows[data.bank].transpose(1, 0, 2)
    elif config.student.prototype_source == "kmeans":
        places = data.starts[:: max(1, len(data.starts) // MOST_CLUSTERED)]
        prototypes = kmeans_prototypes(data.windows[places], count, chance)
    else:
        prototypes = random_prototypes(data.windows.shape[1], count, data.windows.shape[2], chance)
    with torch.no_grad():
        student.prototypes.copy_(torch.from_numpy(np.array(prototypes, dtype=np.float32)))


def fingerprint(fitted: Fitted, data: TrainingData) -> str:
    """What a training run is, as a hash: configuration, seed, training data and which of its windows are seen."""
    seen = hashlib.sha256(data.starts.tobytes()).hexdigest()
    what = {"config": fitted.config.to_mapping(), "seed": fitted.seed, "data": fitted.training.sha256, "windows": seen}
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def with_bank_size(config: DetectorConfig, rows: int, channels: int) -> DetectorConfig:
    """A bank of real windows cannot hold more than the series has, nor more than memory should."""
    assert config.window.length is not None
    if config.student.prototype_source != "windows":
        return config
    most = max(FEWEST_PROTOTYPES, MOST_BANK_VALUES // (channels * config.window.length))
    count = min(config.student.prototypes, rows - config.window.length + 1, most)
    return dataclasses.replace(config, student=dataclasses.replace(config.student, prototypes=count))


def calibrated(fitted: Fitted, series: Series, data: TrainingData) -> tuple[Fitted, Floats]:
    """With the calibration of the held-out tail and the threshold; also own scores (T,) of the training rows."""
    fitted = dataclasses.replace(fitted, judges=(calibrated_judge(fitted, data),))
    scores = fitted.point_scores(fitted.prepare(series.values), own=True)
    return with_threshold(fitted, series, scores), scores


def calibrated_judge(fitted: Fitted, data: TrainingData) -> NetworkJudge:
    """The networks of `fitted` with the calibration of the held-out tail (of everything where that is short)."""
    judge, stride = fitted.networks, fitted.config.window.training_stride or 1
    is_long = data.tail * stride >= LONG_TAIL * fitted.window
    starts = data.held_out if is_long else np.unique(np.concatenate([data.starts, data.held_out]))
    evidence = gather_evidence(judge.distiller, data.windows, thinned(starts, MOST_CALIBRATED), judge.bank)
    quantile = fitted.config.scoring.usual_quantile
    return dataclasses.replace(
        judge,
        calibration=Calibration.fit(evidence.discrepancy, quantile),
        mismatch_calibration=Calibration.fit(evidence.mismatch, quantile),
    )
