"""What teacher and student say of windows, as vectors: does the student repeat the teacher where it should not?"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from anomalyllm.judges import Prepared
from anomalyllm.model.inference import FEWEST_WINDOWS, ROWS_PER_BATCH, forbidden, to_tensor
from anomalyllm.network_judge import NetworkJudge
from anomalyllm.windows.slicing import slide

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

LEAST = 1e-12  # length of a vector: below it, it points nowhere


class Vectors(NamedTuple):
    """Of windows, all groups side by side."""

    teacher: Floats  # (W, G · O)
    student: Floats  # (W, G · O)

    @property
    def agreement(self) -> Floats:
        """(W,) cosine of the two vectors, NaN where one of them is 0."""
        lengths = np.linalg.norm(self.teacher, axis=1) * np.linalg.norm(self.student, axis=1)
        products = (self.teacher * self.student).sum(axis=1)
        return np.where(lengths > LEAST, products / np.maximum(lengths, LEAST), np.nan)

    @property
    def correlation(self) -> float:
        """Of the distances between windows, all pairs, as the one and as the other sees them; NaN where all are equal.

        1: the student has the teacher's whole geometry.
        """
        if len(self.teacher) < 3:  # a correlation of fewer than three distances says nothing
            return math.nan
        apart = [_pairwise(vectors) for vectors in self]
        if min(distance.std() for distance in apart) <= LEAST:
            return math.nan
        return float(np.asarray(np.corrcoef(np.stack(apart)))[0, 1])


def vectors_of(judge: NetworkJudge, prepared: Prepared, starts: Indices, *, own: bool) -> Vectors:
    """What both say of the windows that begin at `starts`, (W,); see `evidence.distances`."""
    windows = slide(prepared.values, judge.window)
    size = max(FEWEST_WINDOWS, ROWS_PER_BATCH // windows.shape[1])
    teacher: list[Floats] = []
    student: list[Floats] = []
    judge.distiller.eval()
    with torch.inference_mode():
        for begin in range(0, len(starts), size):
            part = starts[begin : begin + size]
            barred = forbidden(judge.distiller, part, judge.bank if own else None, judge.window)
            pair = judge.distiller(to_tensor(judge.distiller, windows[part]), barred)
            teacher.append(_flat(pair.teacher))
            student.append(_flat(pair.student))
    if not teacher:
        return Vectors(np.zeros((0, 1)), np.zeros((0, 1)))
    return Vectors(np.concatenate(teacher), np.concatenate(student))


def _flat(vectors: Tensor) -> Floats:  # (B, G, O) -> (B, G · O)
    return np.asarray(vectors.flatten(1).float().cpu().numpy(), dtype=np.float64)


def _pairwise(vectors: Floats) -> Floats:
    """Distances of all pairs, (W · (W - 1) / 2,)."""
    first, second = np.triu_indices(len(vectors), 1)
    apart: Floats = np.linalg.norm(vectors[first] - vectors[second], axis=1)
    return apart
