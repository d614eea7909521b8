"""From a training part of any length to a detector that retrieves, in bounded memory.

Banks are those of the whole, and so is what is told of it. Unit, usual peaks and threshold, for which every training
row would have to be compared with the banks, are taken from stretches of it (`stretches`): `retrieval.own_rows` is the
budget. A training part that fits into the budget takes the short way (`fitting`).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from anomalyllm.banking import FEW_MISSING, of_banks, pair_stride_of, stride_of, unit_of
from anomalyllm.config import DetectorConfig
from anomalyllm.data.blocks import Blocks
from anomalyllm.extras import require_networks
from anomalyllm.fitted import Fitted
from anomalyllm.judges import Prepared
from anomalyllm.stretches import Stretch, own_rows, own_scores, planned, rows_of, usual_scales
from anomalyllm.surveying import Gathered, Survey, gathered, surveyed
from anomalyllm.thresholding import thresholded
from anomalyllm.trainable import check_facts, refuse_resume
from anomalyllm.training.data import clear_of_gaps, mostly_there
from anomalyllm.windows.choice import resolved_lengths

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


def goes_the_long_way(config: DetectorConfig) -> bool:
    """Whether a long training part is fitted in blocks, not held: that of networks that are trained is held."""
    return config.evidence == "retrieval" and not config.finetune


def fit_blocks(
    blocks: Blocks, config: DetectorConfig, seed: int, *, resume: bool = False, first_row: int = 0
) -> tuple[Fitted, Floats, Indices] | None:
    """As `fit_long`; None where the training part fits into the budget, or the detector is of another kind.

    Raises:
        DataError, ConfigError: as `fitting.fit`.
        ArtefactError: no weights under the name of the pair.
        WholeError: a file that only makes sense as a whole.
    """
    if not goes_the_long_way(config) or (blocks.rows is not None and blocks.rows <= config.retrieval.own_rows):
        return None
    refuse_resume(resume)
    if config.pair is not None:
        _require_pair(config.pair)  # before all is read
    survey = surveyed(blocks)
    return None if survey.facts.rows <= config.retrieval.own_rows else fit_long(blocks, survey, config, seed, first_row)


def fit_long(
    blocks: Blocks, survey: Survey, config: DetectorConfig, seed: int, first_row: int = 0
) -> tuple[Fitted, Floats, Indices]:
    """A fitted detector, own scores of the training rows that were looked at (N,), and which rows those are (N,).

    Args:
        blocks: the training part, more than `retrieval.own_rows`.
        survey: of them.
        config: of a kind that `goes_the_long_way`.
        seed: decides which rows are looked at.
        first_row: how the first row is numbered in notes.

    Raises:
        DataError, ConfigError: as `fitting.fit`.
    """
    rows, facts = survey.facts.rows, survey.facts
    check_facts(len(survey.channels), facts.spacing, facts.source, config, there=not survey.absent.all())
    resolved, _ = resolved_lengths(config, np.zeros((0, 1), np.float32), rows)
    reach = max(*resolved.retrieval.lengths, *resolved.retrieval.place_lengths)
    budget = own_rows(resolved, len(survey.channels))
    stretches = planned(rows, budget, reach, _common_stride(resolved), seed)
    found = gathered(blocks, survey, resolved, stretches)
    fitted = _with_banks(config, survey, found, seed)
    parts = list(zip(stretches, found.parts, strict=True))
    if resolved.pair is not None:
        fitted = _with_pair(fitted, parts)
    by_part = own_scores(fitted, parts)
    scores = np.concatenate(by_part)
    fitted = dataclasses.replace(fitted, unit=unit_of(scores, resolved))
    fitted = dataclasses.replace(fitted, scales=tuple(usual_scales(fitted, parts)))
    clear = np.concatenate([_clear(part, fitted.window, survey)[at.counted] for at, part in parts])
    which = rows_of(stretches)
    scores /= fitted.unit
    trusted = scores[clear] if clear.any() else scores
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


def _with_banks(config: DetectorConfig, survey: Survey, found: Gathered, seed: int) -> Fitted:
    """The detector before its unit and threshold are known."""
    counted = sum(len(part.values) for part in found.parts)
    note = (
        f"{survey.facts.rows:,} rows are more than retrieval.own_rows ({config.retrieval.own_rows:,}): "
        f"banks are of all, unit and threshold of {len(found.parts)} stretches ({counted:,} rows with their borders)"
    )
    facts = dataclasses.replace(survey.facts, notes=(*survey.facts.notes, note))
    resolved, period = resolved_lengths(config, found.beginning, survey.facts.rows)
    return of_banks(found.banks, found.novelty, survey.scaler, survey.channels, resolved, period, seed, facts)


def _clear(part: Prepared, window: int, survey: Survey) -> NDArray[np.bool_]:
    """Which rows of a stretch no window with gaps covers."""
    missing = np.zeros(part.values.shape, np.bool_) if part.missing is None else part.missing
    return clear_of_gaps(mostly_there(missing, window, FEW_MISSING, survey.absent), window)
