"""bfloat16: only what sleeps is halved, only where it pays, and every promise about scores still holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2Model

from anomalyllm import AnomalyLLM, Stream
from anomalyllm.config import TeacherConfig
from anomalyllm.evaluation.speed.parts import flops_of
from anomalyllm.model import precision
from anomalyllm.model.dropout import QuickDropout
from anomalyllm.model.language_models import COMPACT_SHAPE
from anomalyllm.model.precision import NARROWEST, has_bfloat16, precision_of
from anomalyllm.model.teacher import Teacher
from conftest import sine, small_detector

WIDTH, BLOCKS, PATCHES, WINDOWS = 32, 2, 4, 6


def teacher(numbers: str, *, feed_forward: bool = False) -> Teacher:
    torch.manual_seed(0)
    shape = {"n_positions": 8, "n_embd": WIDTH, "n_layer": BLOCKS, "n_head": 2}
    model = GPT2Model(GPT2Config(vocab_size=1, bos_token_id=None, eos_token_id=None, **shape))
    config = TeacherConfig(patch=8, patch_stride=8, output=5, precision=numbers, train_feed_forward=feed_forward)  # type: ignore[arg-type]
    return Teacher(config, model, channels=1, joint=True)


def windows(count: int = WINDOWS) -> torch.Tensor:
    return torch.randn(count, 1, 8 * (PATCHES - 1), generator=torch.Generator().manual_seed(1))


# --- which numbers


def test_auto_takes_bfloat16_where_the_machine_has_it_and_the_model_is_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "has_bfloat16", lambda device: True)
    assert precision_of("auto", NARROWEST, "cpu") == "bfloat16"
    assert precision_of("auto", NARROWEST - 1, "cpu") == "float32"
    assert precision_of("float32", NARROWEST, "cpu") == "float32"
    monkeypatch.setattr(precision, "has_bfloat16", lambda device: False)
    assert precision_of("auto", NARROWEST, "cpu") == "float32"
    assert precision_of("bfloat16", 8, "cpu") == "bfloat16", "who asks for it gets it everywhere"


def test_the_teacher_of_published_rows_stays_in_float32() -> None:
    assert COMPACT_SHAPE["n_embd"] < NARROWEST < 768


def test_whether_a_device_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: not including_emulation)
    assert has_bfloat16("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert not has_bfloat16("cuda")
    monkeypatch.setattr(torch.ops, "mkldnn", object())
    assert not has_bfloat16("cpu")


def test_auto_is_settled_when_a_detector_is_fitted_and_kept_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the same artefact would give other scores on another machine."""
    assert small_detector(max_steps=1).fit(sine(300))._fitted.config.teacher.precision == "float32"
    monkeypatch.setattr(precision, "has_bfloat16", lambda device: True)
    monkeypatch.setattr(precision, "NARROWEST", 32)
    assert small_detector(max_steps=1).fit(sine(300))._fitted.config.teacher.precision == "bfloat16"


def test_auto_that_nobody_settled_is_float32() -> None:
    """As in artefacts that are older than the setting."""
    assert not teacher("auto").halved
    assert all(parameter.dtype == torch.float32 for parameter in teacher("auto").parameters())


# --- what is halved


@pytest.mark.parametrize("feed_forward", [False, True])
def test_what_sleeps_is_halved_and_what_is_trained_is_not(feed_forward: bool) -> None:
    """Adam's small steps would vanish in three digits."""
    network = teacher("bfloat16", feed_forward=feed_forward)
    for name, parameter in network.named_parameters():
        assert parameter.dtype == (torch.float32 if parameter.requires_grad else torch.bfloat16), name
    asleep = {name for name, parameter in network.named_parameters() if not parameter.requires_grad}
    assert "language_model.h.0.attn.c_attn.weight" in asleep
    assert ("language_model.h.0.mlp.c_fc.weight" in asleep) is not feed_forward


