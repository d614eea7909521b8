"""`paper` on the series of the UCR archive on a card: what it finds, how long it takes, what share of its products.

python benchmarks/card.py OUT.csv --data DIR [--device cuda] [--teacher random-gpt2] [--steps 150] [--minutes 6]

The teacher has GPT-2's size (six blocks, width 768) and random weights, or is `compact`. Series are taken by the rows
of their training part, shortest first, until the minutes are over. A line for each series, written as it ends.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import time
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from anomalyllm import preset
from anomalyllm.config import DetectorConfig
from anomalyllm.data.series import as_series
from anomalyllm.datasets import open_dataset
from anomalyllm.datasets.case import CaseData
from anomalyllm.detector import device_of
from anomalyllm.evaluation.metrics.location import location_hit
from anomalyllm.evaluation.metrics.segments import runs
from anomalyllm.evaluation.speed.clock import quickest
from anomalyllm.evaluation.speed.measuring import waiting
from anomalyllm.evaluation.speed.networks import timed_teacher
from anomalyllm.evaluation.speed.parts import flops_of
from anomalyllm.model.inference import ROWS_PER_BATCH, gather_evidence
from anomalyllm.teaching import Started, calibrated, start, trained
from anomalyllm.trainable import Run
from anomalyllm.training import loop
from anomalyllm.windows.slicing import Grid

SQUARE = 8192  # of the products that say what the card can do


class Work(NamedTuple):
    """Floating-point operations of a training step, and of one scored window."""

    step: float
    window: float


class Line(NamedTuple):
    """One series."""

    case: str
    rows_train: int
    rows_test: int
    steps: int
    seconds_fit: float
    seconds_score: float
    share_fit: float
    share_score: float
    location: int
    right: int


def peak(device: str, precision: str) -> float:
    """Floating-point operations in a second of the best square product."""
    size = SQUARE if device == "cuda" else 512
    one = torch.randn(size, size, device=device, dtype=getattr(torch, precision))
    taken = quickest({"product": partial(torch.mm, one, one)}, 1.0, waiting(device))["product"]
    return 2 * size**3 / taken


def work_of(started: Started) -> Work:
    """Counted on the networks before their training; weights are given back."""
    distiller, config = started.untrained.networks.distiller, started.untrained.config
    before = {name: tensor.clone() for name, tensor in distiller.state_dict().items()}
    step = flops_of(loop.Run(distiller, started.data, config, 0).advance)
    distiller.load_state_dict(before)
    starts = np.arange(min(ROWS_PER_BATCH, len(started.data.windows)), dtype=np.int64)
    window = flops_of(lambda: gather_evidence(distiller, started.data.windows, starts)) / len(starts)
    return Work(step, window)


def measured(name: str, data: CaseData, config: DetectorConfig, device: str, limit: float) -> Line:
    """Fits and scores one series."""
    wait = waiting(device)
    series = as_series(data.train)
    started = start(series, config, 0, device, timed_teacher(config))
    work = work_of(started)
    wait()
    began = time.perf_counter()
    fitted = trained(started.untrained, started.data, Run(device))
    wait()
    learned = time.perf_counter()
    fitted, _ = calibrated(fitted, series, started.data)
    prepared = fitted.prepare(as_series(data.test).values)
    wait()
    ready = time.perf_counter()
    scores = fitted.point_scores(prepared)
    wait()
    done = time.perf_counter()
    record = fitted.training.record
    windows = len(Grid(len(scores), fitted.window, fitted.stride).starts)
    fit, score = learned - began, done - ready
    return Line(
        name,
        len(series),
        len(scores),
        record.steps,
        round(fit, 3),
        round(score, 3),
        round(work.step * record.steps / fit / limit, 4),
        round(work.window * windows / score / limit, 4),
        location := int(scores.argmax()),
        int(location_hit(location, runs(data.labels != 0).pairs())),
    )


def asked_config(teacher: str, steps: int) -> DetectorConfig:
    """`paper`, or with a small teacher, and a bound on its steps."""
    config = preset("paper").with_settings({"training.max_steps": steps})
    if teacher == "random-gpt2":
        return config
    return dataclasses.replace(config, teacher=dataclasses.replace(config.teacher, name=teacher, blocks=1))


def main() -> None:
    """Measures, writes, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--teacher", default="random-gpt2", choices=["random-gpt2", "compact"])
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--minutes", type=float, default=6.0)
    asked = parser.parse_args()
    device = device_of(asked.device)
    config, end = asked_config(asked.teacher, asked.steps), time.monotonic() + 60 * asked.minutes
    limits = {name: peak(device, name) for name in ("float32", "bfloat16")}
    print({name: f"{limit / 1e12:.1f} TFLOP/s" for name, limit in limits.items()}, torch.__version__, flush=True)
    precision = "bfloat16" if asked.teacher == "random-gpt2" else "float32"
    read = [(case.name, case.read()) for case in open_dataset("ucr", asked.data).cases]
    with asked.out.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Line._fields)
        for name, data in sorted(read, key=lambda one: len(one[1].train)):
            if time.monotonic() > end:
                break
            line = measured(name, data, config, device, limits[precision])
            writer.writerow(line)
            file.flush()
            print(*line, flush=True)


if __name__ == "__main__":
    main()
