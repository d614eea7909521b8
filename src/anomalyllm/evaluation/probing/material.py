"""What a detector is diagnosed on: a series that is normal, or the training part that its own artefact still holds.

A detector that retrieves, or whose prototypes are windows of the series, has kept many windows of its training part
and the rows they began at. Laid where they were, they are that training part again, to the last bit, but for the rows
that no window covered: those count as missing.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anomalyllm.data.inputs import same_channels
from anomalyllm.data.series import Series
from anomalyllm.errors import DataError, TooShortError
from anomalyllm.evaluation.probing.evidence import window_of
from anomalyllm.evaluation.probing.normal_windows import FEW_MISSING, FEWEST_WINDOWS, unseen_starts, whole
from anomalyllm.fitted import Fitted
from anomalyllm.judges import Prepared
from anomalyllm.trainable import fingerprint_values
from anomalyllm.windows.scaling import carry_forward
from anomalyllm.windows.views import points_of

Rows = NDArray[np.float32]
Indices = NDArray[np.int64]

MOST_VALUES = 50_000_000  # of a training part that is put together again: 400 MB in float64, some copies at once


@dataclass(frozen=True)
class Material:
    """Rows that are normal.

    Args:
        prepared: the series; what is not known to be normal in it is missing.
        begin: first row that no network was trained on.
        starts: first rows of normal windows from there on, ascending; none holds a labelled row.
        own: the series is the training part.
        source: where it comes from, in words.
        wrong: (T,) marks labelled rows; None where none is.
    """

    prepared: Prepared
    begin: int
    starts: Indices
    own: bool
    source: str
    wrong: NDArray[np.bool_] | None = None

    def normal(self, starts: Indices, window: int) -> Indices:
        """Those of `starts` whose windows are whole (`normal_windows.whole`) and hold no labelled row."""
        return clear(self.wrong, whole(self.prepared, starts, window), window)


def clear(wrong: NDArray[np.bool_] | None, starts: Indices, window: int) -> Indices:
    """Those of `starts` whose windows hold no row that `wrong` (T,) marks."""
    if wrong is None or not len(starts):
        return starts
    counted = np.concatenate([[0], np.cumsum(wrong)])
    found: Indices = starts[counted[starts + window] == counted[starts]]
    return found


def material_of(fitted: Fitted, series: Series | None) -> Material:
    """Of a series, else of what the detector holds.

    Args:
        series: normal but for rows that its labels mark; may begin with the training part, which is found out.

    Raises:
        ChannelError: other channels than those fitted.
        DataError: without a series, the detector does not hold enough.
        TooShortError: too few normal windows in the series.
    """
    if series is None:
        return _held(fitted)
    series = same_channels(series, fitted.channels)
    training = _training_part(fitted, series)
    rows, source = (series, f"rows of {series.source}") if training is None else (training, "training rows")
    wrong = rows.labels != 0 if rows.labels is not None and rows.labels.any() else None
    found = _material(fitted, fitted.prepare(rows.values), own=training is not None, source=source, wrong=wrong)
    if len(found.starts) < FEWEST_WINDOWS:
        came = f"{len(found.starts)} in {found.source}"
        remedy = "give a longer file, or one with fewer gaps and labels"
        raise TooShortError(f"at least {FEWEST_WINDOWS} normal windows of {window_of(fitted)} rows", came, remedy)
    return found


def rebuilt(fitted: Fitted) -> Prepared | None:
    """The training part, scaled, as far as windows in the detector cover it; None where it holds none."""
    rows, channels = fitted.training.rows, len(fitted.channels)
    pieces = _windows_held(fitted)
    if not pieces or rows * channels > MOST_VALUES:
        return None
    values = np.full((rows, channels), np.nan)
    for starts, windows in pieces:
        values[starts[:, None] + np.arange(windows.shape[1])] = windows
    missing = np.isnan(values)
    return Prepared(carry_forward(values).astype(np.float32), missing if missing.any() else None)


def _windows_held(fitted: Fitted) -> list[tuple[Indices, Rows]]:
    """First rows (B,) and values (B, L, C) of the windows that a detector holds as they were, not averaged."""
    banks = {judge.bank.length: judge.bank for judge in fitted.retrieval}
    pieces = [
        (bank.starts, bank.windows.transpose(1, 2, 0)) for length, bank in banks.items() if points_of(length) == length
    ]
    if fitted.has_networks and len(fitted.networks.bank):
        prototypes = fitted.networks.distiller.student.prototypes.detach().cpu().numpy()
        pieces.append((fitted.networks.bank, prototypes.transpose(1, 2, 0)))
    return pieces


def _held(fitted: Fitted) -> Material:
    prepared = rebuilt(fitted)
    remedy = f"give a file with normal rows, such as the one it was fitted on ({fitted.training.source})"
    if prepared is None:
        raise DataError("a detector that holds windows of its training part", "one that does not", remedy)
    source = "training rows that the detector holds"
    found = _material(fitted, prepared, own=True, source=source, most=0.0)  # what is not held is not known
    if len(found.starts) < FEWEST_WINDOWS:
        expected = f"a detector that holds {FEWEST_WINDOWS} whole windows of {window_of(fitted)} training rows"
        raise DataError(expected, f"{len(found.starts)}", remedy)
    return found


def _material(
    fitted: Fitted,
    prepared: Prepared,
    *,
    own: bool,
    source: str,
    most: float = FEW_MISSING,
    wrong: NDArray[np.bool_] | None = None,
) -> Material:
    rows, window = len(prepared.values), window_of(fitted)
    starts = unseen_starts(fitted, rows) if own else np.arange(rows - window + 1, dtype=np.int64)
    begin = int(starts[0]) if len(starts) else 0
    source = f"held-out {source}" if begin else source
    starts = clear(wrong, whole(prepared, starts, window, most), window)
    return Material(prepared if wrong is None else _without(prepared, wrong), begin, starts, own, source, wrong)


def _training_part(fitted: Fitted, series: Series) -> Series | None:
    """The first rows of a series where they are the training part to the last bit, else None."""
    first = series.part(0, fitted.training.rows)
    return first if len(first) and fingerprint_values(first) == fitted.training.sha256 else None


def _without(prepared: Prepared, wrong: NDArray[np.bool_]) -> Prepared:
    """With labelled rows (T,) counted as missing: they are not normal."""
    missing = np.zeros(prepared.values.shape, np.bool_) if prepared.missing is None else prepared.missing
    return dataclasses.replace(prepared, missing=missing | wrong[:, None])
