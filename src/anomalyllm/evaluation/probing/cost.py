"""What each part of a fitted detector costs: time by one thread, operations, memory, parameters, bytes on disk."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anomalyllm.artifact import save_artefact
from anomalyllm.data.series import as_series
from anomalyllm.datasets.case import CaseData
from anomalyllm.detector import AnomalyLLM
from anomalyllm.evaluation.memory import PeakMemory
from anomalyllm.evaluation.probing.evidence import fitted_of
from anomalyllm.evaluation.speed.clock import quickest
from anomalyllm.fitted import Fitted
from anomalyllm.judges import Prepared
from anomalyllm.model.threads import one_thread
from anomalyllm.streaming import Stream

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

WINDOWS = 256  # scored at once
NEW_POINTS = 64  # that a stream is given, one by one
ROUND_SECONDS = 0.2  # of timing


def probe_cost(detector: AnomalyLLM, case: CaseData, seed: int) -> dict[str, float]:
    """Costs of a detector on the size of a case; times are of one thread's processor time, the least of some rounds.

    `seconds_training_step` and `flops_training_step` of a step as it was trained; `seconds_window`: of scoring a window
    of the longest length, by all judges; `milliseconds_point`: one new point in a stream, its window already seen;
    `flops_window_…`: operations for one window of all channels, of teacher, student and retrieval (products and
    attentions); `parameters_trained`, `parameters_asleep`; `artefact_bytes`; `peak_mebibytes`: of the whole process
    while it scores, NaN where the system does not say. Only what the detector has is given.
    """
    fitted = fitted_of(detector)
    if fitted is None:
        return {}
    prepared = fitted.prepare(as_series(case.test).values)
    with one_thread():
        figures = _scoring(detector, case.test, prepared)
        if fitted.has_networks or fitted.config.pair is not None:
            from anomalyllm.evaluation.probing import network_cost

            figures |= network_cost.of_detector(fitted, as_series(case.train), prepared, seed)
    if fitted.retrieval:
        from anomalyllm.evaluation.speed.retrieving import retrieval_flops

        flops = [retrieval_flops(judge, 1) * judge.moving.sum() for judge in fitted.retrieval]
        figures["flops_window_retrieval"] = float(sum(flops))
    return {**figures, "artefact_bytes": float(artefact_bytes(fitted))}


def _scoring(detector: AnomalyLLM, test: Floats, prepared: Prepared) -> dict[str, float]:
    fitted = detector._fitted
    starts = {judge.window: _first_starts(len(prepared.values), judge.window) for judge in fitted.judges}
    scored = [len(starts[judge.window]) for judge in fitted.judges]
    if not min(scored):
        return {}  # a test part shorter than a window is not judged

    def score() -> None:
        for judge in fitted.judges:
            judge.window_scores(prepared, starts[judge.window])

    with PeakMemory() as memory:
        score()
    times = quickest({"scoring": score}, ROUND_SECONDS, clock=time.process_time)
    return {
        "seconds_window": times["scoring"] / scored[-1],
        "milliseconds_point": 1e3 * seconds_point(detector, test),
        "peak_mebibytes": memory.mebibytes,
    }


def seconds_point(detector: AnomalyLLM, test: Floats) -> float:
    """Processor time of one new row of `test` (T, C) in a stream that has seen a window, the mean of some."""
    stream = Stream(detector)
    rows = np.resize(test, (detector._fitted.reach + NEW_POINTS, test.shape[1]))
    stream.push(rows[: detector._fitted.reach])
    began = time.process_time()
    for row in rows[detector._fitted.reach :]:
        stream.push(row[None])
    return (time.process_time() - began) / NEW_POINTS


def artefact_bytes(fitted: Fitted) -> int:
    """Of the folder that `save` writes."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "detector"
        save_artefact(fitted, place)
        return sum(path.stat().st_size for path in place.iterdir())


def _first_starts(rows: int, window: int) -> Indices:
    return np.arange(max(0, min(WINDOWS, rows - window + 1)), dtype=np.int64)
