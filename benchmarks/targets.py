"""What the default detector takes as a whole, beside what it was meant to take.

python benchmarks/targets.py [OUT.csv]

As many threads as there are cores; wall clock, the least of some rounds, between two measurements of a product of
matrices that says what the machine gives meanwhile. Series are generated: its cost does not depend on the values.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from anomalyllm import AnomalyLLM, Stream
from anomalyllm.evaluation.speed.retrieving import retrieval_flops
from anomalyllm.model.threads import cores
from anomalyllm.windows.slicing import Grid

TRAINING, ROWS, MANY = 8_000, 100_000, 38
SQUARE = 1_024  # of the product that the machine is measured by
POINTS = 1_000  # pushed one by one
SAMPLE = Path(__file__).resolve().parents[1] / "examples" / "multibeat.csv"


class Found(NamedTuple):
    """A target and what came of it."""

    what: str
    unit: str
    target: str
    reached: float
    share_of_peak: float | None = None  # of the products that retrieval computes


def series(rows: int, channels: int) -> np.ndarray:
    """Sines with noise, (rows, channels)."""
    phase = np.arange(rows)[:, None] / (100 + 2 * np.arange(channels))
    return np.sin(2 * np.pi * phase) + 0.1 * np.random.default_rng(0).standard_normal((rows, channels))


def least(work: Callable[[], object], rounds: int) -> float:
    """Seconds on the wall."""
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken)


def peak() -> float:
    """Floating-point operations in a second of a square product in float32."""
    left, right = (np.ones((SQUARE, SQUARE), np.float32) for _ in range(2))
    return 2 * SQUARE**3 / least(lambda: left @ right, 20)


def scoring(channels: int, rows: int, target: str, rounds: int) -> Found:
    """Rows in a second of a detector fitted on `TRAINING` rows, and the share of the peak before and after."""
    detector, X = AnomalyLLM().fit(series(TRAINING, channels)), series(rows, channels)
    before = peak()
    seconds = least(lambda: detector.decision_function(X), rounds)
    judges = detector._fitted.retrieval
    counts = [len(Grid(rows, judge.window, judge.stride).starts) for judge in judges]
    flops = channels * sum(retrieval_flops(judge, count) for judge, count in zip(judges, counts, strict=True))
    what = f"scoring, {channels} channel{'s' if channels > 1 else ''}"
    return Found(what, "rows/s", target, rows / seconds, flops / seconds / max(before, peak()))


def one_point(channels: int, target: str) -> Found:
    """The 99th percentile of what a pushed row takes, in milliseconds."""
    stream, X = Stream(AnomalyLLM().fit(series(TRAINING, channels))), series(POINTS + 500, channels)
    stream.push(X[:500])
    taken = [least(lambda row=row: stream.push(X[row : row + 1]), 1) for row in range(500, 500 + POINTS)]  # type: ignore[misc]
    return Found(
        f"one row, {channels} channel{'s' if channels > 1 else ''}",
        "ms, p99",
        target,
        1e3 * float(np.quantile(taken, 0.99)),
    )


def command(*words: str) -> None:
    """The command line in a process of its own."""
    subprocess.run([sys.executable, "-m", "anomalyllm", *words], check=True, capture_output=True)  # noqa: S603 - our words


def starting(folder: Path) -> list[Found]:
    """Whole commands: the sample as a newcomer runs it, and scoring with a detector that was saved."""
    command("fit", str(SAMPLE), "--train-end", "0.4", "--model", str(folder / "model"))
    command("export", str(folder / "model"), "--out", str(folder / "exported"))
    score = ("score", str(SAMPLE), "--model", str(folder / "exported"), "--runtime", "onnx", "--json")
    return [
        Found(
            "detect on the sample", "s", "≤ 6", least(lambda: command("detect", str(SAMPLE), "--train-end", "0.4"), 3)
        ),
        Found("score the sample, exported", "s", "≤ 2", least(lambda: command(*score), 3)),
    ]


def measured() -> list[Found]:
    """All targets."""
    X = series(TRAINING, 1)
    found = [
        Found(f"fit, {TRAINING:,} rows", "s", "≤ 10", least(lambda: AnomalyLLM().fit(X), 3)),
        scoring(1, ROWS, "≥ 200,000", 5),
        scoring(MANY, ROWS // 10, "≥ 50,000", 3),
        one_point(1, "≤ 5"),
        one_point(MANY, "≤ 5"),
    ]
    with tempfile.TemporaryDirectory() as folder:
        return [*found, *starting(Path(folder))]


def main() -> None:
    """Measures, prints, and writes where a path is given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, nargs="?")
    asked = parser.parse_args()
    print(f"{cores()} cores, float32 products {peak() / 1e9:.0f} GFLOP/s")
    found = measured()
    for each in found:
        share = "" if each.share_of_peak is None else f"  {each.share_of_peak:.0%} of the peak"
        print(f"{each.what:28} {each.reached:>12,.4g} {each.unit:8} (target {each.target}){share}")
    if asked.out is not None:
        with asked.out.open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerows([Found._fields, *found])


if __name__ == "__main__":
    main()
