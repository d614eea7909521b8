"""MSL and SMAP, the spacecraft channels of telemanom: `train/CHAN.npy`, `test/CHAN.npy`, `labeled_anomalies.csv`.

The table names the spacecraft of each channel and its anomalies in `test`: rows from 0, first and last included. A
channel that it lists twice (P-2) has the anomalies of both lines. It lies beside the two folders or one folder above.
Source: Hundman et al., "Detecting spacecraft anomalies using LSTMs and nonparametric dynamic thresholding", KDD 2018.
"""

from __future__ import annotations

import csv
import io
import json
from functools import partial
from pathlib import Path

from anomalyllm.datasets.arrays import npy_array
from anomalyllm.datasets.assembling import case_data, labels_of_ranges
from anomalyllm.datasets.case import Case, CaseData
from anomalyllm.datasets.folders import AGAIN, content_of, folders_below, named
from anomalyllm.errors import ReadError

TABLE = "labeled_anomalies.csv"
Ranges = tuple[tuple[int, int], ...]


def telemanom_cases(spacecraft: str, folder: Path) -> tuple[Case, ...]:
    """The channels of a spacecraft ("MSL" or "SMAP") that are in the table and have a file in `test`.

    Raises:
        ReadError: the table is absent or damaged.
    """
    for base in folders_below(folder):
        files = {path.stem: path for path in (base / "test").glob("[A-Z]-*.npy")}
        if files and (base / "train").is_dir():
            channels = _channels(_table_of(base), spacecraft)
            return tuple(
                Case(
                    spacecraft,
                    name,
                    f"{spacecraft}-{name.partition('-')[0]}",
                    partial(read_channel, base, name, *labels),
                )
                for name, labels in channels.items()
                if name in files
            )
    return ()


def read_channel(base: Path, name: str, ranges: Ranges, rows: int) -> CaseData:
    """The two files of a channel.

    Args:
        base: the folder of `train` and `test`.
        name: such as "P-2".
        ranges: its anomalies.
        rows: of `test`, as the table says.

    Raises:
        ReadError: a file is absent or damaged, or has another number of rows.
    """
    train, test = (npy_array(base / part / f"{name}.npy") for part in ("train", "test"))
    if test.shape[:1] != (rows,):
        raise ReadError(f"{rows} rows in test/{name}.npy, as {TABLE} says", f"shape {test.shape}", AGAIN)
    return case_data(name, train, test, labels_of_ranges(rows, ranges, f"{name} in {TABLE}"))


def _table_of(base: Path) -> Path:
    for place in (base, base.parent):
        if (place / TABLE).is_file():
            return place / TABLE
    came = f"none in {named(base)} or the folder above"
    raise ReadError(f"{TABLE} beside the folders train and test", came, "fetch it from the telemanom repository")


def _channels(table: Path, spacecraft: str) -> dict[str, tuple[Ranges, int]]:
    """Anomalies and rows of each channel of a spacecraft."""
    text = content_of(table).decode("utf-8-sig", errors="replace")
    found: dict[str, tuple[Ranges, int]] = {}
    for line in csv.DictReader(io.StringIO(text)):
        try:
            name, owner, rows = line["chan_id"], line["spacecraft"], int(line["num_values"])
            ranges = tuple((int(first), int(last)) for first, last in json.loads(line["anomaly_sequences"]))
        except (KeyError, TypeError, ValueError) as error:
            came = f"something else for {line.get('chan_id')!r} in {named(table)}"
            expected = "chan_id, spacecraft, anomaly_sequences as [[first, last], …] and num_values in each line"
            raise ReadError(expected, came, AGAIN) from error
        if owner == spacecraft:
            found[name] = (found.get(name, ((), rows))[0] + ranges, rows)
    return found
