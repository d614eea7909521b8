"""GECCO 2018, water quality: the challenge's own table `1_gecco2018_water_quality.csv`.

Columns Time, nine measurements, and EVENT. Split as results on it are reported: rows with a missing value are left out
(with a note), and of the others the first half is for training. Both halves are labelled.
Source: Rehbach et al., "GECCO 2018 industrial challenge: monitoring of drinking-water quality", 2018.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anomalyllm.datasets.assembling import cut
from anomalyllm.datasets.case import Case, CaseData, Labels
from anomalyllm.datasets.folders import AGAIN, content_of, folders_below
from anomalyllm.datasets.tables import read_table
from anomalyllm.errors import ReadError

NAME = "GECCO"
CASE = "gecco2018_nips_ts_split"
FILE = "1_gecco2018_water_quality.csv"
CHANNELS = ("Tp", "Cl", "pH", "Redox", "Leit", "Trueb", "Cl_2", "Fm", "Fm_2")
EVENTS = {"true": 1, "1": 1, "false": 0, "0": 0}


def gecco_cases(folder: Path) -> tuple[Case, ...]:
    """The one case, where the table is there."""
    for base in folders_below(folder):
        if (base / FILE).is_file():
            return (Case(NAME, CASE, NAME, partial(read_gecco, base / FILE)),)
    return ()


def read_gecco(path: Path) -> CaseData:
    """The table, split in halves."""
    table = read_table(content_of(path), path.name, header=True, texts=("", "Time", "EVENT"))
    values, labels = table.numbers(CHANNELS), _labels(table.column("EVENT"))
    whole = ~np.isnan(values).any(axis=1)
    left_out = int((~whole).sum())
    notes = [f"{left_out} of {len(values)} rows have a missing value and are left out"] if left_out else []
    return cut(path.name, values[whole], labels[whole], int(whole.sum()) // 2, notes=notes)


def _labels(texts: NDArray[np.object_]) -> Labels:
    words = [str(text).strip().lower() for text in texts]
    for row, word in enumerate(words):
        if word not in EVENTS:
            raise ReadError("TRUE or FALSE in EVENT", f"{word!r} at row {row} of {FILE}", AGAIN)
    return np.array([EVENTS[word] for word in words], np.int8)
