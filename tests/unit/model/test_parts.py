"""Prototypes, student, losses and inference: properties, oracles and guards."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

import naive
from anomalyllm.config import LossConfig, StudentConfig
from anomalyllm.model.layers import Attention, PatchEmbedding, SinePositions, window_statistics
from anomalyllm.model.losses import NEARNESS_FLOOR, contrastive, distillation_rows, loss_terms, push
from anomalyllm.model.prototypes import (
    choose,
    cosine_similarity,
    gather,
    kmeans_prototypes,
    random_prototypes,
    window_positions,
)
from anomalyllm.model.student import Student


def chance(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def student(*, joint: bool = False, channels: int = 2, **settings: object) -> Student:
    torch.manual_seed(0)
    base = {"patch": 4, "width": 8, "heads": 2, "feed_forward": 8, "layers": 1, "prototypes": 3}
    made = Student(StudentConfig(**{**base, **settings}), channels=channels, window=16, output=5, joint=joint).eval()
    with torch.no_grad():
        made.prototypes.copy_(chance(channels, 3, 16, seed=1))
    return made


# --- layers


def test_embedding_is_circular() -> None:
    """The first patch's left neighbour is the last: a change there reaches the first token, and not the middle one."""
    embedding = PatchEmbedding(3, 4)
    patches = chance(1, 5, 3)
    changed = patches.clone()
    changed[:, -1] += 1
    moved = (embedding(changed) - embedding(patches)).abs().sum(dim=-1)[0] > 1e-6
    assert moved.tolist() == [True, False, False, True, True]


def test_embedding_of_one_patch_is_its_own_neighbour() -> None:
    embedding = PatchEmbedding(3, 4)
    patch = chance(2, 1, 3)
    three = embedding(patch.expand(2, 3, 3))[:, :1]
    torch.testing.assert_close(embedding(patch), three)


