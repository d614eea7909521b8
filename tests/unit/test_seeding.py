"""One seed in, independent generators out; what the rest of the program draws is not touched."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from anomalyllm.errors import ConfigError
from anomalyllm.seeding import checked_seed, generator, torch_seed


def draws(seed: int, purpose: str, step: int = 0) -> tuple[float, ...]:
    return tuple(generator(seed, purpose, step).random(4))


def test_the_same_question_has_the_same_answer() -> None:
    assert draws(3, "order", 7) == draws(3, "order", 7)
    assert torch_seed(3, "order", 7) == torch_seed(3, "order", 7)


def test_the_answer_is_the_same_on_every_machine_and_in_every_process() -> None:
    """Python's own hash of a string differs by process; a detector that is fitted tomorrow must be equal."""
    assert generator(0, "order").integers(10**9) == 838332123
    assert torch_seed(0, "order") == 6230928577095065118


def test_seed_purpose_and_step_each_make_a_difference() -> None:
    questions = [
        (seed, purpose, step) for seed in (0, 1, 2**40) for purpose in ("order", "views") for step in (0, 1, 2)
    ]
    assert len({draws(*question) for question in questions}) == len(questions)
    assert len({torch_seed(*question) for question in questions}) == len(questions)


def test_neighbouring_steps_are_not_alike() -> None:
    one = np.array([generator(0, "views", step).standard_normal() for step in range(2000)])
    assert abs(np.corrcoef(one[:-1], one[1:])[0, 1]) < 0.07
    assert one.mean() == pytest.approx(0, abs=0.07)
    assert one.std() == pytest.approx(1, abs=0.05)


def test_global_random_state_is_not_touched() -> None:
    before = (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())  # noqa: NPY002
    generator(5, "order").random(100)
    torch_seed(5, "order")
    after = (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())  # noqa: NPY002
    assert before == after


@pytest.mark.parametrize("seed", range(20))
def test_torch_takes_the_seed(seed: int) -> None:
    number = torch_seed(seed, "weights")
    assert 0 <= number < 2**63
    torch.Generator().manual_seed(number)


@pytest.mark.parametrize("seed", [0, 7, 2**70, np.int64(5), np.uint8(200)])
def test_whole_numbers_are_seeds(seed: object) -> None:
    checked = checked_seed(seed)
    assert checked == seed
    assert type(checked) is int


@pytest.mark.parametrize("seed", [-1, np.int64(-3), 1.0, "0", None, True, np.bool_(True), [1]])
def test_anything_else_is_refused(seed: object) -> None:
    """None too: a detector that nobody can fit a second time is not on offer."""
    with pytest.raises(ConfigError) as caught:
        checked_seed(seed)
    said = f"expected seed to be a whole number of at least 0, got {seed!r}; pass for example seed=0"
    assert str(caught.value) == said
