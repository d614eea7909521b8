"""From a training series to a detector that retrieves: scale, cut banks, and see what is usual. Nothing is trained."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from anomalyllm.config import DetectorConfig
from anomalyllm.data.series import Series
from anomalyllm.errors import DataError
from anomalyllm.fitted import Fitted, TrainingFacts
from anomalyllm.judges import Prepared, RetrievalJudge
from anomalyllm.locating import usual_peaks
from anomalyllm.model.bank import SUBSPACE, Bank, Scale
from anomalyllm.scoring.calibrate import UNJUDGED
from anomalyllm.scoring.novelty import Novelty
from anomalyllm.training.data import clear_of_gaps, mostly_there
from anomalyllm.windows.choice import resolved_lengths
from anomalyllm.windows.scaling import Scaler, carry_forward
from anomalyllm.windows.slicing import nearest_stride
from anomalyllm.windows.views import points_of, segments_of

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Indices = NDArray[np.int64]

MOST_BANK_VALUES = 16_000_000  # float32 numbers in all banks of a detector: 64 MB, also in the artefact
FEWEST_BANK_WINDOWS = 64
FEW_MISSING = 0.1  # of a window that is taken for normal
LEAST_UNIT = 1e-3  # of the series' own deviations: where everything repeats exactly, rounding is no event
NO_TEACHER = "none"
PAIR_STRIDES = 4  # windows of the pair that begin within one length: half as many as distances have, networks cost more


def banked(series: Series, config: DetectorConfig, seed: int, facts: TrainingFacts) -> Fitted:
    """A detector with banks and scales, before its unit and threshold are known.

    Raises:
        TooShortError, ConfigError: as `windows.choice.resolved_lengths`.
        DataError: no window is whole enough.
    """
    scaler = Scaler.fit(series.values)
    missing = ~np.isfinite(series.values)
    filled = np.ascontiguousarray(carry_forward(scaler.apply(series.values)), dtype=np.float32)
    config, period = resolved_lengths(config, filled)
    novelty = Novelty.fit(filled, missing, config.retrieval.novelty)
    banks = cut_banks(filled, missing, config)
    return of_banks(banks, novelty, scaler, series.channels, config, period, seed, facts)


def of_banks(
    banks: dict[int, Bank],
    novelty: Novelty,
    scaler: Scaler,
    channels: tuple[str, ...],
    config: DetectorConfig,
    period: int | None,
    seed: int,
    facts: TrainingFacts,
) -> Fitted:
    """A detector that compares with banks, before its unit and threshold are known; `config` is resolved."""
    return Fitted(
        config=config,
        channels=channels,
        period=period,
        seed=seed,
        scaler=scaler,
        judges=judges_of(banks, novelty, config),
        scales=tuple(Scale(banks[length], np.ones(0)) for length in config.retrieval.place_lengths),
        novelty=novelty,
        unit=1.0,
        threshold=1.0,
        teacher_label=NO_TEACHER,
        teacher_shape={},
        training=facts,
    )


def with_usual(fitted: Fitted, series: Series) -> tuple[Fitted, Floats]:
    """With the unit in which scores are given and the usual peaks of places; also scores of the training rows (T,)."""
    prepared = fitted.prepare(series.values)
    fitted, scores = in_units(fitted, prepared)
    scales = tuple(dataclasses.replace(scale, usual=usual_peaks(fitted, scale, prepared)) for scale in fitted.scales)
    return dataclasses.replace(fitted, scales=scales), scores


def in_units(fitted: Fitted, training: Prepared) -> tuple[Fitted, Floats]:
    """With the unit in which scores are given; also scores of the training rows (T,) in it.

    The unit is the border of what is usual: a high quantile of the training part's own scores.
    """
    fitted = dataclasses.replace(fitted, unit=1.0)
    scores = fitted.point_scores(training, own=True)
    unit = unit_of(scores, fitted.config)
    return dataclasses.replace(fitted, unit=unit), scores / unit


def unit_of(scores: Floats, config: DetectorConfig) -> float:
    """The border of what is usual among the training part's own scores, at least `LEAST_UNIT`."""
    judged = scores[scores > UNJUDGED]
    border = float(np.quantile(judged, config.scoring.usual_quantile)) if len(judged) else 1.0
    return max(border, LEAST_UNIT)


