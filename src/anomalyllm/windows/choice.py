"""Which window suits a series: settings that say "from the data" are filled in from the training part."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from anomalyllm.config import DetectorConfig
from anomalyllm.errors import ConfigError, TooShortError
from anomalyllm.windows.period import LONGEST_SERIES, find_period
from anomalyllm.windows.slicing import nearest_stride
from anomalyllm.windows.views import POINTS, points_of

PATCHES = 8  # in a window whose patch is not set: enough to place a change, few enough to be quick
FEWEST_POINTS = 8  # of an averaged window; with fewer it has no shape
SHORTEST_LENGTH = 8  # of windows that are compared with a bank
FEWEST_LENGTHS = 4  # side by side in a training part, for windows that are compared with a bank
STRIDES = 4  # in a window: finds as much as 8 at half the cost, 2 find less (docs/lab-notes.md)
MOST_PATCHES = 128  # a window that 8 hardly divides is cut into many small ones; beyond this they mean nothing
FEWEST_WINDOWS = 8  # side by side in a training part: with fewer, what is usual cannot be told
FEWEST_ROWS = 32  # of a training part: below it there is nothing to learn from
SHORTEST_WINDOW = 16


def resolved(
    config: DetectorConfig, filled: NDArray[np.floating], rows: int | None = None
) -> tuple[DetectorConfig, int | None]:
    """`config` with window, strides and patches set, and the period of the training values `filled` (T, C).

    `rows` is T where `filled` is only the beginning of them.

    Raises:
        TooShortError: the training part is shorter than two windows.
        ConfigError: patches or strides do not divide the window.
    """
    rows = rows or len(filled)
    _check_rows(rows, 0)
    period = find_period(np.asarray(filled[:LONGEST_SERIES], dtype=np.float64))
    length = config.window.length or _length_from(config, period, rows)
    _check_rows(rows, length)
    return _with_lengths(config, length, rows), period


def resolved_lengths(
    config: DetectorConfig, filled: NDArray[np.floating], rows: int | None = None
) -> tuple[DetectorConfig, int | None]:
    """`config` with the lengths that the training values `filled` (T, C) allow, and their period.

    A window that is set is the longest length; the others are its halves. `rows` is T where `filled` is only the
    beginning of them.

    Raises:
        TooShortError: the training part is shorter than two of the windows that are set, or than `FEWEST_ROWS`.
        ConfigError: a window that cannot be averaged, or a stride that does not divide every length.
    """
    rows, window = rows or len(filled), config.window.length
    _check_rows(rows, window or 0)
    if window is None:
        lengths = fitting_lengths(config.retrieval.lengths, rows)
        place_lengths = fitting_lengths(config.retrieval.place_lengths, rows)
    else:
        lengths = place_lengths = halves(window)
    if window is not None and not _can_be_averaged(window):
        near = max(1, round(window / POINTS)) * POINTS
        raise ConfigError("a window that can be averaged to 8 to 32 points", str(window), f"set {near}")
    stride = config.window.stride
    for length in {*lengths, *place_lengths}:
        if stride is not None and length % stride:
            raise ConfigError(f"window.stride to divide the window of {length}", str(stride), "set another value")
    longest = lengths[-1]
    stride = stride or nearest_stride(longest, longest / config.retrieval.strides)
    resolved_config = dataclasses.replace(
        config,
        window=dataclasses.replace(config.window, length=longest, stride=stride),
        retrieval=dataclasses.replace(config.retrieval, lengths=lengths, place_lengths=place_lengths),
    )
    return resolved_config, find_period(np.asarray(filled[:LONGEST_SERIES], dtype=np.float64))


def fitting_lengths(lengths: tuple[int, ...], rows: int) -> tuple[int, ...]:
    """Those of which a training part of `rows` holds some side by side; a short one where it holds none."""
    fitting = tuple(length for length in lengths if FEWEST_LENGTHS * length <= rows)
    return fitting or (SHORTEST_LENGTH,)


def halves(window: int) -> tuple[int, ...]:
    """The window, its half, and so on down to `SHORTEST_WINDOW`, shortest first."""
    lengths = [window]
    while lengths[0] % 2 == 0 and lengths[0] >= 2 * SHORTEST_WINDOW and _can_be_averaged(lengths[0] // 2):
        lengths.insert(0, lengths[0] // 2)
    return tuple(lengths)


def _can_be_averaged(length: int) -> bool:
    return points_of(length) >= FEWEST_POINTS


def _check_rows(rows: int, window: int) -> None:
    if rows < FEWEST_ROWS:
        raise TooShortError(
            f"at least {FEWEST_ROWS} rows to train on", f"{rows}", "give a longer series or a later --train-end"
        )
    if rows < 2 * window:
        remedy = f"give more rows or set a window of at most {rows // 2}"
        raise TooShortError(f"at least two windows ({2 * window} rows) to train on", f"{rows}", remedy)


def _length_from(config: DetectorConfig, period: int | None, rows: int) -> int:
    """Some periods, within the limits and an eighth of the training part, a whole number of patches."""
    window = config.window
    wanted = window.fallback if period is None else round(window.periods * period)
    length = min(max(wanted, window.minimum), window.maximum, max(rows // FEWEST_WINDOWS, SHORTEST_WINDOW))
    unit = config.student.patch or PATCHES
    whole = length // unit * unit
    if whole < window.minimum <= length:
        whole = min(whole + unit, window.maximum // unit * unit)  # rounding must not leave the limits
    return max(unit * 2, whole)


def _with_lengths(config: DetectorConfig, length: int, rows: int) -> DetectorConfig:
    patch = config.student.patch or nearest_stride(length, length / PATCHES)
    teacher_patch = config.teacher.patch or patch
    stride = config.window.stride or nearest_stride(length, length / STRIDES)
    training_stride = config.window.training_stride or max(1, min(length // 8, rows // 4))
    for name, value, rule in (
        ("student.patch to divide", patch, length % patch == 0),
        ("window.stride to divide", stride, length % stride == 0),
        ("teacher.patch to fit into", teacher_patch, teacher_patch <= length),
        (f"patches, at most {MOST_PATCHES} of them, to cut", patch, length // patch <= MOST_PATCHES),
    ):
        if not rule:
            remedy = "set a window that is a multiple of it, or another value"
            raise ConfigError(f"{name} the window of {length}", str(value), remedy)
    return dataclasses.replace(
        config,
        window=dataclasses.replace(config.window, length=length, stride=stride, training_stride=training_stride),
        teacher=dataclasses.replace(
            config.teacher, patch=teacher_patch, patch_stride=config.teacher.patch_stride or teacher_patch
        ),
        student=dataclasses.replace(config.student, patch=patch),
    )


def patch_count(config: DetectorConfig, window: int) -> int:
    """Patches that the teacher reads of a window, which is padded by one stride; `config` is resolved."""
    assert config.teacher.patch is not None
    assert config.teacher.patch_stride is not None
    return (window + config.teacher.patch_stride - config.teacher.patch) // config.teacher.patch_stride + 1
