"""Does `paper` find the same where its teacher multiplies in bfloat16? At GPT-2's size, on series of the UCR archive.

python benchmarks/precision_hits.py OUT.csv --data DIR [--steps 20] [--batch 16] [--stride 16] [--jobs 2]

Three detectors of each series, all with random weights in GPT-2's place, the same draws and quick dropout: trained and
scored in float32; the same networks scored in bfloat16; trained and scored in bfloat16. A line for each series is
appended to OUT.csv, shortest series first; series that have one are skipped, so a stopped run goes on.
"""

from __future__ import annotations

import argparse
import copy
import dataclasses
from functools import partial
from pathlib import Path

import numpy as np
from resumable import Line, append, lines_of

from anomalyllm import preset
from anomalyllm.config import DetectorConfig, Precision
from anomalyllm.data.series import as_series
from anomalyllm.datasets import Case, open_dataset
from anomalyllm.datasets.case import CaseData
from anomalyllm.evaluation.metrics.location import location_hit
from anomalyllm.evaluation.metrics.segments import runs
from anomalyllm.evaluation.speed.networks import timed_teacher
from anomalyllm.fitted import Fitted
from anomalyllm.model.chance import torch_chance
from anomalyllm.model.language_models import TEACHERS
from anomalyllm.model.precision import draw_quickly, halve
from anomalyllm.seeding import torch_seed
from anomalyllm.teaching import calibrated_judge, start
from anomalyllm.training import loop

SEED = 0
WAYS = ("float32", "scored_bfloat16", "bfloat16")
BESIDE = WAYS[1:]  # beside float32
KEY = ("case", "teacher", "steps", "batch", "stride")
COLUMNS = (
    *KEY,
    "rows_train",
    "rows_test",
    *(f"{way}_row" for way in WAYS),
    *(f"{way}_right" for way in WAYS),
    *(f"{way}_difference" for way in BESIDE),
    *(f"{way}_correlation" for way in BESIDE),
)


def taught(train: np.ndarray, config: DetectorConfig, precision: Precision) -> Fitted:
    """A calibrated detector whose teacher multiplies in `precision`; its threshold is not asked for."""
    config = config.with_settings({"teacher.precision": precision})
    with torch_chance(torch_seed(SEED, "teacher")):
        teacher = timed_teacher(config)
    series = as_series(train)
    started = start(series, config, SEED, "cpu", teacher)
    draw_quickly(started.untrained.networks.distiller.teacher.language_model)
    fitted, run = started.untrained, loop.Run(started.untrained.networks.distiller, started.data, config, SEED)
    while not run.finished:  # a validation would only say that the last step was the best
        run.advance()
    judge = calibrated_judge(fitted, started.data)
    return dataclasses.replace(fitted, judges=(judge,))


def rounded(fitted: Fitted) -> Fitted:
    """The same networks, whose teacher multiplies in bfloat16."""
    distiller = copy.deepcopy(fitted.networks.distiller)
    halve(distiller.teacher.language_model)
    distiller.teacher.halved = True
    return dataclasses.replace(fitted, judges=(dataclasses.replace(fitted.networks, distiller=distiller),))


def ways(data: CaseData, config: DetectorConfig) -> dict[str, np.ndarray]:
    """Scores (T,) of the test part, by each way."""
    exact = taught(data.train, config, "float32")
    prepared = exact.prepare(as_series(data.test).values)
    detectors = (exact, rounded(exact), taught(data.train, config, "bfloat16"))
    return {way: detector.point_scores(prepared) for way, detector in zip(WAYS, detectors, strict=True)}


def compared(config: DetectorConfig, case: Case) -> Line:
    """The line of one series."""
    data = case.read()
    scores = ways(data, config)
    segments = runs(data.labels != 0).pairs()
    places = {way: int(found.argmax()) for way, found in scores.items()}
    exact = scores[WAYS[0]]
    apart = [np.abs(scores[way] - exact).max() / exact.max() for way in BESIDE]
    alike = [np.corrcoef(scores[way], exact)[0, 1] for way in BESIDE]
    right = [int(location_hit(place, segments)) for place in places.values()]
    size = (len(data.train), len(data.test))
    told = (*(f"{value:.3g}" for value in apart), *(f"{value:.6f}" for value in alike))
    return (*key(config, case.name), *size, *places.values(), *right, *told)


def key(config: DetectorConfig, case: str = "") -> tuple[str, ...]:
    """What a line is about, as it is written."""
    training = config.training
    return case, config.teacher.name, str(training.max_steps), str(training.batch), str(config.window.stride)


def summary(lines: list[dict[str, str]]) -> str:
    """How many rows and verdicts stay, and how far scores are apart."""
    told = [f"{len(lines)} series, right in float32: {sum(line['float32_right'] == '1' for line in lines)}"]
    for way in BESIDE:
        moved = [line for line in lines if line[f"{way}_row"] != line["float32_row"]]
        turned = [line["case"] for line in lines if line[f"{way}_right"] != line["float32_right"]]
        apart = [float(line[f"{way}_difference"]) for line in lines]
        least = min(float(line[f"{way}_correlation"]) for line in lines)
        told.append(
            f"{way}: right {sum(line[f'{way}_right'] == '1' for line in lines)}, another highest row on {len(moved)}, "
            f"another verdict on {len(turned)}{': ' if turned else ''}{', '.join(turned)}; "
            f"scores differ by {np.median(apart):.2g} of the highest (median), {max(apart):.2g} at most; "
            f"correlation at least {least:.4f}"
        )
    return "\n".join(told)


def asked_config(asked: argparse.Namespace) -> DetectorConfig:
    """`paper`, or with a small teacher, with a bound on its steps."""
    settings = {"training.max_steps": asked.steps, "training.batch": asked.batch, "window.stride": asked.stride}
    if asked.teacher in TEACHERS:
        settings |= {"teacher.blocks": 1, "teacher.name": asked.teacher}
    return preset("paper").with_settings(settings)


def main() -> None:
    """Compares what has not been, and prints a summary of all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--teacher", default="gpt2", choices=["gpt2", "compact"], help="of random weights")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--stride", type=int, default=16)
    parser.add_argument("--jobs", type=int, default=1)
    asked = parser.parse_args()
    config = asked_config(asked)
    asked_for = dict(zip(KEY[1:], key(config)[1:], strict=True))
    done = {tuple(line[name] for name in KEY) for line in lines_of(asked.out)}
    left = [case for case in open_dataset("ucr", asked.data).cases if key(config, case.name) not in done]
    left.sort(key=lambda case: len(case.read().test))
    append(asked.out, COLUMNS, partial(compared, config), left, asked.jobs)
    print(summary([line for line in lines_of(asked.out) if all(line[name] == asked_for[name] for name in KEY[1:])]))


if __name__ == "__main__":
    main()
