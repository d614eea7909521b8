"""Nothing is read from the device between two validations, and everything goes there.

No card is needed to see it: tensors on torch's device "meta" have shapes and no numbers, so whoever reads one, or mixes
one with a tensor that was left on the processor, is stopped. It shows what is asked of a device, not how quick it is.
"""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
import torch

from anomalyllm.model.packed import NAME
from anomalyllm.model.transfer import moved
from anomalyllm.training.ledger import Ledger
from anomalyllm.training.loop import Run
from anomalyllm.training.together import Member, Together
from unit.training.test_loop import problem

NO_NUMBERS = "meta"


@pytest.fixture(autouse=True)
def _no_autocast(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch has none for this device; nothing is multiplied in bfloat16 here."""
    monkeypatch.setattr("anomalyllm.model.teacher.in_bfloat16", lambda *_, **__: contextlib.nullcontext())


def alone(name: str) -> Run:
    distiller, data, config = problem(name)
    return Run(distiller.to(NO_NUMBERS), data, config, 0)


def together(name: str) -> Together:
    (first, data, config), (second, other, _) = problem(name), problem(name)
    networks = ((first, data), (second, other))
    members = [Member("it", each.to(NO_NUMBERS), its, Ledger(config.loss), 9) for each, its in networks]
    return Together(members, config, 0)


@pytest.mark.parametrize("name", ["trained", "paper"])
@pytest.mark.parametrize("way", [alone, together])
def test_a_step_reads_nothing(way, name: str) -> None:
    """Else a card would wait for the processor, and the processor for the card, once in every step."""
    run = way(name)
    for _ in range(2):
        terms = run.advance()
    assert terms.device.type == NO_NUMBERS
    with pytest.raises(NotImplementedError, match="no data"):  # a validation does read
        run._validation()


def test_the_guard_sees_a_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is seen to fail: a term that is read, and a language model that looks for packed sequences."""
    monkeypatch.setattr(Run, "_terms", lambda *_: torch.zeros(3, device=NO_NUMBERS).sum().item())
    with pytest.raises(RuntimeError, match="cannot be called on meta"):
        alone("trained").advance()
    monkeypatch.undo()
    monkeypatch.setattr("anomalyllm.model.teacher.in_bfloat16", lambda *_, **__: contextlib.nullcontext())
    run = alone("trained")
    assert run.distiller.teacher.language_model.config._attn_implementation == NAME
    run.distiller.teacher.language_model.config._attn_implementation = "sdpa"
    with pytest.raises(RuntimeError, match="cannot be called on meta"):
        run.advance()


class Card:
    """What `moved` sees of a card."""

    type = "cuda"


def test_a_card_is_sent_pinned_memory_without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The calls only: whether copies overlap with work cannot be seen without a card."""
    asked: list[object] = []
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda self: asked.append("pinned") or self)
    original = torch.Tensor.to

    def to(self, device, **how):
        asked.append((device.type, how))
        return original(self, "cpu")

    monkeypatch.setattr(torch.Tensor, "to", to)
    numbers = np.arange(6.0).reshape(2, 3).T
    assert np.array_equal(moved(numbers, Card()).numpy(), numbers)  # type: ignore[arg-type]
    assert asked == ["pinned", ("cuda", {"non_blocking": True})]


def test_what_is_moved_is_a_copy() -> None:
    numbers = np.arange(6.0)
    tensor = moved(numbers, torch.device("cpu"))
    numbers[:] = 0
    assert tensor.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
