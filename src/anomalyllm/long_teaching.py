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
from anomalyllm.errors import DataError
from anomalyllm.fitted import Fitted
from anomalyllm.judges import Prepared
from anomalyllm.model.language_models import LanguageModel
from anomalyllm.model.prototypes import window_positions
from anomalyllm.scoring.calibrate import UNJUDGED
from anomalyllm.stretches import Stretch, own_rows, own_scores, planned, rows_of, trusted_scores
from anomalyllm.surveying import Holder, Survey, beginning, prepared_chunks
from anomalyllm.teaching import MOST_CALIBRATED, NO_BANK, Known, begun, calibrated_judge, trained, with_bank_size
from anomalyllm.thresholding import thresholded
from anomalyllm.trainable import Run
from anomalyllm.training.data import TrainingData, most_validated, split_ranges, spread, stratified, thinned
from anomalyllm.training.drawing import Drawn, candidates
from anomalyllm.windows.choice import resolved
from anomalyllm.windows.kept import KeptWindows

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

MOST_KEPT_VALUES = (
    16_000_000  # float32 numbers in windows to train on: 64 MB; of many channels fewer windows than asked
)


def taught_long(
    blocks: Blocks,
    survey: Survey,
    config: DetectorConfig,
    seed: int,
    first_row: int = 0,
    *,
    run: Run,
    language_model: LanguageModel,
) -> tuple[Fitted, Floats, Indices]:
    """A fitted detector, own scores of the training rows that were looked at (N,), and which rows those are (N,).

    Args:
        blocks: the training part, more than `retrieval.own_rows`.
        survey: of them.
        config: whose evidence is "networks".
        seed: of all that is drawn.
        first_row: how the first row is numbered in notes.
        run: how training is watched and kept.
        language_model: put to sleep, in place.

    Raises:
        DataError, ConfigError, StorageError, TrainingInterrupted: as `fitting.fit`.
    """
    rows, channels = survey.facts.rows, len(survey.channels)
    config, period = resolved(config, beginning(blocks, survey.scaler), rows)
    config = with_bank_size(config, rows, channels)
    assert config.window.length is not None
    assert config.window.stride is not None
    stretches = planned(rows, own_rows(config, channels), config.window.length, config.window.stride, seed)
    data, parts = gathered_windows(blocks, survey, config, seed, stretches)
    known = Known(survey.channels, survey.scaler, period, survey.facts)
    started = begun(known, data, config, seed, run.device, language_model)
    fitted = trained(started.untrained, data, run)
    fitted = dataclasses.replace(fitted, judges=(calibrated_judge(fitted, data),))
    scores, which = np.concatenate(own_scores(fitted, parts)), rows_of(stretches)
    fitted = fitted.noted(
        f"the threshold is of {len(stretches)} stretches, {len(which):,} of {rows:,} rows (retrieval.own_rows)"
    )
    if not (scores > UNJUDGED).any():
        came = f"{len(which):,} rows that were looked at, all of them in gaps"
        raise DataError("rows to take a threshold from", came, "give a part with fewer gaps")
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
    tail: int  # windows that those in the held-out tail stand for
    bank: Drawn

    @classmethod
    def of(cls, rows: int, channels: int, config: DetectorConfig, seed: int) -> Choice:
        """Drawn as those of a part that is held; nothing is kept yet."""
        window, stride, asked = config.window.length, config.window.training_stride, config.window.training_windows
        assert window is not None
        assert stride is not None
        fit, tail = split_ranges(rows, window, config.training.held_out, stride)
        kept = max(1, MOST_KEPT_VALUES // (channels * window))
        prototypes = config.student.prototypes if config.student.prototype_source == "windows" else 0
        lines = (
            fit.start + stride * candidates(partial(stratified, len(fit), min(asked, kept)), seed, "strata"),
            _spread_over(tail, most_validated(channels), seed, "validated"),
            _spread_over(tail, min(MOST_CALIBRATED, kept), seed, "calibrated"),
            candidates(partial(window_positions, rows - window + 1, prototypes), seed, "bank"),
        )
        windows = np.empty((sum(map(len, lines)), channels, window), np.float32)
        places = np.split(windows, np.cumsum([len(each) for each in lines])[:-1])
        shares = (FEW_MISSING, config.scoring.max_missing)
        trained, validated, calibrated, bank = (
            Drawn(each, place, *shares) for each, place in zip(lines, places, strict=True)
        )
        return cls(rows, windows, trained, len(fit), validated, calibrated, len(tail), bank)

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
        if not any(drawn.whole().any() for drawn in (self.trained, self.validated, self.calibrated)):
            served = Drawn.usable
        starts, validated, calibrated, bank = (np.sort(drawn.starts[served(drawn)]) for drawn in self.all)
        held_out = next((each for each in (calibrated, validated, starts) if len(each)), None)
        if held_out is None:
            assert config.window.length is not None
            drawn = len(self.trained.starts) + len(self.calibrated.starts)
            raise no_whole_window(config.window.length, config, f"none among {drawn:,} places in {self.rows:,} rows")
        if not len(starts):
            starts, possible = (each := thinned(held_out, len(self.trained.starts))), len(each)
        else:
            possible = self.possible if len(self.trained.starts) < self.possible else len(starts)
        with_bank = config.student.prototype_source == "windows"
        return TrainingData(
            windows=KeptWindows(self.rows, np.concatenate([drawn.starts for drawn in self.all]), self.windows),
            starts=starts,
            held_out=held_out,
            bank=np.resize(bank if len(bank) else starts, config.student.prototypes) if with_bank else NO_BANK,
            sampled_from=possible,
            validated=validated if len(validated) else thinned(held_out, len(self.validated.starts)),
            held_out_from=self.tail * len(calibrated) // len(self.calibrated.starts) or len(held_out),
        )


def _spread_over(tail: range, most: int, seed: int, purpose: str) -> Indices:
    """Candidates (W, N) in the held-out tail: evenly spread, where nothing is missing."""
    drawn = partial(stratified, len(tail), most)
    return tail.start + tail.step * candidates(drawn, seed, purpose, first=spread(len(tail), most))