def judges_of(banks: dict[int, Bank], novelty: Novelty, config: DetectorConfig) -> tuple[RetrievalJudge, ...]:
    """A judge for each length of a score, shortest first."""
    weights = {view: config.retrieval.subspace_weight if view == SUBSPACE else 1.0 for view in config.retrieval.views}
    return tuple(
        RetrievalJudge(
            bank=banks[length],
            stride=stride_of(length, config),
            views=weights,
            moving=novelty.moving,
            max_missing=config.scoring.max_missing,
        )
        for length in config.retrieval.lengths
    )


def stride_of(length: int, config: DetectorConfig) -> int:
    """Samples between windows of one length; where the longest has been given another than its own, all have it."""
    assert config.window.length is not None
    assert config.window.stride is not None
    by_rule = nearest_stride(config.window.length, config.window.length / config.retrieval.strides)
    if config.window.stride != by_rule:
        return config.window.stride
    return nearest_stride(length, length / config.retrieval.strides)


def pair_stride_of(length: int, stride: int) -> int:
    """Samples between the windows of one length that the pretrained pair reads, given those between the distances'."""
    fewer = max(stride, nearest_stride(length, length / PAIR_STRIDES))
    return fewer if length % fewer == 0 else stride


def cut_banks(filled: NDArray[np.float32], missing: Booleans, config: DetectorConfig) -> dict[int, Bank]:
    """A bank for each length, of scores and of places."""
    lengths, most = bank_sizes(filled.shape[1], config)
    return {length: Bank.cut(filled, bank_starts(missing, length, most, config), length) for length in lengths}


def bank_sizes(channels: int, config: DetectorConfig) -> tuple[list[int], int]:
    """The lengths of banks, of scores and of places, and how many windows each has at most."""
    lengths = sorted({*config.retrieval.lengths, *config.retrieval.place_lengths})
    values = channels * sum(points_of(length) + segments_of(length) for length in lengths)
    return lengths, min(config.retrieval.bank, max(FEWEST_BANK_WINDOWS, MOST_BANK_VALUES // values))


def bank_starts(missing: Booleans, length: int, most: int, config: DetectorConfig) -> Indices:
    """First rows of at most `most` normal windows, evenly spread; windows with gaps are left out where others are left.

    Raises:
        DataError: no window is whole enough.
    """
    for share in (FEW_MISSING, config.scoring.max_missing):
        there = mostly_there(missing, length, share)
        starts = bank_grid(len(missing), length, most, config)
        starts = starts[there[starts]]
        if len(starts):
            return starts
    raise no_whole_window(length, config)


def bank_grid(rows: int, length: int, most: int, config: DetectorConfig) -> Indices:
    """First rows of windows, whole or not, evenly spread over `rows`."""
    windows = rows - length + 1
    stride = max(1, length // config.retrieval.bank_strides, -(-windows // most))
    return np.arange(0, windows, stride, dtype=np.int64)


def no_whole_window(length: int, config: DetectorConfig, came: str = "none") -> DataError:
    """The error where gaps leave nothing."""
    expected = f"windows of {length} rows with at most {config.scoring.max_missing:.0%} missing to train on"
    return DataError(expected, came, "give a part with fewer gaps")


def trusted(series: Series, scores: Floats, window: int) -> Floats:
    """The scores of training rows (T,) that a threshold may be taken from: those that no gap has touched, if any."""
    there = mostly_there(~np.isfinite(series.values), window, FEW_MISSING)
    clear = clear_of_gaps(there, window)
    return scores[clear] if clear.any() else scores
