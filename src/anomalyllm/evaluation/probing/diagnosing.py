"""Which signatures of failure a fitted detector shows, told without a label: `anomalyllm diagnose`."""

from __future__ import annotations

import dataclasses
import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomalyllm.banking import banked
from anomalyllm.data.series import Series
from anomalyllm.detector import AnomalyLLM
from anomalyllm.errors import DataError
from anomalyllm.evaluation.probing.evidence import has_discrepancy, retrieved, window_of
from anomalyllm.evaluation.probing.injected_peaks import injected_peaks
from anomalyllm.evaluation.probing.material import Material, material_of
from anomalyllm.evaluation.probing.normal_windows import Normal, normal_among, synthetic
from anomalyllm.evaluation.probing.separation import area, median
from anomalyllm.evaluation.probing.signatures import (
    DISCREPANCY,
    LARGER,
    NEAREST,
    SCORE,
    SECONDS,
    SLOWER,
    UNUSED,
    Reading,
    Signature,
)
from anomalyllm.evaluation.speed.clock import quickest
from anomalyllm.fitted import Fitted
from anomalyllm.judges import Prepared
from anomalyllm.model.bank import Bank
from anomalyllm.model.threads import one_thread
from anomalyllm.packing import all_tensors
from anomalyllm.presets import preset
from anomalyllm.training.data import thinned

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

TIMED_ROWS = 2_000  # that are scored to take a time
NO_NETWORKS = "no teacher and no student: their discrepancy does not apply"


@dataclass(frozen=True)
class Diagnosis:
    """What came of it.

    Args:
        preset: of the detector.
        window: of the windows that were asked about, in samples.
        windows: how many normal ones.
        source: of which rows.
        signatures: the three, in the paper's order.
    """

    preset: str
    window: int
    windows: int
    source: str
    signatures: tuple[Signature, ...]

    def as_json(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "preset": self.preset,
            "window": self.window,
            "windows": self.windows,
            "source": self.source,
            "signatures": [signature.as_json() for signature in self.signatures],
        }


def diagnose(detector: AnomalyLLM, series: Series | None = None) -> Diagnosis:
    """The three signatures of failure: no gap, prototypes off the data, cost.

    Args:
        detector: fitted; it is not changed.
        series: normal rows (those that its labels mark are left out); where it begins with the training part, the tail
            of that which no network was trained on is looked at. None: what the detector itself holds of it.

    Raises:
        DataError: without a series, the detector does not hold enough to answer.
        TooShortError, ChannelError: the series does not fit.
        NotFittedError: before `fit`.
    """
    fitted = detector._fitted
    material = material_of(fitted, series)
    normal = normal_among(material.prepared, material.starts, window_of(fitted), own=material.own)
    with one_thread():
        signatures = (_gap(fitted, material, normal), _prototypes(fitted, material), _cost(fitted, material))
    return Diagnosis(fitted.config.preset, normal.window, len(normal.starts), material.source, signatures)


def _gap(fitted: Fitted, material: Material, normal: Normal) -> Signature:
    """Whether synthetic anomalies stand out: by the discrepancy alone, and by the score that is given in the end."""
    readings = []
    if has_discrepancy(fitted):
        kinds = synthetic(fitted, normal, fitted.seed)
        strange = np.concatenate([kind.said.discrepancy for kind in kinds.values()])
        name = "discrepancy of synthetic above that of normal windows (area under the curve)"
        readings.append(Reading(name, area(strange, normal.asked(fitted).discrepancy), DISCREPANCY))
    peaks = injected_peaks(fitted, material)
    name = "scores of injected anomalies above those of rows without (area under the curve)"
    readings.append(Reading(name, area(*peaks), SCORE))
    left_out = () if has_discrepancy(fitted) else (NO_NETWORKS,)
    return Signature("no gap", tuple(readings), gap_advice(fitted), left_out)


def gap_advice(fitted: Fitted) -> tuple[str, ...]:
    """What widens it, by kind of detector."""
    if fitted.has_networks and fitted.config.evidence == "networks":
        return (
            "train longer: training.max_steps, training.patience",
            "synthetic anomalies that change more: augment.first, augment.second, augment.amplitude, augment.level",
            "or leave the discrepancy out of the score: scoring.prototype_share = 1",
        )
    if fitted.has_networks:
        return ("leave the networks out: finetune = false",)
    if fitted.config.pair is not None:
        return ("leave the pretrained pair out: pair = none",)
    return ("windows as long as what is normal repeats: retrieval.lengths", "more normal rows: retrieval.bank")