def test_positions_follow_their_formula() -> None:
    table = SinePositions(4, 6)(torch.zeros(1, 4, 6))[0]
    for place in range(4):
        for feature in range(6):
            angle = place * 10000 ** (-(feature // 2 * 2) / 6)
            expected = np.sin(angle) if feature % 2 == 0 else np.cos(angle)
            assert table[place, feature] == pytest.approx(expected, abs=1e-6)


def test_attention_equals_softmax_by_hand() -> None:
    attention = Attention(6, 2)
    tokens = chance(2, 5, 6)
    query, key, value = attention.query(tokens), attention.key(tokens), attention.value(tokens)
    heads = []
    for head in (slice(0, 3), slice(3, 6)):
        weight = torch.softmax(query[..., head] @ key[..., head].transpose(1, 2) / 3**0.5, dim=-1)
        heads.append(weight @ value[..., head])
    torch.testing.assert_close(attention(tokens), attention.output(torch.cat(heads, dim=-1)))


@pytest.mark.parametrize("floor", [0.0, 0.1])
def test_statistics_of_flat_windows_are_finite(floor: float) -> None:
    for window in (torch.zeros(1, 1, 8), torch.full((1, 1, 8), 1e4), 1 + 1e-6 * chance(1, 1, 8)):
        mean, deviation = window_statistics(window, floor)
        scaled = (window - mean) / deviation
        assert torch.isfinite(scaled).all()
        assert deviation.item() >= max(floor, 1e-5**0.5) * 0.999


def test_a_floor_keeps_flat_noise_small() -> None:
    """What the paper's code blows up three hundred times stays noise."""
    window = 1e-3 * chance(1, 1, 64)
    plain, floored = (window.std() / window_statistics(window, floor)[1] for floor in (0.0, 0.1))
    assert plain > 20 * floored


# --- prototypes


def test_cosine_equals_naive() -> None:
    windows, bank = chance(3, 2, 5), chance(2, 4, 5, seed=1)
    found = cosine_similarity(windows, bank)
    for batch in range(3):
        for channel in range(2):
            for prototype in range(4):
                expected = naive.cosine(windows[batch, channel].tolist(), bank[channel, prototype].tolist())
                assert found[batch, channel, prototype].item() == pytest.approx(expected, abs=1e-6)


def test_a_flat_window_chooses_the_first_prototype() -> None:
    similarity = cosine_similarity(torch.zeros(1, 1, 5), chance(1, 4, 5))
    assert similarity.tolist() == [[[0.0] * 4]]
    assert choose(similarity).item() == 0


def test_forbidden_prototypes_are_not_chosen() -> None:
    similarity = torch.tensor([[[0.9, 0.5, -0.9]]])
    assert choose(similarity).item() == 0
    assert choose(similarity, torch.tensor([[True, False, False]])).item() == 1
    assert choose(similarity, torch.tensor([[True, True, False]])).item() == 2


def test_gather_passes_gradient_to_the_chosen_only() -> None:
    bank = chance(2, 3, 4).requires_grad_()
    choice = torch.tensor([[0, 2], [1, 2]])
    chosen = gather(bank, choice)
    assert torch.equal(chosen[0, 1], bank[1, 2])
    chosen.sum().backward()
    assert bank.grad.sum(dim=-1).tolist() == [[4, 4, 0], [0, 0, 8]]


def test_kmeans_finds_the_shapes_that_are_there() -> None:
    shapes = np.array([[5.0, 0, 0, 0], [0, 5, 0, 0], [0, 0, 5, 0]])
    generator = np.random.default_rng(0)
    windows = (shapes[np.arange(300) % 3] + 0.1 * generator.standard_normal((300, 4)))[:, None]
    centres = kmeans_prototypes(windows, 3, generator)[0]
    nearest = np.abs(centres[:, None] - shapes[None]).max(axis=-1).min(axis=0)
    assert (nearest < 0.1).all()


@pytest.mark.parametrize("windows", [1, 3, 8])
def test_kmeans_with_few_or_equal_windows_is_finite(windows: int) -> None:
    centres = kmeans_prototypes(np.ones((windows, 2, 6)), 5, np.random.default_rng(0))
    assert centres.shape == (2, 5, 6)
    assert np.isfinite(centres).all()


def test_random_prototypes_are_seeded() -> None:
    one, same = (random_prototypes(2, 3, 4, np.random.default_rng(1)) for _ in range(2))
    assert np.array_equal(one, same)
    assert one.shape == (2, 3, 4)


def test_window_positions_are_spread_and_off_the_beat() -> None:
    places = window_positions(1000, 50, np.random.default_rng(0))
    assert len(places) == 50
    assert (np.diff(places) > 0).all()
    assert places[0] < 20 <= 980 <= places[-1] + 20 < 1020
    assert len(set(places % 20)) > 10  # every phase of a period of 20, not one
    assert window_positions(3, 50, np.random.default_rng(0)).tolist() == [0, 1, 2]


# --- student


@pytest.mark.parametrize("joint", [True, False])
@pytest.mark.parametrize("source", ["windows", "kmeans"])
def test_student_shapes_and_finite_on_every_kind_of_window(joint: bool, source: str) -> None:
    for rescale in (True, False):
        network = student(joint=joint, prototype_source=source, rescale_prototype=rescale)
        for windows in (torch.zeros(4, 2, 16), torch.full((4, 2, 16), 1e4), chance(4, 2, 16), 1e4 * chance(4, 2, 16)):
            said = network(windows)
            assert said.vector.shape == (4, 1 if joint else 2, 5)
            assert said.choice.shape == (4, 2)
            assert torch.isfinite(said.vector).all()


def test_student_sees_level_where_it_is_told() -> None:
    """Instance normalisation hides a shift of level; the level token shows it."""
    windows = chance(2, 2, 16)
    for told in (True, False):
        network = student(level_token=told)
        same = torch.allclose(network(windows).vector, network(windows + 2).vector, atol=1e-5)
        assert same is not told


def test_real_prototypes_are_not_trained() -> None:
    assert "prototypes" in dict(student(prototype_source="windows").named_buffers())
    assert "prototypes" in dict(student(prototype_source="kmeans").named_parameters())


def test_student_obeys_forbidden() -> None:
    network = student()
    windows = network.prototypes[:, 1].clone()[None]
    assert network(windows).choice.tolist() == [[1, 1]]
    assert 1 not in network(windows, torch.tensor([[False, True, False]])).choice


def test_nearly_equal_prototypes_are_told_apart_in_every_batch() -> None:
    """They differ in the eighth digit of a cosine: products in float32, whose last digits differ with the batch and the
    runtime, would choose now one and now the other, and the score with them."""
    network = student(prototype_source="windows", channels=1)
    window = chance(1, 1, 16, seed=4)
    apart = chance(16, seed=5)
    with torch.no_grad():
        for index, step in enumerate((2e-4, 1e-4, 3e-4)):
            network.prototypes[0, index] = window[0, 0] + step * apart
    assert torch.finfo(torch.float32).eps > 1e-8
    assert network(window).choice.tolist() == [[1]]
    around = chance(200, 1, 16, seed=6)
    for place in range(0, 200, 7):
        batch = torch.cat([around[:place], window, around[place:]])
        assert network(batch).choice[place].tolist() == [1]


# --- losses


def test_losses_equal_naive() -> None:
    teacher, taught = chance(9, 4), chance(9, 4, seed=1)
    terms = loss_terms(teacher, taught, LossConfig(distillation=2.0, contrastive=0.5))
    assert terms.distillation.item() == pytest.approx(naive.distillation(teacher.tolist(), taught.tolist()), rel=1e-5)
    assert terms.contrastive.item() == pytest.approx(naive.contrastive(teacher.tolist()), rel=1e-5)
    assert terms.total.item() == pytest.approx(2 * terms.distillation.item() + 0.5 * terms.contrastive.item())


def test_a_synthetic_row_weighs_as_much_as_it_is_told() -> None:
    """At 0 the loss is that of the normal rows alone: no synthetic anomaly is learned from, and none may scale it."""
    teacher, taught = chance(9, 4), chance(9, 4, seed=1)
    synthetic = torch.arange(9) >= 3
    rows = distillation_rows(teacher, taught, synthetic, "log")
    for weight in (0.0, 0.5, 1.0, 3.0):
        found = loss_terms(teacher, taught, LossConfig(push=weight)).distillation
        expected = (rows[:3].sum() + weight * rows[3:].sum()) / (3 + 6 * weight)
        torch.testing.assert_close(found, expected)
    assert loss_terms(teacher, taught, LossConfig()).distillation == rows.mean()  # to the last bit


def test_without_views_all_rows_are_normal() -> None:
    """Where neither term asks of synthetic anomalies, none is drawn and no network sees any."""
    config = LossConfig(push=0.0, contrastive=0.0)
    assert not config.asks_of_views
    assert LossConfig(push=0.0).asks_of_views
    assert LossConfig(contrastive=0.0).asks_of_views
    teacher, taught = chance(9, 4), chance(9, 4, seed=1)
    terms = loss_terms(teacher, taught, config)
    assert terms.distillation.item() == pytest.approx((teacher - taught).norm(dim=1).mean().item(), rel=1e-6)
    assert terms.contrastive == 0


def test_push_is_bounded_and_falls_with_distance() -> None:
    distances = torch.tensor([0.0, 1e-9, 1e-3, 0.1, 1.0, 10.0, 100.0])
    losses = push(distances)
    assert losses[0].item() == pytest.approx(-np.log(NEARNESS_FLOOR), rel=1e-5)
    assert (losses.diff() <= 0).all()
    assert losses[-1].abs() < 1e-5


def test_cosine_form_pulls_and_pushes() -> None:
    teacher, taught = chance(3, 4), chance(3, 4, seed=1)
    rows = distillation_rows(teacher, taught, torch.tensor([False, True, True]), "cosine")
    alike = functional.cosine_similarity(teacher, taught)
    torch.testing.assert_close(rows, torch.stack([1 - alike[0], alike[1], alike[2]]))


def test_contrastive_is_zero_for_a_teacher_that_does_not_move() -> None:
    normal = chance(5, 4)
    assert contrastive(normal, normal, 3 * normal).item() == pytest.approx(0, abs=1e-6)
    assert contrastive(normal, -normal, -normal).item() == pytest.approx(4, abs=1e-6)


def test_detached_teacher_gets_no_gradient_from_distillation() -> None:
    for detach in (True, False):
        teacher, taught = chance(6, 4).requires_grad_(), chance(6, 4, seed=1).requires_grad_()
        loss_terms(teacher, taught, LossConfig(contrastive=0.0, detach_teacher=detach)).total.backward()
        assert bool((teacher.grad == 0).all()) is detach
        assert (taught.grad != 0).any()
