"""SMD, the Server Machine Dataset: `train/NAME.txt`, `test/NAME.txt` and `test_label/NAME.txt`, numbers with commas.

Source: Su et al., "Robust anomaly detection for multivariate time series through stochastic recurrent neural network",
KDD 2019. Its machines are in three groups: machine-1-…, machine-2-…, machine-3-….
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from anomalyllm.datasets.assembling import case_data
from anomalyllm.datasets.case import Case, CaseData, Floats
from anomalyllm.datasets.folders import content_of, folders_below
from anomalyllm.datasets.tables import read_table

NAME = "SMD"
PARTS = ("train", "test", "test_label")


def smd_cases(folder: Path) -> tuple[Case, ...]:
    """The machines whose three files lie in the nearest folder that has `train`, `test` and `test_label`."""
    for base in folders_below(folder):
        if all((base / part).is_dir() for part in PARTS):
            files = sorted((base / "test").glob("machine-*.txt"))
            if files:
                return tuple(
                    Case(NAME, path.stem, _group(path.stem), partial(read_smd, base, path.stem)) for path in files
                )
    return ()


def read_smd(base: Path, name: str) -> CaseData:
    """The three files of a machine."""
    train, test, labels = (_numbers(base / part / f"{name}.txt") for part in PARTS)
    return case_data(name, train, test, labels)


def _numbers(path: Path) -> Floats:
    return read_table(content_of(path), f"{path.parent.name}/{path.name}", header=False).numbers()


def _group(name: str) -> str:
    found = re.match(r"machine-(\d+)-", name)
    return f"SMD-group{found[1]}" if found else NAME
