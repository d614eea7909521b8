"""Are an exported detector's scores, flags and events those of the detector, on every series of benchmark sets?

python benchmarks/export_parity.py OUT.csv --data DIR --sets ucr smd --preset trained --set training.max_steps=50

Each series is fitted, exported, and both forms score the same rows of its test part: those around its first anomaly,
at most `--rows`. A line for each is appended to OUT.csv; series that have one are skipped, so a stopped run goes on.
"""

from __future__ import annotations

import argparse
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from resumable import Line, append, lines_of

from anomalyllm import AnomalyLLM
from anomalyllm.cli.options import read_assignment
from anomalyllm.datasets import Case, open_dataset
from anomalyllm.exporting import export_onnx

KEY = ("dataset", "case", "preset", "settings", "asked_rows")
COLUMNS = (*KEY, "channels", "rows", "largest_relative", "flags_differ", "same_events")


def around_the_anomaly(labels: np.ndarray, most: int) -> slice:
    """At most `most` rows of a test part, with its first anomaly in their middle where it has one."""
    rows = len(labels)
    middle = int(labels.argmax()) if labels.any() else 0
    begin = min(max(0, middle - most // 2), max(0, rows - most))
    return slice(begin, min(rows, begin + most))


def key(preset: str, settings: dict[str, object], most: int, case: Case) -> tuple[str, ...]:
    """What a line is about, as it is written."""
    told = " ".join(f"{name}={value}" for name, value in settings.items())
    return case.dataset, case.name, preset, told, str(most)


def compared(preset: str, settings: dict[str, object], most: int, case: Case) -> Line:
    """The line of one series."""
    data = case.read()
    detector = AnomalyLLM(preset, settings=settings).fit(data.train)
    looked_at = data.test[around_the_anomaly(data.labels, most)]
    with tempfile.TemporaryDirectory() as folder:
        found = export_onnx(detector._fitted, Path(folder) / "exported", check=looked_at)
    size = (looked_at.shape[1], len(looked_at))
    return (*key(preset, settings, most, case), *size, f"{found.largest:.3g}", found.flags, found.events)


def summary(lines: list[dict[str, str]]) -> str:
    """For each preset and set how many agree, and how far the farthest are apart."""
    told = []
    for group in sorted({_group(line) for line in lines}):
        some = [line for line in lines if _group(line) == group]
        farthest = max(float(line["largest_relative"]) for line in some)
        near = sum(float(line["largest_relative"]) <= 1e-5 for line in some)
        same = sum(line["flags_differ"] == "0" and line["same_events"] == "True" for line in some)
        told.append(
            f"{' '.join(filter(None, group[:2]))} on {group[2]}: {len(some)} series, "
            f"scores of {near} within 1e-5, farthest {farthest:.2g}; "
            f"flags and events the same on {same}"
        )
    return "\n".join(told)


def _group(line: dict[str, str]) -> tuple[str, str, str]:
    return line["preset"], line["settings"], line["dataset"]


def main() -> None:
    """Compares what has not been, and prints a summary of all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=["ucr"])
    parser.add_argument("--preset", default="default", choices=["default", "pretrained", "trained", "paper"])
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", dest="settings")
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--limit", type=int, help="series of a set, in their order")
    parser.add_argument("--jobs", type=int, default=1)
    asked = parser.parse_args()
    settings = dict(map(read_assignment, asked.settings))
    done = {tuple(line[name] for name in KEY) for line in lines_of(asked.out)}
    cases = [case for name in asked.sets for case in open_dataset(name, asked.data).cases[: asked.limit]]
    left = [case for case in cases if key(asked.preset, settings, asked.rows, case) not in done]
    work = partial(compared, asked.preset, settings, asked.rows)
    append(asked.out, COLUMNS, work, left, asked.jobs)
    print(summary(lines_of(asked.out)))


if __name__ == "__main__":
    main()
