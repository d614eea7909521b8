"""Operations and bytes, beside counts by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from anomalyllm.evaluation.speed.around import before, timed_series
from anomalyllm.evaluation.speed.networks import TrainingStep, network_plan, timed_teacher, whole
from anomalyllm.evaluation.speed.parts import Part, bytes_of, flops_of
from anomalyllm.evaluation.speed.retrieving import retrieval_flops, retrieval_plan
from anomalyllm.pairing import retrieving
from anomalyllm.presets import preset
from anomalyllm.teaching import Started, start

SMALL = preset("trained").with_settings({"training.batch": 8, "student.prototypes": 16, "teacher.blocks": 1})


@pytest.fixture(scope="module")
def started() -> Started:
    return start(timed_series(600), SMALL, 0)


def test_operations_of_a_layer_by_hand() -> None:
    layer, rows = nn.Linear(3, 5), torch.randn(7, 3)
    assert flops_of(lambda: layer(rows)) == 2 * 7 * 3 * 5
    total = layer(rows).sum()
    assert flops_of(lambda: total.backward()) == 2 * 7 * 3 * 5  # of the weights alone: rows need no gradient


def test_operations_of_attention_by_hand() -> None:
    """Scores and their mix, each 2 · heads · N² · D; torch's own counter leaves them out on a processor."""
    query = torch.randn(2, 4, 6, 8)
    with torch.inference_mode():
        found = flops_of(lambda: nn.functional.scaled_dot_product_attention(query, query, query, is_causal=True))
    assert found == 2 * (2 * 2 * 4 * 6 * 6 * 8)


def test_bytes_of_arrays_tensors_and_modules() -> None:
    layer = nn.Linear(3, 5)
    assert bytes_of(np.zeros(4), torch.zeros(2, dtype=torch.bfloat16), layer, None) == 32 + 4 + 4 * (15 + 5)


def test_a_part_counts_unless_it_knows() -> None:
    product = torch.zeros(2, 2)
    assert Part("product", lambda: product @ product, 0).counted_flops() == 16
    assert Part("product", lambda: product @ product, 0, flops=3).counted_flops() == 3


def test_a_training_step_is_the_sum_of_its_pieces(started: Started) -> None:
    """What a step computes and no piece has would be computed for nothing, or twice."""
    pieces = {part.name: part.counted_flops() for part in TrainingStep(started).parts()}
    step = next(part for part in whole(started) if part.name == "training step")
    assert step.counted_flops() == pieces["teacher"] + pieces["student"] + pieces["backward"]
    assert min(pieces["teacher"], pieces["student"], pieces["backward"]) > 0


def test_operations_of_the_teacher_by_hand(started: Started) -> None:
    """`compact` with one block: three views of eight windows, nine patches each (the padding makes one more)."""
    config = started.untrained.config
    patches, width = 9, 128
    rows = 3 * 8 * patches
    embedding = 2 * rows * 3 * config.teacher.patch * width
    block = 2 * rows * 12 * width**2
    attention = 2 * (2 * rows * patches * width)
    head = 2 * rows * width * config.teacher.output
    (teacher,) = (part for part in TrainingStep(started).parts() if part.name == "teacher")
    assert teacher.counted_flops() == embedding + block + attention + head


def test_operations_of_retrieval_by_hand() -> None:
    fitted = retrieving(timed_series(600), preset("default"), 0)
    judge = fitted.retrieval[-1]
    rows = len(judge.bank.starts)
    points = {view: judge.bank.rows(view, 0).shape[1] for view in judge.views if view != "subspace"}
    by_hand = sum(2 * 10 * rows * (count + 1) for count in points.values()) + 2 * 10 * judge.bank.axes[0].size
    assert len(points) == 4
    assert retrieval_flops(judge, 10) == by_hand


def test_what_is_read_is_what_was_made() -> None:
    series = timed_series(600)
    fitted = retrieving(series, preset("default"), 0)
    reading, _ = before(series, fitted)
    np.testing.assert_allclose(reading.work().values, series.values, atol=1e-6)


@pytest.mark.parametrize("name", ["default", "pretrained", "trained"])
def test_every_part_of_a_preset_is_there_once_and_works_twice(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anomalyllm.evaluation.speed.networks.ROWS", 600)
    monkeypatch.setattr("anomalyllm.evaluation.speed.retrieving.ROWS", 600)
    monkeypatch.setattr("anomalyllm.evaluation.speed.retrieving.WINDOWS", 64)
    config = preset(name) if name != "trained" else SMALL
    plan = network_plan(config) if name == "trained" else retrieval_plan(config)
    names = [part.name for part in plan.parts]
    assert len(names) == len(set(names))
    assert names[:2] == ["reading", "scaling"]
    assert names[-2:] == ["lifting", "threshold"]
    kinds = {"trained": "backward", "default": "retrieval", "pretrained": "networks, windows of 64"}
    assert any(part.startswith(kinds[name]) for part in names)
    for part in plan.parts:
        part.work()
        part.work()
        assert part.moved > 0, part.name


def test_in_place_of_gpt2_stands_one_of_its_size() -> None:
    """Nothing is fetched for the sake of a time, and the label says so."""
    teacher = timed_teacher(preset("paper").with_settings({"teacher.blocks": 1}))
    assert teacher.label == "a GPT-2 with random weights"
    assert teacher.module.h[0].attn.c_attn.weight.shape == (768, 3 * 768)  # type: ignore[index, union-attr]
    assert timed_teacher(SMALL).label == "compact (untrained)"
