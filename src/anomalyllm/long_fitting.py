"""From a training part of any length to a detector, in bounded memory; here one that retrieves.

Banks are those of the whole, and so is what is told of it. Unit, usual peaks and threshold, for which every training
row would have to be compared with the banks, are taken from stretches of it (`stretches`): `retrieval.own_rows` is the
budget. A training part that fits into the budget takes the short way (`fitting`).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from anomalyllm.banking import of_banks, pair_stride_of, stride_of, unit_of
from anomalyllm.config import DetectorConfig
from anomalyllm.data.blocks import Blocks
from anomalyllm.extras import require_networks
from anomalyllm.fitted import Fitted
from anomalyllm.judges import Prepared
from anomalyllm.stretches import Stretch, own_rows, own_scores, planned, rows_of, trusted_scores, usual_scales
from anomalyllm.surveying import Gathered, Survey, beginning, gathered, surveyed
from anomalyllm.thresholding import thresholded
from anomalyllm.trainable import Run, check_facts, refuse_resume
from anomalyllm.windows.choice import resolved_lengths

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Way = Callable[[Blocks, Survey, DetectorConfig, int, int], tuple[Fitted, Floats, Indices]]


def goes_the_long_way(config: DetectorConfig) -> bool:
    """Whether a long training part is fitted in blocks: `finetune` compares detectors on all rows, which it holds."""
    return not config.finetune


def fit_blocks(
    blocks: Blocks, config: DetectorConfig, seed: int, run: Run, *, first_row: int = 0
) -> tuple[Fitted, Floats, Indices] | None:
    """A detector, own scores of the training rows that were looked at (N,), and which rows those are (N,).

    None where the training part fits into the budget, or the detector does not go the long way.

    Args:
        blocks: the training part.
        config: what is asked for.
        seed: of all that is drawn.
        run: how training is watched and kept.
        first_row: how the first row is numbered in notes.

    Raises:
        DataError, ConfigError, TeacherError, ArtefactError, StorageError, TrainingInterrupted: as `fitting.fit`.
        WholeError: a file that only makes sense as a whole.
    """
    if not goes_the_long_way(config) or (blocks.rows is not None and blocks.rows <= config.retrieval.own_rows):
        return None
    fitted_on = _way(config, seed, run)
    survey = surveyed(blocks)
    if survey.facts.rows <= config.retrieval.own_rows:
        return None
    facts, there = survey.facts, not survey.absent.all()
    check_facts(len(survey.channels), facts.spacing, facts.source, config, there=there)
    return fitted_on(blocks, survey, config, seed, first_row)


def _way(config: DetectorConfig, seed: int, run: Run) -> Way:
    """How a long training part is fitted; what that needs besides is asked for before all is read."""
    if config.evidence == "networks":
        require_networks(f"the preset {config.preset}")
        from anomalyllm.long_teaching import taught_long
        from anomalyllm.teaching import teacher_of

        return partial(taught_long, run=run, language_model=teacher_of(config, seed))
    refuse_resume(run.resume)
    if config.pair is not None:
        _require_pair(config.pair)
    return fit_long


def fit_long(
    blocks: Blocks, survey: Survey, config: DetectorConfig, seed: int, first_row: int = 0
) -> tuple[Fitted, Floats, Indices]:
    """A fitted detector, own scores of the training rows that were looked at (N,), and which rows those are (N,).

    Args:
        blocks: the training part, more than `retrieval.own_rows`.
        survey: of them.
        config: of a detector that retrieves.
        seed: decides which rows are looked at.
        first_row: how the first row is numbered in notes.

    Raises:
        DataError, ConfigError: as `fitting.fit`.
    """
    rows = survey.facts.rows
    resolved, period = resolved_lengths(config, beginning(blocks, survey.scaler), rows)
    reach = max(*resolved.retrieval.lengths, *resolved.retrieval.place_lengths)
    budget = own_rows(resolved, len(survey.channels))
    stretches = planned(rows, budget, reach, _common_stride(resolved), seed)
    found = gathered(blocks, survey, resolved, stretches)
    fitted = _with_banks(resolved, period, survey, found, seed)
    parts = list(zip(stretches, found.parts, strict=True))
    if resolved.pair is not None:
        fitted = _with_pair(fitted, parts)
    by_part = own_scores(fitted, parts)
    scores = np.concatenate(by_part)
    fitted = dataclasses.replace(fitted, unit=unit_of(scores, resolved))
    fitted = dataclasses.replace(fitted, scales=tuple(usual_scales(fitted, parts)))
    which = rows_of(stretches)
    scores /= fitted.unit
    trusted = trusted_scores(scores, parts, fitted.window, survey.absent)
    return thresholded(fitted, trusted, scores, first_row + which), scores, which


def _common_stride(config: DetectorConfig) -> int:
    """A multiple of every judge's stride, those of the pair too."""
    strides = {length: stride_of(length, config) for length in config.retrieval.lengths}
    if config.pair is None:
        return math.lcm(*strides.values())
    return math.lcm(*strides.values(), *(pair_stride_of(length, stride) for length, stride in strides.items()))


def _require_pair(name: str) -> None:
    require_networks("the pretrained pair")
    from anomalyllm.pairing import named_pair

    named_pair(name)


def _with_pair(fitted: Fitted, parts: Sequence[tuple[Stretch, Prepared]]) -> Fitted:
    """With the pretrained pair among the judges, weighed by the rows that are looked at."""
    from anomalyllm.pairing import with_pair

    return with_pair(fitted, lambda asked: np.concatenate(own_scores(asked, parts)))


def _with_banks(config: DetectorConfig, period: int | None, survey: Survey, found: Gathered, seed: int) -> Fitted:
    """The detector before its unit and threshold are known; `config` is resolved."""
    counted = sum(len(part.values) for part in found.parts)
    note = (
        f"{survey.facts.rows:,} rows are more than retrieval.own_rows ({config.retrieval.own_rows:,}): "
        f"banks are of all, unit and threshold of {len(found.parts)} stretches ({counted:,} rows with their borders)"
    )
    facts = dataclasses.replace(survey.facts, notes=(*survey.facts.notes, note))
    return of_banks(found.banks, found.novelty, survey.scaler, survey.channels, config, period, seed, facts)
