"""Every body of the student, by the same properties: whatever mixes tokens must keep the student's contract."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from anomalyllm import AnomalyLLM
from anomalyllm.config import StudentConfig
from anomalyllm.errors import ConfigError
from anomalyllm.model.student import Student
from anomalyllm.model.student_bodies import BODIES, Body, build_body
from conftest import sine, small_detector

TOKENS = 11  # an odd number: a level token, and five of prototype and window each


def chance(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def body(name: str, tokens: int = TOKENS, **settings: int) -> Body:
    torch.manual_seed(0)
    small = {"width": 8, "heads": 2, "feed_forward": 12, "layers": 2, **settings}
    return build_body(StudentConfig(body=name, **small), tokens, joint=True).eval()


def student(name: str, **settings: object) -> Student:
    torch.manual_seed(0)
    base = {"patch": 4, "width": 8, "heads": 2, "feed_forward": 8, "prototypes": 3, "body": name, "dropout": 0.0}
    made = Student(StudentConfig(**{**base, **settings}), channels=2, window=16, output=5, joint=True)
    with torch.no_grad():
        made.prototypes.copy_(chance(2, 3, 16, seed=1))
    return made


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("tokens", [1, 2, 3, 8, 17])
@pytest.mark.parametrize("layers", [1, 3])
def test_as_many_tokens_come_out_as_went_in(name: str, tokens: int, layers: int) -> None:
    """Whatever the window and its patches: also one patch alone, without a prototype and without a level."""
    seen = chance(3, 2, tokens, 8)
    said = body(name, tokens, layers=layers)(seen)
    assert said.shape == seen.shape
    assert torch.isfinite(said).all()
    assert torch.isfinite(body(name, tokens, layers=layers)(torch.zeros_like(seen))).all()


@pytest.mark.parametrize("name", BODIES)
def test_a_row_alone_is_the_row_in_a_batch(name: str) -> None:
    """Else a stream, which asks of few windows at once, would give other scores than the whole series."""
    network, seen = body(name), chance(9, 2, TOKENS, 8)
    whole = network(seen)
    for row in range(9):
        torch.testing.assert_close(network(seen[row : row + 1])[0], whole[row], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", sorted({*BODIES} - {"timesnet"}))
def test_every_token_of_the_window_knows_every_token_of_its_channel(name: str) -> None:
    """The first of the prototype's too: a window's patch cannot be compared with what the body never saw beside it.

    Each token is changed by itself. A TimesNet sees through the periods that it found, which need not reach everything.
    """
    network, seen = body(name, layers=1), chance(1, 1, TOKENS, 8)
    before = network(seen)
    for place in range(TOKENS):
        changed = seen.clone()
        changed[0, 0, place] += chance(8, seed=2)
        assert ((network(changed) - before)[0, 0].abs().amax(dim=-1) > 0).all(), place


@pytest.mark.parametrize("name", BODIES)
def test_channels_see_each_other_only_where_the_body_says_so(name: str) -> None:
    network, seen = body(name), chance(2, 3, TOKENS, 8)
    changed = seen.clone()
    changed[:, 1] += chance(TOKENS, 8, seed=2)
    same = torch.allclose(network(seen)[:, 0], network(changed)[:, 0], atol=1e-6)
    assert same is not network.across_channels


@pytest.mark.parametrize("led", [True, False])
@pytest.mark.parametrize("name", BODIES)
def test_gradient_reaches_every_parameter_of_the_student(name: str, led: bool) -> None:
    """A part that gradient does not reach is never trained, and looks as if it were."""
    network = student(name, led=led)
    network(chance(4, 2, 16)).vector.square().sum().backward()
    still = [
        name
        for name, parameter in network.named_parameters()
        if (parameter.grad is None or not parameter.grad.any()) and not name.endswith("key.bias")  # softmax sees none
    ]
    assert not still


@pytest.mark.parametrize("name", BODIES)
def test_a_student_that_is_not_led_does_not_see_its_prototypes(name: str) -> None:
    """The paper's "without prototypes": the nearest is still told, for the mismatch and for explanations."""
    for led in (True, False):
        network, windows = student(name, led=led).eval(), chance(4, 2, 16)
        before = network(windows)
        network.prototypes += chance(2, 3, 16, seed=5)
        after = network(windows)
        assert torch.equal(before.vector, after.vector) is not led
        assert not torch.equal(before.mismatch, after.mismatch)


def test_prototypes_that_nothing_is_learned_of_are_not_trained() -> None:
    assert "prototypes" in dict(student("gru", led=True, prototype_source="kmeans").named_parameters())
    assert "prototypes" not in dict(student("gru", led=False, prototype_source="kmeans").named_parameters())


def test_an_unknown_body_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        body("timenet")
    assert str(caught.value) == "expected a known student.body, got 'timenet'; did you mean 'timesnet'?"


def test_a_body_across_channels_is_refused_where_each_is_judged_alone() -> None:
    """In training it would meet four channels at a time, and in scoring all of them."""
    with pytest.raises(ConfigError) as caught:
        build_body(StudentConfig(body="graph"), TOKENS, joint=False)
    assert str(caught.value) == (
        "expected channels together for student.body 'graph', got channel_mode \"separate\", which trains on a few "
        'channels at a time and judges each alone; set channel_mode to "joint"'
    )


def test_tensors_of_the_first_body_are_named_as_ever() -> None:
    """Detectors that were saved before there were others must load."""
    names = set(student("transformer").state_dict())
    assert {"encoder.0.attention.query.weight", "encoder.1.norm2.bias", "encoder_norm.weight"} <= names


def test_a_detector_that_was_saved_before_there_were_bodies_loads(tmp_path: Path) -> None:
    """Its description lacks the settings that came since; what they are by default is what it was."""
    detector = small_detector(max_steps=4).fit(sine(300))
    detector.save(tmp_path)
    path = tmp_path / "detector.json"
    manifest = json.loads(path.read_text())
    for group, name in (("student", "body"), ("student", "led"), ("teacher", "width"), ("loss", "push")):
        del manifest["config"][group][name]
    path.write_text(json.dumps(manifest))
    X = sine(200, seed=3)
    assert AnomalyLLM.load(tmp_path).decision_function(X).tobytes() == detector.decision_function(X).tobytes()
