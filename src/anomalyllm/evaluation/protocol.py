"""One method on one case, without leakage: fit on the training part, score the test part once, then judge.

`honest` is how everything is measured. `paper` is what the published evaluation does, under that name only, so that
what it adds is a number: the test part is scored after every epoch and the epoch that does best *on the test labels* is
kept, and the label of a series with one anomaly (as all of UCR have) is widened by 100 points on each side before the
archive's own tolerance is added. Neither fits a scaler on the test part, as the published evaluation also does.

Labels are seen by `judge` and, in the paper's protocol, by the choice of the epoch. Beside that, only whether there is
one anomaly is looked at: a method is asked to name it (`locate`) where the archive's rule will judge the answer.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomalyllm.datasets.case import CaseData
from anomalyllm.detector import AnomalyLLM
from anomalyllm.errors import ConfigError
from anomalyllm.evaluation.judging import judge
from anomalyllm.evaluation.memory import PeakMemory
from anomalyllm.evaluation.methods import Epoch, Method, Scorer
from anomalyllm.evaluation.metrics.adjusted import best_f1
from anomalyllm.evaluation.metrics.location import location_hit, most_anomalous
from anomalyllm.evaluation.metrics.segments import runs
from anomalyllm.settings import unknown_name

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]

PAPER_WIDENING = 100  # points that the reference adds to each side of a UCR label


@dataclass(frozen=True)
class Outcome:
    """What came of a method on a case.

    Attributes:
        scores: (T,) of the test part.
        threshold: the method's own.
        metrics: every measure by name, NaN where it is not defined.
        location: the row of the test part that `accuracy` judges, or None where the method names none.
        teacher: how the teacher of a preset that trains networks is spoken of; "" for other methods.
        seconds_fit, seconds_score: of wall time; under `paper` all of it is the first, and the second NaN.
        peak_memory: MiB of the whole process while it ran, or NaN where the system does not say.
        probed: what a probe measured on the fitted method afterwards; None where none was asked for.
    """

    scores: Floats
    threshold: float
    metrics: dict[str, float]
    location: int | None
    teacher: str
    seconds_fit: float
    seconds_score: float
    peak_memory: float
    probed: Mapping[str, float] | None = None


Protocol = Callable[[Method, CaseData, int, str], Outcome]


def honest(method: Method, case: CaseData, seed: int, probe: str = "") -> Outcome:
    """Fits on `case.train`, scores `case.test` once, with the threshold that training scores gave.

    Where there is one anomaly, a method that can name places (`locate`) does so; its time is time of scoring. A `probe`
    (a name of `probing.PROBES`) looks at the fitted method afterwards; it may see labels, since nothing follows it.

    Raises:
        ConfigError: no such probe.
    """
    look = None if not probe else probe_called(probe)
    scorer = method.build(seed)
    with PeakMemory() as memory:
        began = time.perf_counter()
        scorer.fit(case.train)
        fitted = time.perf_counter()
        scores = scorer.decision_function(case.test)
        location = _location(scorer, scores, case)
        scored = time.perf_counter()
    only = Epoch(scores, scorer.threshold_, getattr(scorer, "teacher_", "") if method.trained else "")
    outcome = _outcome(only, location, case, 0, (fitted - began, scored - fitted), memory)
    if look is None:
        return outcome
    probed = look(scorer, case, seed) if isinstance(scorer, AnomalyLLM) else {}  # a baseline has no parts to look at
    return dataclasses.replace(outcome, probed=probed)


def paper(method: Method, case: CaseData, seed: int, probe: str = "") -> Outcome:
    """Chooses the epoch by the test labels and widens them; an oracle, never to be compared with `honest`.

    Raises:
        ConfigError: a probe: of the many epochs there is no one that it would look at.
    """
    if probe:
        raise ConfigError("no probe under the protocol paper", repr(probe), "choose the protocol honest")
    with PeakMemory() as memory:
        began = time.perf_counter()
        best = max(method.epochs(case.train, case.test, seed), key=lambda epoch: _oracle(epoch, case.labels))
        took = time.perf_counter() - began
    return _outcome(best, most_anomalous(best.scores), case, PAPER_WIDENING, (took, math.nan), memory)


PROTOCOLS: dict[str, Protocol] = {"honest": honest, "paper": paper}
"""Each protocol by the name that tables and the command line use."""


def protocol(name: str) -> Protocol:
    """The protocol called `name`.

    Raises:
        ConfigError: there is none.
    """
    if name not in PROTOCOLS:
        raise unknown_name("protocol", name, PROTOCOLS)
    return PROTOCOLS[name]


def probe_called(name: str) -> Callable[[Any, CaseData, int], Mapping[str, float]]:
    """What is asked of a fitted method besides scores, by name.

    Raises:
        ConfigError: there is none.
    """
    from anomalyllm.evaluation.probing import PROBES  # here: most benches ask for none

    if name not in PROBES:
        raise unknown_name("probe", name, PROBES)
    return PROBES[name]


def _oracle(epoch: Epoch, labels: Labels) -> tuple[bool, float]:
    """How good an epoch looks on the test labels: a hit first, where there is one anomaly; then the best revised F1."""
    anomalies = runs(labels != 0).pairs()
    if not anomalies:
        return False, 0.0
    hit = location_hit(most_anomalous(epoch.scores), anomalies, widen=PAPER_WIDENING)
    return hit and len(anomalies) == 1, best_f1(epoch.scores, labels, "revised_point_adjusted")[0]


def _location(scorer: Scorer, scores: Floats, case: CaseData) -> int | None:
    """The row that a method names: the peak of its first place where it is asked for one, else of its scores."""
    locate = getattr(scorer, "locate", None)
    if locate is None or len(runs(case.labels != 0)) != 1:
        return most_anomalous(scores)
    places = locate(case.test, 1)
    return int(places[0].peak) if places else None


def _outcome(
    epoch: Epoch,
    location: int | None,
    case: CaseData,
    widen: int,
    seconds: tuple[float, float],
    memory: PeakMemory,
) -> Outcome:
    return Outcome(
        scores=epoch.scores,
        threshold=epoch.threshold,
        metrics=judge(epoch.scores, epoch.threshold, case, location=location, widen=widen),
        location=location,
        teacher=epoch.teacher,
        seconds_fit=seconds[0],
        seconds_score=seconds[1],
        peak_memory=memory.mebibytes,
    )
