"""SWAN and GECCO as the NIPS-TS benchmark has them: `NIPS_TS_Swan_train.npy`, `…_test.npy`, `…_test_label.npy`.

GECCO's files say `Water` in place of `Swan`. Source: Lai et al., "Revisiting time series outlier detection: definitions
and benchmarks", NeurIPS 2021 (datasets and benchmarks).
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from anomalyllm.datasets.arrays import npy_array
from anomalyllm.datasets.assembling import case_data
from anomalyllm.datasets.case import Case, CaseData
from anomalyllm.datasets.folders import folders_below


def nips_ts_cases(dataset: str, word: str, case: str, folder: Path) -> tuple[Case, ...]:
    """The one case of a set, or none.

    Args:
        dataset: the set's name.
        word: the part of the files' names that tells the set: "Swan", "Water".
        case: the case's name.
        folder: looked through.
    """
    for base in folders_below(folder):
        stem = f"NIPS_TS_{word}"
        if (base / f"{stem}_test.npy").is_file():
            return (Case(dataset, case, dataset, partial(read_nips_ts, base, stem)),)
    return ()


def read_nips_ts(base: Path, stem: str) -> CaseData:
    """The three files."""
    train, test, labels = (npy_array(base / f"{stem}_{part}.npy") for part in ("train", "test", "test_label"))
    return case_data(stem, train, test, labels)
