"""From a training series to a fitted detector: scale, window, bank, training, calibration, threshold."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from anomalyllm.banking import banked, trusted, with_usual
from anomalyllm.config import DetectorConfig
from anomalyllm.data.series import Series, value_notes
from anomalyllm.errors import ChannelError, ConfigError, DataError
from anomalyllm.fitted import Fitted, TrainingFacts
from anomalyllm.judges import NetworkJudge
from anomalyllm.model.distiller import Distiller, build
from anomalyllm.model.language_models import load_language_model
from anomalyllm.model.prototypes import kmeans_prototypes, random_prototypes, window_positions
from anomalyllm.scoring.calibrate import UNJUDGED, Calibration
from anomalyllm.scoring.novelty import Novelty
from anomalyllm.scoring.threshold import AlarmRate, fit_threshold
from anomalyllm.seeding import generator, torch_seed
from anomalyllm.training.data import TrainingData, mostly_there, split_starts, thinned
from anomalyllm.training.loop import train
from anomalyllm.training.record import TrainingRecord, Watcher
from anomalyllm.windows.choice import patch_count, resolved
from anomalyllm.windows.scaling import Scaler, carry_forward
from anomalyllm.windows.slicing import slide

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
NO_BANK: Indices = np.zeros(0, dtype=np.int64)
MOST_BANK_VALUES = 16_000_000  # float32 numbers in the bank: 64 MB, also in the artefact
FEWEST_PROTOTYPES = 16
FEW_MISSING = 0.1  # of a window that is learned from
SUSPICIOUS = 2.0  # times the threshold
MOST_CALIBRATED = 1_024  # windows: a quantile of more is no other
LONG_TAIL = 4  # windows side by side in a held-out tail that can speak for itself
MOST_CLUSTERED = 20_000  # windows given to k-means: more cost minutes and move no centre


@dataclass(frozen=True)
class Run:
    """How a fit is run, apart from what it computes."""

    device: str = "cpu"
    checkpoint: Path | None = None
    resume: bool = False
    watcher: Watcher | None = None


@dataclass(frozen=True)
class Started:
    """A fit before its training: everything is in place, the networks' own weights are drawn and nothing is learned."""

    untrained: Fitted
    data: TrainingData


def fit(series: Series, config: DetectorConfig, seed: int, run: Run) -> tuple[Fitted, Floats]:
    """Learns everything that scoring needs from `series`, and from nothing else; also the scores (T,) of its own rows.

    Raises:
        DataError: too short, too many channels, or nothing but missing values.
        ConfigError, TeacherError, ArtefactError, StorageError, TrainingInterrupted: as the steps raise them.
    """
    if config.evidence == "retrieval":
        check_trainable(series, config)
        fitted, scores = with_usual(banked(series, config, seed, _facts(series)), series)
        return with_threshold(fitted, series, scores), scores
    started = start(series, config, seed, run.device)
    return calibrated(_trained(started.untrained, started.data, run), series, started.data)


def start(series: Series, config: DetectorConfig, seed: int, device: str = "cpu") -> Started:
    """Scales, finds period and window, cuts the bank and builds the networks.

    Raises:
        DataError, ConfigError, TeacherError: as `fit`.
    """
    check_trainable(series, config)
    scaler = Scaler.fit(series.values)
    filled = carry_forward(scaler.apply(series.values)).astype(np.float32)
    config, period = resolved(config, filled)
    config = _with_bank_size(config, *filled.shape)
    language_model = load_language_model(config.teacher.name, config.teacher.blocks, torch_seed(seed, "teacher"))
    data = training_data(filled, ~np.isfinite(series.values), config, seed)
    untrained = Fitted(
        config=config,
        channels=series.channels,
        period=period,
        seed=seed,
        scaler=scaler,
        judges=(network_judge(_networks(language_model.module, data, config, seed).to(device), data.bank, config),),
        scales=(),
        novelty=Novelty.none(len(series.channels)),
        unit=1.0,
        threshold=1.0,
        teacher_label=language_model.label,
        teacher_shape=language_model.config,
        training=_facts(series),
    )
    return Started(untrained, data)


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


def _facts(series: Series) -> TrainingFacts:
    sha256 = fingerprint_values(series)
    return TrainingFacts(series.source, len(series), sha256, series.spacing, TrainingRecord(), value_notes(series))


def _trained(fitted: Fitted, data: TrainingData, run: Run) -> Fitted:
    """After training, which changes the networks in place."""
    identity = fingerprint(fitted)
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


