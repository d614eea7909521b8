"""Seconds of all nine metrics together, and how many times quicker that is than TSB-AD's recorded seconds.

python benchmarks/metric_speed.py TSB_TIMING.json    (a file with rows of n and seconds, as recorded from TSB-AD)
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np

from anomalyllm.evaluation import evaluate

SEGMENTS, WINDOW, REPEATS, SEED = 8, 100, 3, 0


def seconds(rows: int) -> float:
    """The quickest of a few calls on noise with eight anomalies, the slowest kind of scores."""
    scores, labels = np.random.default_rng(SEED).random(rows), np.zeros(rows, np.int64)
    length = rows // 400
    for start in np.linspace(rows // 20, rows - rows // 20, SEGMENTS).astype(int):
        labels[start : start + length] = 1
    taken = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        evaluate(scores, labels, WINDOW)
        taken.append(time.perf_counter() - began)
    return min(taken)


def main() -> None:
    """A line for each recorded length."""
    for row in json.loads(Path(sys.argv[1]).read_text())["rows"]:
        ours, theirs = seconds(row["n"]), row["seconds"]["all nine (get_metrics)"]["wall"]
        print(f"{row['n']:>7,} points: {ours:.3f} s, {theirs / ours:.0f} times as quick as {theirs:.2f} s")


if __name__ == "__main__":
    main()
