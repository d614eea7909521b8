"""How much a method finds against how long it takes: a chart from the rows of a bench.

python benchmarks/accuracy_time.py CHART.png RESULTS... [--dataset UCR]

RESULTS are folders that `anomalyllm bench` wrote (`summary.json`); of a method in several of them the first counts.
Each method under the honest protocol is a dot at its median seconds for a series, fit and score, and at the mean of the
set's headline measure, with its 95 % interval; n is told where it is not that of most. Seconds compare only within one
run on one machine that did nothing else.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import NamedTuple

NEAR, FAR = 0.03, 4.0  # of accuracy, and times: closer names cross
OURS = ("default", "pretrained", "trained", "paper")


class Dot(NamedTuple):
    """A method on the chart."""

    method: str
    seconds: float
    mean: float
    low: float
    high: float
    series: int


def dots(summary: dict[str, dict[str, dict]], dataset: str) -> list[Dot]:
    """Every method that was measured on the set, quickest first."""
    found = [
        Dot(method, sets[dataset]["seconds_median"], sets[dataset][sets[dataset]["headline"]], *_ends(sets[dataset]))
        for method, sets in summary.items()
        if dataset in sets and "(protocol" not in method and sets[dataset][sets[dataset]["headline"]] is not None
    ]
    return sorted(found, key=lambda dot: dot.seconds)


def _ends(figures: dict) -> tuple[float, float, int]:
    mean = figures[figures["headline"]]
    low, high = figures["ci95"] or (mean, mean)
    return low, high, figures["n"]


def draw(found: list[Dot], dataset: str, path: Path) -> None:
    """The chart; the frontier, of methods measured on all series: none is both quicker and better; a line joins it."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(9.5, 5.4), layout="constrained")
    most = [dot for dot in found if dot.series == max(dot.series for dot in found)]
    frontier = [dot for dot in most if dot.mean >= max(other.mean for other in most if other.seconds <= dot.seconds)]
    axes.plot([dot.seconds for dot in frontier], [dot.mean for dot in frontier], color="0.8", linewidth=1, zorder=0)
    series = max(dot.series for dot in found)
    for index, dot in enumerate(found):
        color = "tab:blue" if dot.method in OURS else "0.35"
        axes.errorbar(
            dot.seconds, dot.mean, [[dot.mean - dot.low], [dot.high - dot.mean]], fmt="o", color=color, elinewidth=0.7
        )
        place = (6, 5) if clear(dot, found[:index]) else (6, -13)
        name = dot.method if dot.series == series else f"{dot.method}, n {dot.series}"
        axes.annotate(name, (dot.seconds, dot.mean), place, textcoords="offset points", color=color, fontsize=9)
    axes.margins(x=0.14)
    axes.set(xscale="log", ylim=(-0.04, 1), xlabel="median seconds for a series, fit and score")
    axes.set_ylabel(f"accuracy on {dataset} ({series} series, 95 % intervals)")
    axes.grid(alpha=0.25)
    figure.savefig(path, dpi=120)


def clear(dot: Dot, before: list[Dot]) -> bool:
    """Whether a name beside this dot would cross none of those that stand already."""
    return not any(abs(dot.mean - other.mean) < NEAR and dot.seconds < other.seconds * FAR for other in before)


def main() -> None:
    """Reads, draws, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("chart", type=Path)
    parser.add_argument("results", type=Path, nargs="+")
    parser.add_argument("--dataset", default="UCR")
    asked = parser.parse_args()
    summaries = [json.loads((folder / "summary.json").read_text()) for folder in asked.results]
    found = dots({method: sets for summary in reversed(summaries) for method, sets in summary.items()}, asked.dataset)
    for dot in found:
        print(f"{dot.method:32} {dot.seconds:9.3g} s  {dot.mean:.3f} [{dot.low:.2f}, {dot.high:.2f}]  n {dot.series}")
    draw(found, asked.dataset, asked.chart)


if __name__ == "__main__":
    main()
