"""TSB-AD-U and TSB-AD-M: a table per series, `NNN_DATASET_id_K_DOMAIN_tr_TRAIN_1st_FIRST.csv`.

Columns of values, and `Label` at the end. The first TRAIN rows are for training; FIRST is the first anomalous row. The
family is the domain. Source: Liu and Paparrizos, "The elephant in the room: towards a reliable time-series anomaly
detection benchmark", NeurIPS 2024.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import numpy as np

from anomalyllm.datasets.assembling import cut
from anomalyllm.datasets.case import Case, CaseData
from anomalyllm.datasets.folders import content_of, folders_below
from anomalyllm.datasets.tables import read_table

TITLE = re.compile(r"\d+_(?P<set>.+)_id_\d+_(?P<domain>.+)_tr_(?P<train>\d+)_1st_(?P<first>\d+)\.csv")
SETS = ("TSB-AD-U", "TSB-AD-M")
LABEL = "Label"


def tsb_ad_cases(dataset: str, folder: Path) -> tuple[Case, ...]:
    """The tables in the nearest folder that holds some and is not called like the other of the two sets."""
    (other,) = (name.lower() for name in SETS if name != dataset)
    for base in folders_below(folder):
        if other in (part.lower() for part in (folder.name, *base.relative_to(folder).parts)):
            continue
        found = [(path, title) for path in base.glob("*.csv") if (title := TITLE.fullmatch(path.name))]
        if found:
            return tuple(Case(dataset, path.stem, title["domain"], partial(read_tsb_ad, path)) for path, title in found)
    return ()


def read_tsb_ad(path: Path) -> CaseData:
    """A table, cut where its name says. A name that tells another first anomaly than the labels gets a note."""
    title = TITLE.fullmatch(path.name)
    assert title is not None, path
    table = read_table(content_of(path), path.name, header=True)
    labels = table.column(LABEL)
    values = table.numbers([name for name in table.names if name != LABEL])
    notes = []
    first = int(np.argmax(labels == 1))
    if abs(first - int(title["first"])) > 1:  # the name may count from 0 or from 1
        notes.append(f"the name says that the first anomaly is at row {title['first']}, the labels say {first}")
    return cut(path.name, values, labels, int(title["train"]), notes=notes)
