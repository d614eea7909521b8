"""How far an exported detector's scores are from those of the detector itself, on data that it has or is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomalyllm.data.inputs import same_channels, scored_part
from anomalyllm.data.series import Series
from anomalyllm.fitted import Fitted
from anomalyllm.runtime.folder import assembled
from anomalyllm.scoring.events import find_events, flags

Floats = NDArray[np.float64]

OWN_WINDOWS = 64  # of the detector, that are strung together
LIFTED = 4  # every so many of them is made an anomaly
LIFT = 2.0  # training deviations
OWN = "its own normal windows in a row, every fourth lifted by 2 deviations in its second half"


@dataclass(frozen=True)
class Measured:
    """What was compared, and what came out.

    Args:
        data: in words.
        rows: T.
        largest: relative difference of a score: |one - other| / the larger.
        flags: that differ.
        events: whether they are the same, channels and peaks included; severities as far as scores are.
    """

    data: str
    rows: int
    largest: float
    flags: int
    events: bool


def measured(fitted: Fitted, manifest: dict[str, Any], contents: dict[str, bytes], check: Any) -> Measured:
    """Scores of a detector beside those of its exported form.

    Args:
        fitted: the detector.
        manifest, contents: of the folder, as `runtime.folder` reads them.
        check: as for `AnomalyLLM.detect`; None: `OWN`.
    """
    exported = assembled(manifest, contents, "the exported detector")
    series = own_series(fitted) if check is None else same_channels(scored_part(check), fitted.channels)
    ours, theirs = (_judged(one, series) for one in (fitted, exported))
    difference = np.abs(ours[0] - theirs[0]) / np.maximum(np.maximum(ours[0], theirs[0]), 1e-30)
    changed = int((flags(ours[0], fitted.threshold) != flags(theirs[0], fitted.threshold)).sum())
    same = [[_without_severity(event) for event in events] for _, events in (ours, theirs)]
    told = OWN if check is None else series.source
    return Measured(told, len(series), float(difference.max()), changed, same[0] == same[1])


def own_series(fitted: Fitted) -> Series:
    """Some of the detector's own normal windows, one after the other, a quarter of them lifted: `OWN`."""
    windows = _own_windows(fitted)  # (C, K, L) scaled
    windows = windows[:, np.linspace(0, windows.shape[1] - 1, min(OWN_WINDOWS, windows.shape[1])).astype(int)].copy()
    windows[:, LIFTED - 1 :: LIFTED, windows.shape[2] // 2 :] += LIFT
    scaled = windows.reshape(len(windows), -1).T.astype(np.float64)
    return Series(fitted.scaler.invert(scaled), fitted.channels, source="its own windows")


def _own_windows(fitted: Fitted) -> NDArray[np.float32]:
    """(C, K, L) scaled."""
    if not fitted.retrieval:
        prototypes: NDArray[np.float32] = fitted.networks.distiller.student.prototypes.detach().cpu().numpy()
        return prototypes
    bank = fitted.retrieval[-1].bank
    return np.repeat(bank.windows, bank.length // bank.windows.shape[2], axis=2)


def _judged(fitted: Fitted, series: Series) -> tuple[Floats, tuple[Any, ...]]:
    scores, by_channel = fitted.scores(fitted.prepare(series.values), channels=True)
    return scores, find_events(scores, by_channel, fitted.threshold, fitted.channels, fitted.window // 2)


def _without_severity(event: Any) -> tuple[Any, ...]:
    return event.start, event.end, event.peak, event.channels
