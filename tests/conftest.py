"""Fixtures that many tests share: where real data and recorded numbers are, and detectors that fit in a second."""

from __future__ import annotations

import contextlib
import functools
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from anomalyllm import AnomalyLLM
from anomalyllm.evaluation.baselines import BASELINES
from anomalyllm.runtime import Scorer

ROOT = Path(__file__).resolve().parents[1]

torch.set_num_threads(1)  # two test workers share two cores
os.environ["NUMBA_NUM_THREADS"] = "1"  # else STUMPY's first call gives torch more threads, and other last bits


def _folder(variable: str, default: str) -> Path:
    """A folder outside the repository: skip without it, or fail where ANOMALYLLM_REQUIRE=1 says it must be there."""
    folder = Path(os.environ.get(variable, ROOT / default))
    if not folder.is_dir():
        reason = f"{folder} is not there: set {variable} to the folder"
        if os.environ.get("ANOMALYLLM_REQUIRE") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    return _folder("ANOMALYLLM_DATA", "../shared/data")


@pytest.fixture(scope="session")
def shared_fixtures() -> Path:
    return _folder("ANOMALYLLM_FIXTURES", "../shared/fixtures")


@pytest.fixture(scope="session")
def shared_weights() -> Path:
    return _folder("ANOMALYLLM_WEIGHTS", "../shared/weights")


def sine(rows: int, channels: int = 1, *, period: int = 40, seed: int = 0) -> np.ndarray:
    """Sines with noise, a phase per channel; (rows, channels)."""
    chance = np.random.default_rng(seed)
    time = np.arange(rows)[:, None]
    phase = np.arange(channels)[None, :]
    return np.sin(2 * np.pi * time / period + phase) + 0.05 * chance.standard_normal((rows, channels))


FINETUNED = "default+finetune"
OF_TRAINED = {  # what `trained` may be other than it is: each of these keeps the contract too
    "trained+tcn": {"student.body": "tcn"},
    "trained+timesnet": {"student.body": "timesnet", "student.feed_forward": 32},
    "trained+gru": {"student.body": "gru"},
    "trained+graph": {"student.body": "graph", "channel_mode": "joint"},
    "trained+alone": {"student.led": False, "teacher.name": "none", "teacher.width": 64, "loss.push": 0.0},
}
SMALL = {
    "default": {},
    "pretrained": {},
    FINETUNED: {"training.batch": 16, "training.validate_every": 5, "student.prototypes": 32},
    "trained": {"training.batch": 16, "training.validate_every": 5, "student.prototypes": 32},
    "paper": {
        "training.batch": 16,
        "training.validate_every": 5,
        "student.prototypes": 8,
        "window.training_stride": 8,
        "window.stride": 16,
    },
}


TINY_TEACHER = {"teacher.blocks": 1, "teacher.width": 32}  # most of the time of a fit and of an export is the teacher's


class Joined(AnomalyLLM):
    """`default` with `finetune`, whose check always finds that networks help: what joins must keep every contract."""

    def fit(self, X: Any, y: object = None, **how: Any) -> Joined:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("anomalyllm.injecting.Comparison.helps", True)
            return super().fit(X, y, **how)


def small_detector(preset: str = "trained", *, seed: int = 0, max_steps: int = 10, **arguments: object) -> AnomalyLLM:
    """A detector that fits in about a second; `default` trains nothing, `paper` has `compact` in GPT-2's place.

    `FINETUNED` is `default` whose networks have stayed; `OF_TRAINED` are kinds of `trained`.
    """
    given: dict = arguments.pop("settings", {})  # type: ignore[assignment]
    if preset in OF_TRAINED:
        given, preset = {**OF_TRAINED[preset], **given}, "trained"
    if preset in ("default", "pretrained"):
        return AnomalyLLM(preset, settings={**SMALL[preset], **given}, seed=seed, **arguments)
    teacher = {} if {"blocks", "teacher"} & arguments.keys() else TINY_TEACHER
    settings = {**SMALL[preset], **teacher, **given}
    if preset == FINETUNED:
        return Joined(finetune=True, max_steps=max_steps, settings=settings, seed=seed, **arguments)
    return AnomalyLLM(preset, teacher="compact", max_steps=max_steps, settings=settings, seed=seed, **arguments)


@functools.cache
def fitted_scorer(name: str) -> Any:
    """The preset or baseline of that name, fitted on two channels; tests must not change it."""
    scorer = BASELINES[name]() if name in BASELINES else small_detector(name)
    return scorer.fit(sine(800, 2))


@functools.cache
def exported_scorer(name: str) -> Scorer:
    """`fitted_scorer(name)`, exported and read again; tests must not change it.

    Networks take long to export: the workers of a run share what the first has written.
    """
    from anomalyllm.exporting import export_onnx

    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", f"alone-{os.getpid()}")
    folder = Path(tempfile.gettempdir()) / f"exported-{run}-{name}"
    if not folder.is_dir():
        fresh = Path(tempfile.mkdtemp(prefix="exported-"))
        export_onnx(fitted_scorer(name)._fitted, fresh)
        with contextlib.suppress(OSError):  # another worker was first: what it wrote is the same
            fresh.rename(folder)
    return Scorer(folder)


@pytest.fixture(scope="session", params=["default", "pretrained", FINETUNED, "trained", "paper"])
def fitted_pair(request: pytest.FixtureRequest) -> AnomalyLLM:
    """A fitted detector of each kind on two channels; tests must not change it."""
    detector: AnomalyLLM = fitted_scorer(request.param)
    return detector


@pytest.fixture(scope="session")
def fitted() -> AnomalyLLM:
    """A fitted detector of the preset `trained` on one channel; tests must not change it."""
    return small_detector().fit(sine(800))
