"""How time and memory of `anomalyllm fit` and `score` grow with the length of a series: a CSV and a chart.

python benchmarks/length.py OUT --rows 100000 300000 1000000 3000000 10000000 100000000
python benchmarks/length.py OUT --rows 3000000 --bank 64 --kinds parquet csv
python benchmarks/length.py OUT --rows 600000 --channels 38
python benchmarks/length.py OUT --rows 100000 1000000 10000000 100000000 --preset trained --fit-only
python benchmarks/length.py OUT --rows 600000 --channels 38 --preset trained --fit-only

Each command runs in a process of its own. What the same command takes on 10,000 rows is taken for the interpreter and
its libraries, and left out of memory and of the exponents. Seconds are of processors, so that other work on the machine
counts little. Rows are appended to OUT/length.csv; the chart and the exponents are made anew of all of it.
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

TINY = 10_000  # rows whose memory counts as the library's own
PART = 1_000_000  # numbers written at once: a child's peak memory counts what its parent held at its birth
PERIOD, NOISE, SEED = 100, 0.1, 0
COLUMNS = (
    "command",
    "preset",
    "kind",
    "rows",
    "channels",
    "bank",
    "cpu_seconds",
    "wall_seconds",
    "peak_mib",
    "above_tiny_mib",
    "host",
)


def write_series(path: Path, rows: int, channels: int) -> None:
    """Sines with noise, an anomaly in each million numbers, as NPY (float32), Parquet or CSV; some at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    step = PART // channels
    if path.suffix == ".npy":
        with path.open("wb") as file:  # not mapped, for the same reason
            head = {"descr": "<f4", "fortran_order": False, "shape": (rows, channels)}
            np.lib.format.write_array_header_1_0(file, head)
            for begin in range(0, rows, step):
                file.write(part(begin, min(rows, begin + step), channels).tobytes())
        return
    names = ["value"] if channels == 1 else [f"value{channel}" for channel in range(channels)]
    schema = pa.schema([(name, pa.float32()) for name in names])
    if path.suffix == ".parquet":
        with pq.ParquetWriter(path, schema) as writer:
            for begin in range(0, rows, step):
                values = part(begin, min(rows, begin + step), channels)
                writer.write_table(pa.table(list(values.T), schema=schema))
        return
    with path.open("w") as file:
        file.write(",".join(names) + "\n")
        for begin in range(0, rows, step):
            np.savetxt(file, part(begin, min(rows, begin + step), channels), fmt="%.5f", delimiter=",")


def part(begin: int, end: int, channels: int) -> np.ndarray:
    """Rows of the series (n, C), whatever else is written; each channel's period is two rows longer."""
    phase = np.arange(begin, end)[:, None] / (PERIOD + 2 * np.arange(channels))
    noise = np.random.default_rng([SEED, begin]).standard_normal((end - begin, channels))
    values = np.sin(2 * np.pi * phase) + NOISE * noise
    middle = PART // channels // 2
    values[middle : middle + PERIOD] = 0.0
    return values.astype(np.float32)


class Cost(NamedTuple):
    """Processor seconds, seconds on the wall, and peak memory in MiB."""

    cpu: float
    wall: float
    peak: float


