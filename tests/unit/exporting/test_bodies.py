"""Every body of the student as a graph: the same scores, in batches of other sizes than it was traced with."""

from __future__ import annotations

import dataclasses

import numpy as np
import onnxruntime
import pytest
import torch

from anomalyllm.config import DetectorConfig
from anomalyllm.errors import ConfigError
from anomalyllm.exporting.network_graph import NetworkScores, network_graph
from anomalyllm.exporting.network_parts import network_part
from anomalyllm.model.distiller import build
from anomalyllm.model.language_models import load_language_model
from anomalyllm.model.student_bodies import BODIES
from anomalyllm.network_judge import NetworkJudge
from anomalyllm.presets import preset
from anomalyllm.scoring.calibrate import Calibration
from anomalyllm.teaching import network_judge

SMALL = {
    "teacher.name": "none",  # the body is what is told apart here
    "teacher.width": 32,
    "teacher.patch": 8,
    "teacher.patch_stride": 8,
    "student.patch": 8,
    "student.width": 16,
    "student.heads": 2,
    "student.feed_forward": 16,
    "student.layers": 1,
    "student.prototypes": 4,
    "window.length": 32,
    "window.stride": 8,
}


def chance(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def judge(config: DetectorConfig) -> NetworkJudge:
    language_model = load_language_model("none", 1, 0, 32).module
    distiller = build(config, language_model, channels=2, window=32, seed=0).eval()
    with torch.no_grad():
        distiller.student.prototypes.copy_(chance(2, 4, 32, seed=1))
    usual = Calibration(np.full(1, 1.0), np.full(1, 0.5))
    made = network_judge(distiller, np.zeros(0, dtype=np.int64), config)
    return dataclasses.replace(made, calibration=usual, mismatch_calibration=usual)


def held_to(config: DetectorConfig) -> None:
    """The graph of networks of `config` says what they say."""
    networks = judge(config)
    model = network_graph(networks, chance(3, 2, 32, seed=2))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    for count in (1, 50):
        windows = chance(count, 2, 32, seed=3)
        scores, choice, *_ = session.run(None, {"windows": windows.numpy()})
        with torch.inference_mode():
            pair = networks.distiller(windows)
            expected = NetworkScores(networks)(pair)
        assert np.ptp(expected.numpy()) > 0.01 or count == 1
        np.testing.assert_allclose(scores, expected.numpy(), rtol=1e-5, atol=1e-5)
        assert np.array_equal(choice, pair.choice.numpy())


@pytest.mark.parametrize("body", sorted({*BODIES} - {"graph"}))
def test_a_body_that_judges_channels_alone(body: str) -> None:
    held_to(preset("trained").with_settings({**SMALL, "student.body": body}))


@pytest.mark.parametrize("body", ["graph"])  # transformer: in tests/unit/runtime, by `paper`; each takes half a minute
def test_a_body_that_judges_channels_together(body: str) -> None:
    """Its graph has the gradient too, by which an event is laid to channels."""
    held_to(preset("trained").with_settings({**SMALL, "student.body": body, "channel_mode": "joint"}))


@pytest.mark.parametrize("body", ["tcn"])
def test_a_body_whose_gradient_onnx_lacks_is_refused_before_the_work(body: str) -> None:
    networks = judge(preset("trained").with_settings({**SMALL, "student.body": body, "channel_mode": "joint"}))
    with pytest.raises(ConfigError) as caught:
        network_part(networks, 2, again=False)
    assert str(caught.value) == (
        f"expected a student.body whose gradient ONNX has, for channel_mode \"joint\", got '{body}'; "
        'fit with channel_mode "separate", or score without export'
    )


def test_a_student_without_prototypes() -> None:
    held_to(preset("trained").with_settings({**SMALL, "student.led": False}))
