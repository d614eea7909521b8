"""`fit_together`: as many detectors as series, each as `fit` makes it, and one at fault is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from torch import Tensor, nn

from anomalyllm import AnomalyLLM, UserError, fit_together
from anomalyllm.config import StudentConfig
from anomalyllm.data.series import as_series
from anomalyllm.errors import ConfigError
from anomalyllm.model.language_models import load_language_model
from anomalyllm.model.student_bodies import BODIES, Body
from anomalyllm.presets import preset
from anomalyllm.teaching import start
from anomalyllm.teaching_together import groups
from conftest import SMALL, sine, small_detector

SERIES = [sine(420, seed=0), sine(500, 2, seed=1), sine(460, seed=2)]


def test_each_detector_is_what_fit_gives(tmp_path: Path) -> None:
    """One of other channels stands between two of one shape; what is saved scores as what was fitted."""
    pattern = small_detector(window=40, max_steps=6)
    fitted = fit_together(SERIES, pattern)
    assert not hasattr(pattern, "threshold_")
    for values, detector in zip(SERIES, fitted, strict=True):
        alone = small_detector(window=40, max_steps=6).fit(values)
        assert detector.get_params() == alone.get_params()
        assert detector.decision_scores_ == pytest.approx(alone.decision_scores_, abs=1e-3)
        assert detector.threshold_ == pytest.approx(alone.threshold_, rel=1e-3)
        assert detector.labels_.shape == (len(values),)
        assert detector.record_.steps == 6
    fitted[1].save(tmp_path / "it")
    unseen = sine(300, 2, seed=5)
    loaded = AnomalyLLM.load(tmp_path / "it")
    np.testing.assert_allclose(loaded.decision_function(unseen), fitted[1].decision_function(unseen), rtol=1e-6)


def test_a_long_series_is_trained_by_itself() -> None:
    """In blocks, as `fit` does, and it stays in its place."""
    pattern = small_detector(window=40, max_steps=2, settings={"retrieval.own_rows": 1000})
    found = fit_together([*SERIES[:1], sine(1900, seed=3), *SERIES[:1]], pattern)
    assert [len(each.decision_scores_) for each in found] == [420, 1000, 420]
    alone = pattern.fit(sine(1900, seed=3))
    assert found[1].decision_scores_.tobytes() == alone.decision_scores_.tobytes()
    assert found[1].notes_ == alone.notes_


def test_what_sleeps_is_shared_and_what_is_trained_is_not() -> None:
    first, _, second = (each._fitted.networks.distiller.teacher for each in fit_together(SERIES, small_detector()))
    parts = [each.language_model.h[0] for each in (first, second)]
    assert parts[0].attn.c_attn.weight is parts[1].attn.c_attn.weight
    assert parts[0].ln_1.weight is not parts[1].ln_1.weight


def test_series_are_put_together_by_their_shape() -> None:
    config = preset("trained").with_settings({**SMALL["trained"], "window.length": 40, "teacher.blocks": 1})
    language_model = load_language_model("compact", 1, 0)
    started = [start(as_series(each), config, 0, "cpu", language_model) for each in (*SERIES, sine(440), SERIES[0])]
    assert groups(started, 64) == [[0, 2, 3, 4], [1]]
    assert groups(started, 3) == [[0, 2, 3], [4], [1]]


def test_an_added_body_says_itself_whether_it_can_be_stacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of recurrent kernels torch would say something nobody understands."""

    class LSTMBody(Body):
        stackable = False

        def __init__(self, config: StudentConfig, _tokens: int) -> None:
            super().__init__()
            self.cells = nn.LSTM(config.width, config.width, batch_first=True)

        def forward(self, tokens: Tensor) -> Tensor:
            return self.cells(tokens.flatten(0, 1))[0].reshape(tokens.shape)

    monkeypatch.setitem(BODIES, "lstm", LSTMBody)
    with pytest.raises(ConfigError, match='can be stacked, got student.body "lstm"; fit each series by itself'):
        fit_together(SERIES, small_detector(max_steps=1, settings={"student.body": "lstm"}))


@pytest.mark.parametrize(
    ("series", "arguments", "how", "said"),
    [
        ([], {}, {}, r"a list of at least one series, got none; pass \[first, second, …\]"),
        (sine(400), {}, {}, "a list of at least one series, got ndarray"),
        ("file.csv", {}, {}, "a list of at least one series, got str"),
        (SERIES, {"preset": "default"}, {}, "nothing but networks .* got the preset default; choose the preset"),
        (SERIES, {}, {"at_once": 0}, "at_once to be at least 1, got 0"),
        (SERIES, {"settings": {"student.body": "gru"}}, {}, 'can be stacked, got student.body "gru"; fit each'),
        ([SERIES[0], np.full(300, np.nan)], {}, {}, "only missing values in .* in series 2 of 2; give"),
        ([SERIES[0], "no/such.csv"], {}, {}, r"in series 2 of 2; "),
    ],
)
def test_what_cannot_be_fitted_is_said_in_one_sentence(series, arguments, how, said: str) -> None:
    with pytest.raises(UserError, match=said):
        fit_together(series, small_detector(**arguments), **how)
