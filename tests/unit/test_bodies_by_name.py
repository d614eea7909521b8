"""Every student body is taken by name in every preset that trains networks, and comes back from the disk as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from anomalyllm import AnomalyLLM
from anomalyllm.model.student_bodies import BODIES
from conftest import FINETUNED, sine, small_detector

X = sine(700, 2)
STRANGE = sine(300, 2, seed=1)
STRANGE[150:180] += 3.0


@pytest.mark.parametrize("preset", ["trained", "paper", FINETUNED])
@pytest.mark.parametrize("body", BODIES)
def test_fitted_saved_and_loaded_by_name(body: str, preset: str, tmp_path: Path) -> None:
    together = {"channel_mode": "joint"} if body == "graph" else {}
    settings = {"student.body": body, "student.feed_forward": 32, **together}
    detector = small_detector(preset, max_steps=3, settings=settings).fit(X)
    assert detector._fitted.config.student.body == body
    scores = detector.decision_function(STRANGE)
    assert np.isfinite(scores).all()
    detector.save(tmp_path / "model")
    loaded = AnomalyLLM.load(tmp_path / "model")
    np.testing.assert_allclose(loaded.decision_function(STRANGE), scores, rtol=1e-6)
