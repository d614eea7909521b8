"""Pretraining: both stages do their work, the blocks sleep in the second, a stopped run goes on as if it had not."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import GPT2Config, GPT2Model

from anomalyllm.errors import ArtefactError, ConfigError, TrainingInterrupted
from anomalyllm.model.chance import torch_chance
from anomalyllm.model.pair import Pair, load_pair, save_pair
from anomalyllm.pretraining import loop
from anomalyllm.pretraining.held_out import area, discrepancies
from anomalyllm.pretraining.loop import Run, Validation, pretrain
from anomalyllm.pretraining.settings import PretrainingSettings

TINY = PretrainingSettings(
    language_steps=4,
    distillation_steps=4,
    batch=32,
    series=1,
    steps_per_chunk=3,
    held_out_series=1,
    validate_every=2,
)


@pytest.fixture(scope="module")
def trained() -> tuple[Pair, list[Validation]]:
    return pretrain(TINY, 0)


def weights(pair: Pair) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in pair.state_dict().items()}


def same(one: Pair, other: Pair) -> bool:
    return all(torch.equal(weight, weights(other)[name]) for name, weight in weights(one).items())


def test_each_term_is_told_by_itself(trained: tuple[Pair, list[Validation]]) -> None:
    history = trained[1]
    assert [row.step for row in history] == [2, 4, 6, 8]
    spoken = [(math.isnan(row.language), math.isnan(row.pull), math.isnan(row.held_out)) for row in history]
    assert spoken == [(False, True, True)] * 2 + [(True, False, False)] * 2
    assert all(0 <= row.held_out <= 1 and 0 <= row.nearest <= 1 for row in history[2:])
    assert all(0 <= row.low <= row.high <= 1 for row in history[2:])


def test_a_validation_across_both_stages_has_all_terms() -> None:
    rows = pretrain(dataclasses.replace(TINY, language_steps=1, distillation_steps=1), 0)[1]
    assert len(rows) == 1
    assert not any(math.isnan(value) for value in dataclasses.astuple(rows[0]))


def test_the_blocks_sleep_in_the_second_stage() -> None:
    """Only what reads into them and out of them is trained on: byte for byte."""
    run = Run(TINY, 0)
    drawn = weights(run.pair)
    while run.speaking:
        run.advance()
    spoken = weights(run.pair)
    while run.step < run.steps:
        run.advance()
    done = weights(run.pair)
    blocks = [name for name in drawn if ".h." in name and name.endswith("weight")]
    assert len(blocks) == 3 * 6
    assert not any(torch.equal(drawn[name], spoken[name]) for name in blocks)
    asleep = {name for name in done if torch.equal(done[name], spoken[name])}
    awake = {"teacher.embedding.weight", "teacher.embedding.bias", "teacher.head.weight", "teacher.head.bias"}
    assert asleep == {name for name in done if name.startswith("teacher")} - awake
    student = [name for name in drawn if name.startswith("student")]
    assert all(torch.equal(drawn[name], spoken[name]) for name in student)


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A small GPT-2 in a folder, and one that lacks its feed-forward half."""
    whole, half = (tmp_path_factory.mktemp("foreign") / name for name in ("tiny-gpt2", "half.safetensors"))
    with torch_chance(3):
        model = GPT2Model(GPT2Config(vocab_size=5, n_positions=16, n_embd=64, n_layer=2, n_head=1))
    model.save_pretrained(whole)
    kept = {name: tensor for name, tensor in model.state_dict().items() if ".mlp." not in name and "wte" not in name}
    save_file(kept, half)
    return {"folder": str(whole), "attention": str(half)}


@pytest.mark.parametrize(
    ("kind", "steps", "label"),
    [
        ("compact", 0, "compact (untrained)"),
        ("compact", 2, "compact, 2 steps on generated series"),
        ("folder", 0, "tiny-gpt2"),
        ("attention", 0, "gpt2 attention h0-h1, feed-forward skipped"),
        ("attention", 2, "gpt2 attention h0-h1, feed-forward skipped, 2 steps on generated series"),
    ],
)
def test_the_blocks_of_every_teacher_sleep_in_the_second_stage(
    kind: str, steps: int, label: str, foreign: dict[str, str], tmp_path: Path
) -> None:
    """Byte for byte, from where the second stage begins to the file that is loaded; and the label says what it is."""
    settings = dataclasses.replace(
        TINY, teacher=foreign.get(kind, kind), blocks=2, language_steps=steps, distillation_steps=2
    )
    run = Run(settings, 0)
    while run.speaking:
        run.advance()
    before = weights(run.pair)
    pair = pretrain(settings, 0)[0]
    save_pair(tmp_path / "pair", pair)
    loaded = load_pair(tmp_path / "pair")
    blocks = [name for name in before if name.startswith("teacher.language_model")]
    assert len(blocks) > 10
    assert all(before[name].numpy().tobytes() == weights(loaded)[name].numpy().tobytes() for name in blocks)
    assert not torch.equal(before["teacher.embedding.weight"], weights(loaded)["teacher.embedding.weight"])
    assert loaded.teacher.label == label


