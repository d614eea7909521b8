"""Many short series trained together beside one by one: `python benchmarks/together.py FOLDER`, of UCR series as npz.

Takes the series with the shortest training parts, times the training alone (steps and validations, in turns, the least
of the rounds) and prints the ratio and how far the losses are apart.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from anomalyllm import preset
from anomalyllm.config import DetectorConfig
from anomalyllm.data.series import as_series
from anomalyllm.detector import device_of
from anomalyllm.teaching import Started, start
from anomalyllm.training.loop import train
from anomalyllm.training.record import TrainingRecord
from anomalyllm.training.together import train_together


def shortest(folder: Path, count: int) -> list[np.ndarray]:
    """The training parts of the `count` series in `folder` that have the fewest rows."""
    parts = [np.load(path)["train"] for path in sorted(folder.glob("*.npz"))]
    return sorted(parts, key=len)[:count]


def alone(started: list[Started], config: DetectorConfig) -> list[TrainingRecord]:
    """One after the other."""
    return [train(each.untrained.networks.distiller, each.data, config, 0) for each in started]


def together(started: list[Started], config: DetectorConfig) -> list[TrainingRecord]:
    """All in one stack."""
    distillers = [each.untrained.networks.distiller for each in started]
    names = [str(place) for place in range(len(started))]
    return train_together(distillers, [each.data for each in started], config, 0, names=names)


def seconds(work: Callable[[], object], device: str) -> float:
    """Processor time, or by the clock where a card works meanwhile and is waited for."""
    clock = time.perf_counter if device == "cuda" else time.process_time
    began = clock()
    work()
    if device == "cuda":
        torch.cuda.synchronize()
    return clock() - began


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--series", type=int, default=16)
    parser.add_argument("--window", type=int, default=64)
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    given = parser.parse_args()
    torch.set_num_threads(1)
    device = device_of(given.device)
    settings = {"window.length": given.window, "training.max_steps": given.steps, "training.batch": given.batch}
    config = preset("trained").with_settings(settings)
    series = [as_series(part) for part in shortest(given.folder, given.series)]
    taken: dict[str, list[float]] = {"alone": [], "together": []}
    found: dict[str, list[TrainingRecord]] = {}
    for _ in range(given.rounds):
        for name, way in (("alone", alone), ("together", together)):
            started = [start(each, config, 0, device) for each in series]
            settled = started[0].untrained.config
            taken[name].append(seconds(lambda: found.update({name: way(started, settled)}), device))  # noqa: B023
    rows = sorted(map(len, series))
    apart = max(abs(one.best - other.best) for one, other in zip(found["alone"], found["together"], strict=True))
    print(f"{len(series)} series of {rows[0]} to {rows[-1]} rows, {given.steps} steps of {given.batch} on {device}")
    print(f"alone {min(taken['alone']):.1f} s, together {min(taken['together']):.1f} s")
    print(f"ratio {min(taken['alone']) / min(taken['together']):.2f}; best losses at most {apart:.1e} apart")


if __name__ == "__main__":
    main()