def test_dropout_is_kept_and_draws_quickly() -> None:
    found = [module for module in teacher("bfloat16").language_model.modules() if isinstance(module, QuickDropout)]
    assert len(found) == 1 + 3 * BLOCKS
    assert {module.p for module in found} == {0.1}


def test_vectors_are_float32_and_near_those_of_float32() -> None:
    with torch.inference_mode():
        exact, halved = (teacher(numbers).eval()(windows()) for numbers in ("float32", "bfloat16"))
    assert halved.dtype == torch.float32
    assert 0 < (halved - exact).abs().max() < 0.02 * exact.abs().max()


def test_gradients_reach_everything_that_is_awake() -> None:
    network = teacher("bfloat16")
    network(windows()).sum().backward()
    assert {name for name, parameter in network.named_parameters() if parameter.grad is None} == {
        name for name, parameter in network.named_parameters() if not parameter.requires_grad
    }


@pytest.mark.parametrize("numbers", ["float32", "bfloat16"])
def test_no_gradients_of_sleeping_matrices_are_computed(numbers: str) -> None:
    """By hand: forward, and once more for what flows through; half as much again would be weights nobody moves."""
    network = teacher(numbers).eval()
    tokens = torch.randn(WINDOWS, PATCHES, WIDTH, requires_grad=True)
    states: list[torch.Tensor] = []

    def forward() -> None:
        with precision.in_bfloat16(tokens.device, wanted=network.halved):
            states.append(network.language_model(inputs_embeds=tokens, use_cache=False).last_hidden_state)

    matrices = 12 * WIDTH**2  # 3 for attention's inputs, 1 for its output, 4 + 4 for the feed-forward layer
    products = 2 * WINDOWS * PATCHES * BLOCKS * matrices
    attention = 2 * 2 * WINDOWS * PATCHES**2 * WIDTH * BLOCKS
    assert flops_of(forward) == products + attention
    assert flops_of(lambda: states[0].float().sum().backward()) == products + 2.5 * attention


# --- what a detector promises


@pytest.fixture(scope="module")
def detector() -> AnomalyLLM:
    settings = {"teacher.precision": "bfloat16"}
    return small_detector("paper", settings=settings).fit(sine(800, 2))


def test_batch_and_stream_agree(detector: AnomalyLLM) -> None:
    """Three digits round more coarsely, but a window's numbers are the same whatever else is in its batch."""
    series = sine(400, 2, seed=1)
    whole = detector.decision_function(series)
    stream = Stream(detector)
    pieces = [stream.push(series[start : start + 37]) for start in range(0, 400, 37)]
    np.testing.assert_allclose(np.concatenate([*pieces, stream.finish()]), whole, rtol=1e-5, atol=1e-7)


def test_a_saved_detector_is_halved_too_and_scores_the_same(detector: AnomalyLLM, tmp_path: Path) -> None:
    detector.save(tmp_path)
    again = AnomalyLLM.load(tmp_path)
    series = sine(400, 2, seed=1)
    assert again.decision_function(series).tobytes() == detector.decision_function(series).tobytes()
    matrix = again._fitted.networks.distiller.teacher.language_model.h[0].mlp.c_fc.weight
    assert matrix.dtype == torch.bfloat16


def test_the_same_seed_gives_the_same_bytes(detector: AnomalyLLM) -> None:
    again = small_detector("paper", settings={"teacher.precision": "bfloat16"}).fit(sine(800, 2))
    assert again.decision_scores_.tobytes() == detector.decision_scores_.tobytes()


def test_it_finds_what_float32_finds() -> None:
    series = sine(600, seed=2)
    series[300:340] += 2.0
    places = [
        small_detector(settings={"teacher.precision": numbers}).fit(sine(800)).decision_function(series).argmax()
        for numbers in ("float32", "bfloat16")
    ]
    assert places[0] == places[1]
    assert 290 <= places[0] < 350