def test_a_teacher_that_comes_trained_keeps_its_own_blocks(foreign: dict[str, str]) -> None:
    settings = dataclasses.replace(TINY, teacher=foreign["folder"], blocks=2, language_steps=0, distillation_steps=2)
    pair = pretrain(settings, 0)[0]
    stored = load_file(Path(foreign["folder"]) / "model.safetensors")
    for name, tensor in pair.teacher.language_model.state_dict().items():
        assert name == "wte.weight" or torch.equal(tensor, stored[name]), name


def test_without_a_language_model_there_are_no_blocks_and_all_of_the_teacher_is_trained(tmp_path: Path) -> None:
    settings = dataclasses.replace(TINY, teacher="none", language_steps=0)
    drawn = weights(Run(settings, 0).pair)
    pair = pretrain(settings, 0)[0]
    assert {name for name in drawn if name.startswith("teacher")} == {
        f"teacher.{layer}.{kind}" for layer in ("embedding", "head") for kind in ("weight", "bias")
    }
    assert not any(torch.equal(drawn[name], weight) for name, weight in weights(pair).items())
    save_pair(tmp_path / "pair", pair)
    assert same(load_pair(tmp_path / "pair"), pair)


def test_the_blocks_learn_to_say_the_next_patch() -> None:
    """A stage that learned nothing would still run: the loss must fall by a quarter in some steps."""
    settings = dataclasses.replace(TINY, language_steps=60, distillation_steps=0, validate_every=15, steps_per_chunk=60)
    history = pretrain(settings, 0)[1]
    assert history[-1].language < 0.75 * history[0].language


def test_the_pair_learns_to_disagree_on_what_it_is_shown() -> None:
    settings = dataclasses.replace(
        TINY, language_steps=0, distillation_steps=100, batch=64, validate_every=100, steps_per_chunk=100
    )
    run = Run(settings, 0)
    while run.step < run.steps:
        run.advance()
    assert run.chunk is not None
    shown = run.chunk[1]
    assert area(discrepancies(run.pair, shown), shown.labels) > 0.65


def test_a_run_is_its_seed(trained: tuple[Pair, list[Validation]]) -> None:
    assert same(pretrain(TINY, 0)[0], trained[0])
    assert not same(pretrain(TINY, 1)[0], trained[0])


@pytest.mark.parametrize("stop", [3, 5, 7])
def test_a_stopped_run_goes_on_as_if_it_had_not_been(
    stop: int, trained: tuple[Pair, list[Validation]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within the first stage, where the second begins, and within the second."""
    checkpoint = tmp_path / "run.checkpoint"
    advance = Run.advance

    def stopped(run: Run) -> None:
        if run.step == stop:
            raise KeyboardInterrupt
        advance(run)

    with monkeypatch.context() as patched:
        patched.setattr(Run, "advance", stopped)
        with pytest.raises(TrainingInterrupted, match=rf"a stop at step {stop} of 8; go on from .*run.checkpoint with"):
            pretrain(TINY, 0, checkpoint=checkpoint)
    told: list[Validation] = []
    pair, history = pretrain(TINY, 0, checkpoint=checkpoint, resume=True, watcher=told.append)
    assert same(pair, trained[0])
    assert repr(history) == repr(trained[1])
    assert [row.step for row in told] == list(range(stop + 1, 9, 2))


def test_a_stop_without_a_checkpoint_is_a_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(run: Run) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Run, "advance", stopped)
    for checkpoint in (None, tmp_path / "none yet"):
        with pytest.raises(KeyboardInterrupt):
            pretrain(TINY, 0, checkpoint=checkpoint)


def test_a_checkpoint_of_other_settings_is_refused(tmp_path: Path) -> None:
    checkpoint = tmp_path / "run.checkpoint"
    pretrain(TINY, 0, checkpoint=checkpoint)
    with pytest.raises(ArtefactError, match="one of other data or settings"):
        pretrain(TINY, 1, checkpoint=checkpoint, resume=True)


def test_divergence_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    advance = Run.advance

    def diverging(run: Run) -> None:
        advance(run)
        run.pair.student.level.weight.data.fill_(math.nan)

    monkeypatch.setattr(loop.Run, "advance", diverging)
    with pytest.raises(ConfigError, match="losses that stay finite, got NaN by step 1; lower learning_rate"):
        pretrain(dataclasses.replace(TINY, language_steps=1, distillation_steps=0), 0)


def test_the_learning_rate_rises_and_falls_in_each_stage() -> None:
    run = Run(dataclasses.replace(TINY, language_steps=400, distillation_steps=600), 0)
    paces = []
    for step in range(1000):
        run.step = step
        paces.append(run._pace())
    assert paces[0] == pytest.approx(0.01)
    assert paces[400] == pytest.approx(0.01)
    assert max(paces) < 1
    assert paces[399] < 1e-4
    assert paces[999] < 1e-4
    assert np.argmax(paces[:400]) == np.argmax(paces[400:]) == 99 or max(paces[:400]) > 0.8
