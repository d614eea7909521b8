"""Labelled series that are made up, so that `--smoke` needs no data: they show that everything runs, and no more."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anomalyllm.datasets.catalogue import dataset_name
from anomalyllm.datasets.indexed import INDEX
from anomalyllm.files import write_atomically
from anomalyllm.seeding import generator

TRAINING_ROWS, TEST_ROWS, PERIOD = 400, 400, 40
ANOMALY = slice(220, 250)  # rows of the test part in which the wave stands still


def write_samples(folder: Path, sets: Sequence[str], count: int) -> None:
    """`count` noisy waves for each set, in a folder with an index, as `open_dataset` reads it.

    Raises:
        ConfigError: an unknown set.
        StorageError: the disk refuses.
    """
    entries = []
    for name in map(dataset_name, sets):
        for number in range(count):
            values, labels = sample_series(f"{name} {number}")
            content = io.BytesIO()
            np.savez(content, train=values[:TRAINING_ROWS], test=values[TRAINING_ROWS:], test_label=labels)
            file = f"{name}/sample-{number}.npz"
            write_atomically(folder / file, content.getvalue())
            entries.append({"dataset": name, "family": name, "name": f"sample-{number}", "file": file})
    write_atomically(folder / INDEX, json.dumps({"series": entries}).encode())


def sample_series(name: str) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """Values (T, 1) of both parts and labels (T',) of the test part; another name gives another series."""
    chance = generator(0, f"sample {name}")
    rows = np.arange(TRAINING_ROWS + TEST_ROWS)
    values = np.sin(2 * np.pi * rows / PERIOD + chance.uniform(0, 6)) + 0.1 * chance.standard_normal(len(rows))
    values[TRAINING_ROWS:][ANOMALY] = values[TRAINING_ROWS + ANOMALY.start]
    labels = np.zeros(TEST_ROWS, np.int8)
    labels[ANOMALY] = 1
    return values[:, None], labels
