"""What stands before and behind the judges in every preset: reading, scaling, lifting, the threshold."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import numpy as np

from anomalyllm.data.readers import read_recording
from anomalyllm.data.series import Series
from anomalyllm.evaluation.speed.parts import Part, bytes_of
from anomalyllm.fitted import Fitted
from anomalyllm.seeding import generator
from anomalyllm.thresholding import with_threshold
from anomalyllm.windows.slicing import Grid, lift_scores

PERIOD = 50  # samples of the series that is timed
CHANNEL = "value"


def timed_series(rows: int) -> Series:
    """A noisy wave of one channel: of what is timed only the size matters."""
    wave = np.sin(2 * np.pi * np.arange(rows) / PERIOD)
    return Series((wave + 0.1 * generator(0, "speed").standard_normal(rows))[:, None], (CHANNEL,))


def before(series: Series, fitted: Fitted) -> tuple[Part, ...]:
    """From a file to scaled values."""
    text = csv_of(series)
    reading = Part("reading", partial(_read, text), len(text) + series.values.nbytes, flops=0)
    return reading, Part("scaling", partial(fitted.prepare, series.values), 2 * series.values.nbytes, flops=0)


def behind(series: Series, fitted: Fitted) -> tuple[Part, ...]:
    """From scores of windows to scores of points, and to a threshold."""
    judge = fitted.judges[-1]
    grid = Grid(len(series), judge.window, judge.stride)
    windows = generator(0, "speed").exponential(size=len(grid.starts))
    points = lift_scores(windows, grid)
    return (
        Part("lifting", partial(lift_scores, windows, grid), bytes_of(windows, points), flops=0),
        Part("threshold", partial(with_threshold, fitted, series, points), points.nbytes, flops=0),
    )


def csv_of(series: Series) -> bytes:
    """The series as a file has it."""
    lines = [",".join(series.channels), *(",".join(f"{value:.6f}" for value in row) for row in series.values)]
    return ("\n".join(lines) + "\n").encode()


def _read(text: bytes) -> Series:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "series.csv"
        path.write_bytes(text)
        return read_recording(path).series