def _prototypes(fitted: Fitted, material: Material) -> Signature:
    """Whether prototypes lie where normal windows lie: beside as many normal windows in their place."""
    asked = thinned(material.starts, 256)
    name = "distance to the nearest prototype, over that to the nearest of as many normal windows"
    unused: tuple[Reading, ...] = ()
    if fitted.has_networks:
        from anomalyllm.evaluation.probing.prototype_places import network_prototypes

        placed = network_prototypes(fitted, material, asked)
        figure = placed.ratio
        if placed.trained:
            unused = (Reading("prototypes that no normal window chooses (a share)", placed.unused, UNUSED),)
    else:
        figure = _bank_ratio(fitted, material, asked)
    left_out = () if unused else ("prototypes are real windows, kept whether chosen or not: idle ones do not count",)
    readings = (Reading(name, figure, NEAREST), *unused)
    return Signature("prototypes off the data", readings, prototype_advice(fitted), left_out)


def prototype_advice(fitted: Fitted) -> tuple[str, ...]:
    """What brings them back, by kind of detector."""
    again = "fit again on rows that are like those of today"
    if not fitted.has_networks:
        return (again, "more normal windows: retrieval.bank")
    if len(fitted.networks.bank):
        return (again, "more of them: student.prototypes")
    real = "real windows in place of trained prototypes: student.prototype_source = windows"
    return (real, "more of them: student.prototypes", again)


def _bank_ratio(fitted: Fitted, material: Material, starts: Indices) -> float:
    """Of the longest judge: distances to its bank, over those to a bank of the material's own windows."""
    judge, prepared = fitted.retrieval[-1], material.prepared
    if judge.window != window_of(fitted):
        judge = next(other for other in fitted.retrieval if other.window == window_of(fitted))
    spacing = int(np.median(np.diff(judge.bank.starts))) if len(judge.bank.starts) > 1 else 1
    every = np.arange(0, len(prepared.values) - judge.window + 1, spacing, dtype=np.int64)  # as dense as the bank
    candidates = thinned(material.normal(every, judge.window), len(judge.bank.starts))
    if not len(candidates):
        return math.nan
    bank = Bank.cut(prepared.values, candidates, judge.window)
    usual = median(retrieved(dataclasses.replace(judge, bank=bank), prepared, starts, own=True))
    away = median(retrieved(judge, prepared, starts, own=material.own))
    return away / usual if usual > 0 else math.nan


def _cost(fitted: Fitted, material: Material) -> Signature:
    seconds, held = _seconds(fitted, material.prepared), _held_bytes(fitted)
    readings = [
        Reading("seconds of one core for 1,000 points", seconds, SECONDS, "s"),
        Reading("memory that it holds", held / 1e6, None, "MB"),
    ]
    if not has_discrepancy(fitted):
        nothing = ("it is what retrieval alone takes: nothing to compare",)
        return Signature("cost", tuple(readings), cost_advice(fitted), nothing)
    alone = _retrieval_alone(fitted, material.prepared)
    if alone is not None:
        slower, larger = seconds / _seconds(alone, material.prepared), held / _held_bytes(alone)
        readings.append(Reading("time, in times of what retrieval alone takes", slower, SLOWER))
        readings.append(Reading("memory, in times of what retrieval alone holds", larger, LARGER))
    return Signature("cost", tuple(readings), cost_advice(fitted))


def cost_advice(fitted: Fitted) -> tuple[str, ...]:
    """What makes it cheaper, by kind of detector."""
    if not has_discrepancy(fitted):
        return ("fewer windows: retrieval.strides, retrieval.lengths, retrieval.bank",)
    if not fitted.has_networks:
        return ("leave the pretrained pair out: pair = none",)
    return (
        "fewer windows: a larger window.stride",
        "a smaller teacher: teacher.blocks, teacher.name = compact",
        "or none: preset default, which retrieves",
    )


def _seconds(fitted: Fitted, prepared: Prepared) -> float:
    """Processor time of scoring 1,000 points, the least of some rounds."""
    rows = max(TIMED_ROWS, fitted.reach)
    part = Prepared(prepared.values[-rows:], None if prepared.missing is None else prepared.missing[-rows:])
    times = quickest({"scoring": lambda: fitted.point_scores(part)}, 0.2, clock=time.process_time)
    return 1000 * times["scoring"] / len(part.values)


def _held_bytes(fitted: Fitted) -> int:
    return sum(tensor.nbytes for tensor in all_tensors(fitted).values())


def _retrieval_alone(fitted: Fitted, prepared: Prepared) -> Fitted | None:
    """The same detector without networks; None where one cannot be made of the rows that are left."""
    if fitted.retrieval:
        config = dataclasses.replace(fitted.config, pair=None, finetune=False)
        return dataclasses.replace(fitted, judges=fitted.retrieval, config=config)
    values = prepared.values.astype(np.float64)
    if prepared.missing is not None:
        values = np.where(prepared.missing, np.nan, values)
    try:
        return banked(Series(values, fitted.channels), preset("default"), fitted.seed, fitted.training)
    except DataError:
        return None
