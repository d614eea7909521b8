"""The parts of a preset that retrieves: windows in their views, and distances to the bank, length by length."""

from __future__ import annotations

from functools import partial

import numpy as np

from anomalyllm.config import DetectorConfig
from anomalyllm.evaluation.speed.around import before, behind, timed_series
from anomalyllm.evaluation.speed.limits import Shape
from anomalyllm.evaluation.speed.parts import Part, Plan, bytes_of
from anomalyllm.judges import Judge, Prepared, RetrievalJudge
from anomalyllm.model.bank import SUBSPACE
from anomalyllm.pairing import PairJudge, retrieving

ROWS = 10_000  # of the series
WINDOWS = 1_024  # scored at once
SQUARE = 1_024  # of the product that the machine is measured by


def retrieval_plan(config: DetectorConfig) -> Plan:
    """The parts of `config`, whose evidence is "retrieval"."""
    series = timed_series(ROWS)
    fitted = retrieving(series, config, 0)
    prepared = fitted.prepare(series.values)
    starts = np.arange(WINDOWS, dtype=np.int64)
    judging = tuple(part for judge in fitted.judges for part in judge_parts(judge, prepared, starts))
    parts = (*before(series, fitted), *judging, *behind(series, fitted))
    rows = max(len(judge.bank.starts) for judge in fitted.retrieval)
    return Plan(parts, (Shape(SQUARE, SQUARE, SQUARE),), f"{WINDOWS:,} windows of each length, banks of up to {rows:,}")


def judge_parts(judge: Judge, prepared: Prepared, starts: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[Part]:
    """What a judge does with windows of one channel."""
    work = partial(judge.window_scores, prepared, starts)
    read = bytes_of(prepared.values[: len(starts)], starts)
    if isinstance(judge, PairJudge):
        return [Part(f"networks, windows of {judge.window}", work, read + bytes_of(judge.pair, judge.usual))]
    assert isinstance(judge, RetrievalJudge)
    bank = judge.bank
    seen = sum(bank.rows(view, 0).nbytes for view in judge.views if view != SUBSPACE)
    distances = Part(f"retrieval, windows of {judge.window}", work, read + seen, retrieval_flops(judge, len(starts)))
    cut = partial(cut_views, judge, prepared, starts)
    written = sum(rows.nbytes for rows in cut())
    return [Part(f"views, windows of {judge.window}", cut, read + written, flops=0), distances]


def cut_views(
    judge: RetrievalJudge, prepared: Prepared, starts: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> list[np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    """The windows in every view."""
    return [rows for _, rows in judge.bank.seen(prepared.values, starts, 0, tuple(judge.views))]


def retrieval_flops(judge: RetrievalJudge, windows: int) -> int:
    """Of the products with every row of the bank; in the subspace, with its axes."""
    total = 0
    for view in judge.views:
        if view == SUBSPACE:
            total += 2 * windows * judge.bank.axes.shape[1] * judge.bank.axes.shape[2]
        else:
            rows, points = judge.bank.rows(view, 0).shape
            total += 2 * windows * rows * (points + 1)  # the squares are one more number
    return total
