"""The scripts under benchmarks/ run, as TSB-AD's harness and a reader would run them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from anomalyllm import AnomalyLLM, read_recording
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


@pytest.mark.parametrize("channels", [1, 3])
def test_the_same_series_is_measured_in_every_form(channels: int, tmp_path: Path) -> None:
    """Else times of CSV and of Parquet would be of other anomalies."""
    length = loaded("length")
    for kind in ("npy", "parquet", "csv"):
        length.write_series(tmp_path / f"x.{kind}", 3000, channels)
    values = [read_recording(tmp_path / f"x.{kind}").series.values for kind in ("npy", "parquet", "csv")]
    assert values[0].shape == (3000, channels)
    assert np.array_equal(values[0], values[1])
    np.testing.assert_allclose(values[0], values[2], atol=1e-5)


def test_the_exponent_is_of_what_grows() -> None:
    """A start of two seconds must not make a time that grows with the rows look as if it did not."""
    length = loaded("length")
    rows = [{"rows": str(10**power), "cpu_seconds": str(2 + 10.0 ** (power - 4) / 10)} for power in (2, 5, 6, 7)]
    assert 0.99 < length.exponent(rows) < 1.01


def test_the_chart_is_drawn_of_every_group(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    row = {"command": "fit", "kind": "npy", "rows": "100", "channels": "1", "bank": "64"}
    row |= {"cpu_seconds": "1", "above_tiny_mib": "3"}
    loaded("length").draw([row, {**row, "command": "score", "rows": "1000"}], tmp_path / "x.png")
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
