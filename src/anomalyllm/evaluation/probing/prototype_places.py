"""Where a student's prototypes lie, beside real windows in their place; kept apart, since it needs torch."""

from __future__ import annotations

import copy
import dataclasses
import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from anomalyllm.evaluation.probing.material import Material
from anomalyllm.evaluation.probing.separation import median
from anomalyllm.fitted import Fitted
from anomalyllm.model.distiller import Distiller
from anomalyllm.model.prototypes import window_positions
from anomalyllm.network_judge import NetworkJudge
from anomalyllm.seeding import generator
from anomalyllm.windows.slicing import slide

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

DRAWS = 3  # of normal windows in place of the prototypes: which phases few of them fall on is chance
CHOICES = 4  # normal windows for each prototype: with fewer, chance alone leaves some without one


class Places(NamedTuple):
    """Of the prototypes among normal windows."""

    ratio: float  # of the median distances: to the nearest prototype, to the nearest of as many real windows
    unused: float  # share that no normal window chooses; NaN where there are too few windows to tell
    trained: bool  # whether they are anything else than windows of the series


def network_prototypes(fitted: Fitted, material: Material, starts: Indices) -> Places:
    """Asked with windows that begin at `starts`; the same student is led by as many real windows in comparison."""
    judge = fitted.networks
    found = judge.evidence(material.prepared, starts, own=material.own)
    usual = median(_beside_windows(fitted, material, starts))
    away = median(found.mismatch.mean(axis=1))
    trained = not len(judge.bank)
    channels, count, _ = judge.distiller.student.prototypes.shape
    chosen = [len(np.unique(found.choice[:, channel])) / count for channel in range(channels)]
    enough = trained and len(starts) >= CHOICES * count
    unused = 1 - float(np.mean(chosen)) if enough else math.nan
    return Places(away / usual if usual > 0 else math.nan, unused, trained)


def _beside_windows(fitted: Fitted, material: Material, starts: Indices) -> Floats:
    """Distances to the nearest of as many normal windows, (DRAWS · W,)."""
    distances = []
    for draw in range(DRAWS):
        chance = generator(fitted.seed, "probing prototypes", draw)
        judge = _with_windows(fitted.networks, material, chance)
        distances.append(judge.evidence(material.prepared, starts, own=True).mismatch.mean(axis=1))
    return np.concatenate(distances)


def _with_windows(judge: NetworkJudge, material: Material, chance: np.random.Generator) -> NetworkJudge:
    """The judge, its prototypes replaced by normal windows of the material; the old one stays as it was."""
    every = np.arange(len(material.prepared.values) - judge.window + 1, dtype=np.int64)
    count = judge.distiller.student.prototypes.shape[1]
    possible = material.normal(every, judge.window)
    bank = np.sort(np.resize(possible[window_positions(len(possible), count, chance)], count))
    student = copy.deepcopy(judge.distiller.student)
    windows = np.array(slide(material.prepared.values, judge.window)[bank].transpose(1, 0, 2))
    with torch.no_grad():
        student.prototypes.copy_(torch.from_numpy(windows))
    return dataclasses.replace(judge, distiller=Distiller(judge.distiller.teacher, student), bank=bank)
