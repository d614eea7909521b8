"""A case with one anomaly and networks trained on it, made once for all tests of the probes."""

from __future__ import annotations

import copy
import functools

import numpy as np
import torch

from anomalyllm import AnomalyLLM
from anomalyllm.datasets.case import CaseData
from conftest import FINETUNED, sine, small_detector

ANOMALY = slice(300, 340)
KINDS = ("default", "pretrained", FINETUNED, "trained", "paper")


@functools.cache
def case() -> CaseData:
    """A wave of period 40; one period of the test part is flatter."""
    test, labels = sine(700, seed=5), np.zeros(700, np.int8)
    test[ANOMALY] *= 0.3
    labels[ANOMALY] = 1
    return CaseData(sine(1600), test, labels)


@functools.cache
def detector(preset: str, max_steps: int = 60) -> AnomalyLLM:
    """Fitted on the case; tests must not change it."""
    return small_detector(preset, max_steps=max_steps).fit(case().train)


def with_networks(plain: AnomalyLLM, *, agree: bool = False, noise: bool = False) -> AnomalyLLM:
    """A detector whose student repeats its teacher everywhere, or whose prototypes are noise: a copy of `plain`."""
    changed = copy.deepcopy(plain)
    distiller = changed._fitted.networks.distiller
    with torch.no_grad():
        if agree:  # both say the same of every window, whatever it is
            for name, parameter in distiller.named_parameters():
                if name.startswith(("student.head.linear2", "teacher.head")):
                    parameter.zero_()
        if noise:
            distiller.student.prototypes.normal_(generator=torch.Generator().manual_seed(0))
    return changed
