"""Small benchmark sets, tasks and rows for the tests of the bench."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from anomalyllm.datasets.case import Case, CaseData
from anomalyllm.evaluation.bench.tasks import Task
from anomalyllm.evaluation.methods import Method
from conftest import sine

SPIKE = 350


def spiked(seed: int, train: int = 400, test: int = 600) -> CaseData:
    """A sine whose test part jumps at `SPIKE`."""
    values = sine(train + test, seed=seed)
    values[train + SPIKE : train + SPIKE + 10] += 3.0
    labels = np.zeros(test, np.int8)
    labels[SPIKE : SPIKE + 10] = 1
    return CaseData(values[:train], values[train:], labels)


def case(number: int, dataset: str = "UCR", **rows: int) -> Case:
    return Case(dataset, f"case-{number}", "Sine", partial(spiked, number, **rows))


def task(folder: Path, number: int = 0, method: str = "second-difference", seed: int = 0, **rows: int) -> Task:
    return Task(case(number, **rows), Method(method), seed, "honest", folder, folder / "data")


def write_archive(folder: Path, count: int) -> Path:
    """`count` series in the form of the UCR archive below `folder`/UCR."""
    (folder / "UCR").mkdir(parents=True)
    for number in range(1, count + 1):
        data = spiked(number)
        first = len(data.train) + SPIKE + 1
        name = f"{number:03d}_UCR_Anomaly_ECG{number}_{len(data.train)}_{first}_{first + 9}.txt"
        np.savetxt(folder / "UCR" / name, np.concatenate([data.train, data.test]))
    return folder