def measured(words: list[str]) -> Cost:
    """What one command costs."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "anomalyllm", *words]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 - our own words
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, time.perf_counter() - began, usage.ru_maxrss / 1024)


class Case(NamedTuple):
    """A series, and what is fitted on it."""

    preset: str
    kind: str
    rows: int
    channels: int
    bank: int  # 0: of a preset that does not retrieve


def costs(folder: Path, case: Case, *, scored: bool) -> dict[str, Cost]:
    """What `fit` and, where `scored`, `score` of one length cost; what is scored are the rows of the fit."""
    file, model, scores = folder / f"series.{case.kind}", folder / "model", folder / "scores.csv"
    write_series(file, case.rows, case.channels)
    how = ["--preset", case.preset, "-q", *(["--set", f"retrieval.bank={case.bank}"] if case.bank else [])]
    found = {"fit": measured(["fit", str(file), "--model", str(model), *how])}
    if scored:
        found["score"] = measured(["score", str(file), "--model", str(model), "--scores", str(scores), "--json", "-q"])
        scores.unlink()
    file.unlink()
    return found


def append(path: Path, case: Case, found: dict[str, Cost], tiny: dict[str, Cost]) -> None:
    """A line for each command."""
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if new:
            writer.writerow(COLUMNS)
        for command, (cpu, wall, peak) in found.items():
            above = peak - tiny[command].peak
            row = (command, *case, f"{cpu:.1f}", f"{wall:.1f}", f"{peak:.0f}", f"{above:.0f}")
            writer.writerow((*row, f"{platform.machine()}, {os.cpu_count()} cores"))
            print(*row, flush=True)


def exponent(rows: list[dict[str, str]]) -> float:
    """The slope of the logarithm of seconds beyond those of the shortest on that of rows, by least squares."""
    tiny = min(rows, key=lambda row: int(row["rows"]))
    longer = [row for row in rows if int(row["rows"]) > int(tiny["rows"])]
    seconds = np.array([float(row["cpu_seconds"]) for row in longer]) - float(tiny["cpu_seconds"])
    return float(np.polyfit(np.log([int(row["rows"]) for row in longer]), np.log(np.maximum(seconds, 0.1)), 1)[0])


def group_of(row: dict[str, str]) -> tuple[str, str, str, int, int]:
    """The rows that make one line."""
    return row["command"], row["preset"], row["kind"], int(row["channels"]), int(row["bank"])


def draw(table: list[dict[str, str]], path: Path) -> None:
    """Seconds and memory against rows."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5.2), layout="constrained")
    groups = sorted({group_of(row) for row in table}, reverse=True)
    for group in groups:
        command, preset, kind, channels, bank = group
        rows = [row for row in table if group_of(row) == group]
        rows.sort(key=lambda row: int(row["rows"]))
        kept = f", bank {bank}" if bank else ""
        name = f"{command}, {preset}, {kind}{kept}" + (f", {channels} channels" if channels > 1 else "")
        if len(rows) > 3:
            name += f": exponent {exponent(rows):.2f}"
        style = "o-" if command == "score" else "s--"
        lengths = [int(row["rows"]) for row in rows]
        left.loglog(lengths, [float(row["cpu_seconds"]) for row in rows], style, label=name)
        right.semilogx(lengths, [float(row["above_tiny_mib"]) for row in rows], style, label=name)
    left.set(xlabel="rows", ylabel="processor seconds", title="Time")
    right.axhline(300, color="grey", linewidth=1)
    right.set(xlabel="rows", ylabel=f"MiB above a run on {TINY:,} rows", title="Peak memory (grey: the limit, 300 MB)")
    right.set_ylim(0, max(330, *(float(row["above_tiny_mib"]) * 1.05 for row in table)))
    figure.legend(*left.get_legend_handles_labels(), fontsize=8, loc="outside lower center", ncols=3)
    figure.savefig(path, dpi=120)


def main() -> None:
    """Measures, appends, draws."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rows", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--kinds", nargs="*", default=["npy"], choices=["npy", "parquet", "csv"])
    parser.add_argument("--channels", type=int, default=1)
    parser.add_argument("--bank", type=int, default=8192)
    parser.add_argument("--preset", default="default", choices=["default", "pretrained", "trained"])
    parser.add_argument("--fit-only", action="store_true")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    path = asked.out / "length.csv"
    for kind in asked.kinds:
        with tempfile.TemporaryDirectory(dir=asked.out) as folder:
            tiny = {}
            for rows in (TINY, *asked.rows):
                case = Case(asked.preset, kind, rows, asked.channels, 0 if asked.preset == "trained" else asked.bank)
                found = costs(Path(folder), case, scored=not asked.fit_only)
                tiny = tiny or found
                append(path, case, found, tiny)
    if path.exists():
        with path.open(newline="") as file:
            draw(list(csv.DictReader(file)), asked.out / "length.png")


if __name__ == "__main__":
    main()
