"""From a training part of any length to a detector whose networks were trained on it, in bounded memory.

Networks see a sample of windows, which are drawn before the rows are read and kept as they go by; threshold and own
scores are of stretches (`stretches`), as they are of detectors that retrieve.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from anomalyllm.banking import FEW_MISSING, no_whole_window
from anomalyllm.config import DetectorConfig
from anomalyllm.data.blocks import Blocks
from anomalyllm.fitted import Fitted
from anomalyllm.judges import Prepared
from anomalyllm.model.prototypes import window_positions
from anomalyllm.stretches import Stretch, own_rows, own_scores, planned, rows_of, trusted_scores
from anomalyllm.surveying import Holder, Survey, beginning, prepared_chunks
from anomalyllm.teaching import MOST_CALIBRATED, NO_BANK, Known, begun, calibrated_judge, trained, with_bank_size
from anomalyllm.thresholding import thresholded
from anomalyllm.trainable import Run
from anomalyllm.training.data import TrainingData, most_validated, split_ranges, spread, stratified
from anomalyllm.training.drawing import Drawn, candidates
from anomalyllm.windows.choice import resolved
from anomalyllm.windows.kept import KeptWindows

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

MOST_KEPT_VALUES = (
    16_000_000  # float32 numbers in windows to train on: 64 MB; of many channels fewer windows than asked
)


def taught_long(
    blocks: Blocks, survey: Survey, config: DetectorConfig, seed: int, run: Run, first_row: int = 0
) -> tuple[Fitted, Floats, Indices]:
    """A fitted detector, own scores of the training rows that were looked at (N,), and which rows those are (N,).

    Args:
        blocks: the training part, more than `retrieval.own_rows`.
        survey: of them.
        config: whose evidence is "networks".
        seed: of all that is drawn.
        run: how training is watched and kept.
        first_row: how the first row is numbered in notes.

    Raises:
        DataError, ConfigError, TeacherError, StorageError, TrainingInterrupted: as `fitting.fit`.
    """
    rows, channels = survey.facts.rows, len(survey.channels)
    config, period = resolved(config, beginning(blocks, survey.scaler), rows)
    config = with_bank_size(config, rows, channels)
    assert config.window.length is not None
    assert config.window.stride is not None
    stretches = planned(rows, own_rows(config, channels), config.window.length, config.window.stride, seed)
    data, parts = gathered_windows(blocks, survey, config, seed, stretches)
    started = begun(Known(survey.channels, survey.scaler, period, survey.facts), data, config, seed, run.device)
    fitted = trained(started.untrained, data, run)
    fitted = dataclasses.replace(fitted, judges=(calibrated_judge(fitted, data),))
    scores, which = np.concatenate(own_scores(fitted, parts)), rows_of(stretches)
    fitted = fitted.noted(
        f"the threshold is of {len(stretches)} stretches, {len(which):,} of {rows:,} rows (retrieval.own_rows)"
    )
    trusted = trusted_scores(scores, parts, fitted.window, survey.absent)
    return thresholded(fitted, trusted, scores, first_row + which), scores, which


def gathered_windows(
    blocks: Blocks, survey: Survey, config: DetectorConfig, seed: int, stretches: list[Stretch]
) -> tuple[TrainingData, list[tuple[Stretch, Prepared]]]:
    """What networks learn from, and the rows of each stretch, in one pass; `config` is resolved.

    Raises:
        DataError: no window is whole enough.
    """
    assert config.window.length is not None
    choice = Choice.of(survey.facts.rows, len(survey.channels), config, seed)
    holders = [Holder(stretch) for stretch in stretches]
    for first, filled, missing, fresh in prepared_chunks(blocks, survey.scaler, config.window.length):
        for drawn in choice.all:
            drawn.take(first, filled, missing[:, ~survey.absent])
        for holder in holders:
            holder.take(first + fresh, filled[fresh:], missing[fresh:])
    return choice.data(config), [(holder.stretch, holder.prepared()) for holder in holders]


class Choice(NamedTuple):
    """Which windows are kept, in one array, and for what."""

    rows: int
    windows: NDArray[np.float32]
    trained: Drawn
    possible: int  # windows that those to train on are drawn from
    validated: Drawn
    calibrated: Drawn
    bank: Drawn

    @classmethod
    def of(cls, rows: int, channels: int, config: DetectorConfig, seed: int) -> Choice:
        """Drawn as those of a part that is held; nothing is kept yet."""
        window, stride = config.window.length, config.window.training_stride
        assert window is not None
        assert stride is not None
        fit, tail = split_ranges(rows, window, config.training.held_out, stride)
        most = min(config.window.training_windows, max(1, MOST_KEPT_VALUES // (channels * window)))
        prototypes = config.student.prototypes if config.student.prototype_source == "windows" else 0
        in_tail = (spread(len(tail), few) for few in (most_validated(channels), MOST_CALIBRATED))
        lines = (
            fit.start + fit.step * candidates(partial(stratified, len(fit), most), seed, "strata"),
            *(tail.start + tail.step * places[:, None] for places in in_tail),
            candidates(partial(window_positions, rows - window + 1, prototypes), seed, "bank"),
        )
        windows = np.empty((sum(map(len, lines)), channels, window), np.float32)
        places = np.split(windows, np.cumsum([len(each) for each in lines])[:-1])
        shares = (FEW_MISSING, config.scoring.max_missing)
        trained, validated, calibrated, bank = (
            Drawn(each, place, *shares) for each, place in zip(lines, places, strict=True)
        )
        return cls(rows, windows, trained, len(fit), validated, calibrated, bank)

    @property
    def all(self) -> tuple[Drawn, ...]:
        """In the order of `windows`."""
        return self.trained, self.validated, self.calibrated, self.bank

    def data(self, config: DetectorConfig) -> TrainingData:
        """Of the windows without gaps, or where there are none of those that may be judged.

        Raises:
            DataError: there are none either.
        """
        served: Callable[[Drawn], NDArray[np.bool_]] = Drawn.whole
        if not any(drawn.whole().any() for drawn in (self.trained, self.validated)):
            served = Drawn.usable
        starts, validated, calibrated, bank = (np.sort(drawn.starts[served(drawn)]) for drawn in self.all)
        if not len(starts) and not len(validated):
            assert config.window.length is not None
            raise no_whole_window(config.window.length, config)
        starts = starts if len(starts) else calibrated
        drawn_from = self.possible if len(self.trained.starts) < self.possible else len(starts)
        with_bank = config.student.prototype_source == "windows"
        return TrainingData(
            windows=KeptWindows(self.rows, np.concatenate([drawn.starts for drawn in self.all]), self.windows),
            starts=starts,
            held_out=calibrated if len(calibrated) else starts,
            bank=np.resize(bank if len(bank) else starts, config.student.prototypes) if with_bank else NO_BANK,
            sampled_from=drawn_from,
            validated=validated if len(validated) else starts,
        )