def check_trainable(series: Series, config: DetectorConfig) -> None:
    """Refuses, before the work, a series from which nothing can be learned, or a rate of alarms it cannot have."""
    AlarmRate.parse(config.scoring.alarms_per).per_point(series.spacing)
    count, max_channels = len(series.channels), config.max_channels
    if count > max_channels:
        remedy = "choose some (--columns a,b,c) or raise max_channels; time and memory grow with them"
        raise ChannelError(f"at most {max_channels} channels", str(count), remedy)
    if not np.isfinite(series.values).any():
        raise DataError("numbers to train on", f"only missing values in {series.source}", "give another training part")


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
        most = f"{config.scoring.max_missing:.0%}"
        raise DataError(
            f"windows of {window} rows with at most {most} missing to train on", "none", "give a part with fewer gaps"
        )
    bank = NO_BANK
    if config.student.prototype_source == "windows":
        possible = np.flatnonzero(there)
        chosen = window_positions(len(possible), config.student.prototypes, generator(seed, "bank"))
        bank = np.resize(possible[chosen], config.student.prototypes)  # few whole windows come round again
    fit_starts, held_out = (
        part if len(part) else other for part, other in ((fit_starts, held_out), (held_out, fit_starts))
    )
    return TrainingData(slide(filled, window), fit_starts, held_out, bank)


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


def fingerprint(fitted: Fitted) -> str:
    """What a training run is, as a hash: configuration, seed and training data."""
    what = {"config": fitted.config.to_mapping(), "seed": fitted.seed, "data": fitted.training.sha256}
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def fingerprint_values(series: Series) -> str:
    """SHA-256 of the channels' names and values."""
    digest = hashlib.sha256("\0".join(series.channels).encode())
    digest.update(np.ascontiguousarray(series.values).tobytes())
    return digest.hexdigest()


def _with_bank_size(config: DetectorConfig, rows: int, channels: int) -> DetectorConfig:
    """A bank of real windows cannot hold more than the series has, nor more than memory should."""
    assert config.window.length is not None
    if config.student.prototype_source != "windows":
        return config
    most = max(FEWEST_PROTOTYPES, MOST_BANK_VALUES // (channels * config.window.length))
    count = min(config.student.prototypes, rows - config.window.length + 1, most)
    return dataclasses.replace(config, student=dataclasses.replace(config.student, prototypes=count))


def calibrated(fitted: Fitted, series: Series, data: TrainingData) -> tuple[Fitted, Floats]:
    """With the calibration of the held-out tail (of everything where that is short) and the threshold.

    Also the scores of the training rows, (T,).
    """
    prepared = fitted.prepare(series.values)
    stride = fitted.config.window.training_stride or 1
    is_long = len(data.held_out) * stride >= LONG_TAIL * fitted.window
    starts = data.held_out if is_long else np.unique(np.concatenate([data.starts, data.held_out]))
    evidence = fitted.networks.evidence(prepared, thinned(starts, MOST_CALIBRATED), own=True)
    quantile = fitted.config.scoring.usual_quantile
    judge = dataclasses.replace(
        fitted.networks,
        calibration=Calibration.fit(evidence.discrepancy, quantile),
        mismatch_calibration=Calibration.fit(evidence.mismatch, quantile),
    )
    fitted = dataclasses.replace(fitted, judges=(judge,))
    scores = fitted.point_scores(prepared, own=True)
    return with_threshold(fitted, series, scores), scores


def with_threshold(fitted: Fitted, series: Series, scores: Floats) -> Fitted:
    """With the threshold that the training part's own scores (T,) give, and a note if they are strange themselves."""
    threshold = _threshold(fitted, trusted(series, scores, fitted.window))
    notes = (*fitted.training.notes, *_suspicious(scores, threshold, series.first_row))
    return dataclasses.replace(fitted, threshold=threshold, training=dataclasses.replace(fitted.training, notes=notes))


def _threshold(fitted: Fitted, scores: Floats) -> float:
    """From all training scores: the held-out tail alone has seen too little of what is normal (docs/lab-notes.md)."""
    settings = fitted.config.scoring
    judged = scores[scores > UNJUDGED]
    if len(judged) == 0:  # nothing moves: what has never been seen is an alarm
        return fitted.novelty.weight / 2 / fitted.unit
    return fit_threshold(
        judged,
        AlarmRate.parse(settings.alarms_per),
        spacing=fitted.training.spacing,
        tail_fraction=settings.tail_fraction,
        separation=fitted.window,
    )


def _suspicious(scores: Floats, threshold: float, first_row: int) -> list[str]:
    """A training part that raises a strong alarm itself may not be normal: say where."""
    row = int(scores.argmax())
    if scores[row] < SUSPICIOUS * threshold:
        return []
    return [
        f"the training part itself looks anomalous around row {first_row + row}, where the score is "
        f"{scores[row] / threshold:.1f} times the threshold: if that is not normal, leave it out"
    ]
