"""The scripts under benchmarks/ run, as TSB-AD's harness and a reader would run them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np

from anomalyllm import AnomalyLLM
from conftest import sine

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_runner_gives_the_detector_s_own_scores() -> None:
    """The harness passes the training part, the whole series, and its own keywords."""
    X = sine(500, 2)
    small = {"alarms_per": 0.01, "settings": {"retrieval.bank": 64}}
    scores = loaded("tsb_ad_runner").run_AnomalyLLM(X[:300], X, **small)
    assert scores.shape == (500,)
    assert np.array_equal(scores, AnomalyLLM(**small).fit(X[:300]).decision_function(X))
