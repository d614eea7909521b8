"""Numbers and names as the pages of experiments print them."""

from __future__ import annotations

import math

from anomalyllm.evaluation.statistics import Interval

TITLES = {
    "accuracy": "accuracy",
    "accuracy_scores": "accuracy of the highest score",
    "vus_pr": "VUS-PR",
    "auc_pr": "AUC-PR",
    "seconds_fit": "seconds to fit",
    "seconds_score": "seconds to score",
    "peak_memory_mib": "peak MiB",
}


WORDS = {"auc": "AUC", "flops": "FLOPs"}


def titled(measure: str) -> str:
    """A measure as a heading: its title, or its name with blanks."""
    return TITLES.get(measure, " ".join(WORDS.get(word, word) for word in measure.split("_")))


def figure(value: float) -> str:
    """Three places, more for what is small, fewer for what is large; empty where it is not defined."""
    if math.isnan(value):
        return ""
    if value < 0:
        return f"−{figure(-value)}"
    for size, letter in ((1e9, "G"), (1e6, "M")):
        if abs(value) >= size:
            return f"{value / size:.2f} {letter}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if 0 < abs(value) < 0.01 else f"{value:.3f}"


def spread_of(interval: Interval, *, signed: bool = False) -> str:
    """A mean with its interval, "+0.041 (−0.010 to 0.092)"; without one where there is one series."""
    if interval.count == 0:
        return ""
    mean, low, high = (
        f"{value:{'+' if signed and not place else ''}.3f}".replace("-", "−") if signed else figure(value)
        for place, value in enumerate((interval.mean, interval.low, interval.high))
    )
    return mean if interval.count == 1 else f"{mean} ({low} to {high})"


def chance(p_value: float) -> str:
    """A p-value: two places, "<.001" below that."""
    return "<.001" if p_value < 0.001 else f"{p_value:.2f}" if p_value >= 0.095 else f"{p_value:.3f}"
