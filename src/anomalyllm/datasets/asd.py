"""ASD, the Application Server Dataset of InterFusion: `omi-N_train.pkl`, `omi-N_test.pkl`, `omi-N_test_label.pkl`.

The files are pickles of arrays and are read without running what stands in them (`pickles`); `.npy` files of the same
names are taken too, and preferred. Source: Li et al., "Multivariate time series anomaly detection and interpretation
using hierarchical inter-metric and temporal embedding", KDD 2021.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from anomalyllm.datasets.arrays import npy_array
from anomalyllm.datasets.assembling import case_data
from anomalyllm.datasets.case import Case, CaseData
from anomalyllm.datasets.folders import folders_below
from anomalyllm.datasets.pickles import pickled_array

NAME = "ASD"


def asd_cases(folder: Path) -> tuple[Case, ...]:
    """The servers in the nearest folder that holds some."""
    for base in folders_below(folder):
        files = [path for kind in ("pkl", "npy") for path in base.glob(f"omi-*_test.{kind}")]
        if files:
            names = {path.stem.removesuffix("_test") for path in files}
            return tuple(Case(NAME, name, NAME, partial(read_asd, base, name)) for name in names)
    return ()


def read_asd(base: Path, name: str) -> CaseData:
    """The three files of a server."""
    train, test, labels = (_array(base / f"{name}_{part}") for part in ("train", "test", "test_label"))
    return case_data(name, train, test, labels)


def _array(stem: Path) -> NDArray[Any]:
    plain = stem.with_name(f"{stem.name}.npy")
    return npy_array(plain) if plain.is_file() else pickled_array(stem.with_name(f"{stem.name}.pkl"))
