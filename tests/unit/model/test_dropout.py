"""Dropout: the share that is asked for, the mean that it was, gradients where numbers were kept."""

from __future__ import annotations

import pytest
import torch

from anomalyllm.model.dropout import QuickDropout


def dropped(p: float, numbers: torch.Tensor, seed: int = 0) -> torch.Tensor:
    torch.manual_seed(seed)
    result: torch.Tensor = QuickDropout(p).train()(numbers)
    return result


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("p", [0.1, 0.5, 0.75])
def test_share_and_mean(p: float, kind: torch.dtype) -> None:
    """Within five standard errors of what is asked, and what is left makes up for what is gone."""
    count = 300_001  # not a multiple of the four that one draw serves
    result = dropped(p, torch.ones(count, dtype=kind))
    share = float((result == 0).double().mean())
    assert share == pytest.approx(p, abs=5 * (p * (1 - p) / count) ** 0.5)
    assert result.dtype == kind
    assert float(result.max()) == pytest.approx(1 / (1 - p), rel=1e-2 if kind == torch.bfloat16 else 1e-3)
    assert set(result.unique().tolist()) == {0.0, float(result.max())}


def test_neighbours_do_not_hang_together() -> None:
    """Four come from one draw: were their bits shared, they would go and stay as one."""
    kept = (dropped(0.5, torch.ones(400_000)) > 0).double().reshape(-1, 4)
    together = torch.corrcoef(kept.T)
    assert (together - torch.eye(4)).abs().max() < 0.02


def test_chance_comes_from_torch_so_that_a_seed_decides() -> None:
    numbers = torch.ones(1000)
    assert torch.equal(dropped(0.3, numbers, 1), dropped(0.3, numbers, 1))
    assert not torch.equal(dropped(0.3, numbers, 1), dropped(0.3, numbers, 2))


def test_without_training_or_without_a_share_nothing_happens() -> None:
    numbers = torch.randn(3, 5)
    assert QuickDropout(0.5).eval()(numbers) is numbers
    assert QuickDropout(0.0).train()(numbers) is numbers
    assert not dropped(1.0, numbers).any()


def test_gradients_pass_where_numbers_do() -> None:
    numbers = torch.randn(50, requires_grad=True)
    result = dropped(0.4, numbers)
    result.sum().backward()
    assert numbers.grad is not None
    torch.testing.assert_close(numbers.grad * numbers.detach(), result.detach())
