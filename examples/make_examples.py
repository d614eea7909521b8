"""Writes the two example tables beside this file: multibeat.csv and machines.csv.

Run it as `python examples/make_examples.py`. The same version of the package writes the same bytes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from anomalyllm.data import Series, machines, multibeat

DECIMALS = 4
EXAMPLES = {
    "multibeat.csv": (multibeat, "ms"),
    "machines.csv": (machines, "s"),
}  # maker, and unit of its times


def table(series: Series, unit: str) -> str:
    """A labelled series with times as CSV text: time, one column for each channel, label."""
    assert series.times is not None
    assert series.labels is not None
    times = np.datetime_as_string(series.times, unit=unit)
    lines = [",".join(["time", *series.channels, "label"])]
    for time, values, label in zip(times, series.values.round(DECIMALS), series.labels, strict=True):
        lines.append(",".join([time, *(f"{value:.{DECIMALS}f}" for value in values), str(label)]))
    return "\n".join(lines) + "\n"


def write(folder: Path) -> list[Path]:
    """Writes every example into `folder` and returns where."""
    written = []
    for name, (maker, unit) in EXAMPLES.items():
        path = folder / name
        path.write_text(table(maker(), unit), encoding="utf-8", newline="\n")
        written.append(path)
    return written


if __name__ == "__main__":
    write(Path(__file__).parent)
