"""What each body is said to be, held against slow and obvious versions."""

from __future__ import annotations

import pytest
import torch

import naive
from anomalyllm.config import StudentConfig
from anomalyllm.model.student_bodies.graph import GraphBody
from anomalyllm.model.student_bodies.tcn import TCNBody, reach
from anomalyllm.model.student_bodies.timesnet import Inception, TimesBlock, grid, neighbours

SMALL = StudentConfig(width=6, heads=2, feed_forward=10, layers=1)


def periods_of(block: TimesBlock, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Periods in tokens and their weights, (R, k) each."""
    frequencies, weights = block.strongest(rows)
    return torch.tensor(block.lengths)[frequencies], weights


def chance(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


# --- TCN


@pytest.mark.parametrize(("tokens", "blocks"), [(1, 1), (3, 1), (4, 2), (7, 2), (8, 3), (17, 4)])
def test_a_tcn_has_as_many_blocks_as_reach_all_tokens(tokens: int, blocks: int) -> None:
    assert len(TCNBody(SMALL, tokens).blocks) == blocks
    assert reach(blocks) >= tokens - 1


@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_a_tcn_reaches_as_far_as_it_says_and_no_further(blocks: int) -> None:
    torch.manual_seed(0)
    network = TCNBody(StudentConfig(width=6, heads=2, layers=blocks), 1)
    tokens = chance(1, 1, 41, 6)
    changed = tokens.clone()
    changed[0, 0, 20] += 5 * chance(6, seed=1)
    moved = ((network(changed) - network(tokens)).abs().amax(dim=-1) > 0)[0, 0]
    places = moved.nonzero().flatten() - 20
    assert (places.min(), places.max()) == (-reach(blocks), reach(blocks))


# --- graph


def test_graph_attention_equals_naive() -> None:
    """Every channel by a softmax over all channels, token by token."""
    torch.manual_seed(0)
    layer = GraphBody(SMALL, 5).layers[0].double()
    tokens = chance(2, 3, 5, 6).double()
    among = torch.empty_like(tokens)
    for batch in range(2):
        for place in range(5):
            nodes = tokens[batch, :, place]
            query, key, value = (
                part(nodes) for part in (layer.channels.query, layer.channels.key, layer.channels.value)
            )
            mixed = [naive.attended(query.tolist(), key.tolist(), value.tolist(), part) for part in ((0, 3), (3, 6))]
            joined = torch.tensor([one + other for one, other in zip(*mixed, strict=True)], dtype=torch.float64)
            among[batch, :, place] = layer.channels.output(joined)
    rows = layer.norm(tokens + among).flatten(0, 1)
    torch.testing.assert_close(layer(tokens), layer.time(rows).reshape(tokens.shape))


def test_a_graph_treats_channels_alike_in_every_order_and_number() -> None:
    torch.manual_seed(0)
    network = GraphBody(SMALL, 5)
    tokens, order = chance(2, 4, 5, 6), torch.tensor([2, 0, 3, 1])
    torch.testing.assert_close(network(tokens[:, order]), network(tokens)[:, order], rtol=1e-5, atol=1e-5)
    for channels in (1, 7):
        assert network(chance(2, channels, 5, 6)).shape == (2, channels, 5, 6)


def test_one_channel_looks_at_itself() -> None:
    """A softmax over one is 1, so that copies of a channel beside it change nothing."""
    torch.manual_seed(0)
    network, alone = GraphBody(SMALL, 5), chance(2, 1, 5, 6)
    torch.testing.assert_close(network(alone.expand(-1, 3, -1, -1))[:, :1], network(alone), rtol=1e-5, atol=1e-5)


# --- TimesNet


@pytest.mark.parametrize("period", [2, 3, 4, 6, 12])
def test_a_planted_period_is_found_in_its_own_row(period: int) -> None:
    """And in no other row of the batch, though another period is planted in each of those."""
    tokens, block = 24, TimesBlock(6, 10, 24)
    time = torch.arange(tokens)
    rows = torch.stack([torch.cos(2 * torch.pi * time / planted) for planted in (period, 24, 8, 5)])
    rows = rows[:, :, None] * chance(1, 1, 6) + 0.05 * chance(4, tokens, 6, seed=1)
    periods, weights = periods_of(block, rows)
    assert periods[0, 0] == period
    assert (weights[:, 0] >= weights[:, 1]).all()
    assert weights[0, 0] > 0.5
    assert periods_of(block, rows[:1])[0].tolist() == periods[:1].tolist()


@pytest.mark.parametrize("tokens", [1, 2, 5, 16, 17])
def test_amplitudes_and_weights_equal_naive(tokens: int) -> None:
    block, rows = TimesBlock(4, 6, tokens), chance(3, tokens, 4)
    periods, weights = periods_of(block, rows)
    for row in range(3):
        expected = naive.periods(rows[row].tolist(), kept=2)
        assert periods[row].tolist() == [period for period, _ in expected]
        assert weights[row].tolist() == pytest.approx([weight for _, weight in expected], abs=1e-5)


def test_where_two_periods_are_equal_it_does_not_matter_which_is_taken() -> None:
    """Rounding decides which, and differs with the batch: a score must not jump."""
    torch.manual_seed(0)
    block, time = TimesBlock(4, 6, 24), torch.arange(24)
    waves = [torch.cos(2 * torch.pi * time / period)[:, None] * torch.ones(4) for period in (12, 6, 4)]
    one, other = (
        block(sum(size * wave for size, wave in zip(sizes, waves, strict=True))[None])
        for sizes in ((2, 1 + 1e-6, 1), (2, 1, 1 + 1e-6))
    )
    torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("period", [1, 2, 3, 5, 8, 17])
def test_a_convolution_of_a_fold_equals_one_of_the_folded_grid(period: int) -> None:
    """The grid is filled up with zeros, and all of it is convolved, the filling too."""
    torch.manual_seed(0)
    tokens, longest = 17, 24
    layer = Inception(3, 5)
    whole = grid(tokens, period)
    lines = torch.zeros(2, longest, 3)
    lines[:, :tokens] = chance(2, tokens, 3)
    around = neighbours(tokens, period, longest).expand(2, -1, -1)
    found = layer(lines, around)[:, :whole]
    folded = lines[:, :whole].reshape(2, whole // period, period, 3).permute(0, 3, 1, 2)
    expected = torch.stack([convolution(folded) for convolution in layer.convolutions]).mean(dim=0)
    torch.testing.assert_close(found, expected.permute(0, 2, 3, 1).flatten(1, 2), rtol=1e-4, atol=1e-5)


def test_a_block_is_the_sum_of_its_folds() -> None:
    """Each row by its own periods, as the paper has it for one series."""
    torch.manual_seed(0)
    tokens, block = 17, TimesBlock(4, 6, 17)
    rows = chance(3, tokens, 4)
    periods, weights = periods_of(block, rows)
    for row in range(3):
        total = rows[row].clone()
        for period, weight in zip(periods[row].tolist(), weights[row], strict=True):
            whole = grid(tokens, period)
            filled = torch.cat([rows[row], torch.zeros(whole - tokens, 4)])
            image = filled.reshape(1, whole // period, period, 4).permute(0, 3, 1, 2)
            for part, function in ((block.expand, torch.nn.functional.gelu), (block.contract, lambda x: x)):
                image = function(torch.stack([of(image) for of in part.convolutions]).mean(dim=0))
            total = total + weight * image.permute(0, 2, 3, 1).reshape(whole, 4)[:tokens]
        torch.testing.assert_close(block(rows)[row], total, rtol=1e-4, atol=1e-5)
