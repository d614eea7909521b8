"""Slow, obvious versions of what the library computes fast: the oracles of the tests."""

from __future__ import annotations

import math

import numpy as np


def lift(values, rows, window, stride, fill):
    """Point by point: the mean over all grid windows that cover it; else the window that ends the series; else fill."""
    starts = [start for start in range(0, rows, stride) if start + window <= rows]
    points = []
    for point in range(rows):
        covering = [values[index] for index, start in enumerate(starts) if start <= point < start + window]
        if covering:
            points.append(sum(covering) / len(covering))
        elif starts:
            points.append(values[len(starts)])
        else:
            points.append(fill)
    return np.array(points)


def autocorrelation(values, lags):
    """Products of a detrended series with its own past, lag by lag."""
    time = np.arange(len(values))
    centred = values - np.polyval(np.polyfit(time, values, 1), time)
    products = [np.mean(centred[lag:] * centred[: len(centred) - lag]) for lag in range(lags + 1)]
    return np.array(products) / products[0]


def carry_forward(rows, first):
    """Row by row, value by value."""
    last = list(first)
    filled = []
    for row in rows:
        last = [value if math.isfinite(value) else old for value, old in zip(row, last, strict=True)]
        filled.append(list(last))
    return np.array(filled).reshape(len(rows), len(first))


def cosine(one, two):
    """Cosine of two vectors; 0 where one has no length."""
    lengths = math.sqrt(sum(a * a for a in one)) * math.sqrt(sum(b * b for b in two))
    return sum(a * b for a, b in zip(one, two, strict=True)) / lengths if lengths else 0.0


def power_mean(values, power):
    return (sum(value**power for value in values) / len(values)) ** (1 / power)


def distillation(teacher, student):
    """The log form, row by row: d for the first third, -log(1 - exp(-d) + 1e-6) for the rest."""
    rows = len(teacher)
    terms = []
    for index in range(rows):
        distance = math.sqrt(sum((a - b) ** 2 for a, b in zip(teacher[index], student[index], strict=True)))
        terms.append(distance if index < rows // 3 else -math.log(-math.expm1(-distance) + 1e-6))
    return sum(terms) / rows


def contrastive(teacher):
    """2 - cos - cos between each normal row and its two altered ones."""
    rows = len(teacher) // 3
    terms = [2 - cosine(teacher[i], teacher[rows + i]) - cosine(teacher[i], teacher[2 * rows + i]) for i in range(rows)]
    return sum(terms) / rows


def events(scores, threshold, gap):
    """Runs of flags, joined over at most `gap` - 1 unflagged points (at least touching ones); (start, end) pairs."""
    found = []
    for point, score in enumerate(scores):
        if score >= threshold:
            if found and point - found[-1][1] < max(1, gap):
                found[-1] = (found[-1][0], point + 1)
            else:
                found.append((point, point + 1))
    return found


def cluster_peaks(scores, start, separation):
    """The maximum of each run above `start`, runs fewer than `separation` points apart taken together."""
    peaks, last = [], None
    for point, score in enumerate(scores):
        if score > start:
            if last is None or point - last >= max(2, separation):
                peaks.append(score)
            else:
                peaks[-1] = max(peaks[-1], score)
            last = point
    return np.array(peaks)
