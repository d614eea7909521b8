"""The loop: it learns, keeps a copy of the best, stops by the held-out tail, and goes on after a kill."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from anomalyllm.config import DetectorConfig
from anomalyllm.errors import ArtefactError, TrainingInterrupted
from anomalyllm.model.distiller import Distiller, build
from anomalyllm.model.language_models import load_language_model
from anomalyllm.model.student_bodies import BODIES
from anomalyllm.presets import preset
from anomalyllm.teaching import place_prototypes, training_data
from anomalyllm.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from anomalyllm.training.data import TrainingData
from anomalyllm.training.loop import Run, train, trained_copy
from anomalyllm.training.record import Progress, TrainingRecord
from anomalyllm.windows.choice import resolved
from conftest import SMALL, sine


def problem(name: str = "trained", **settings: object) -> tuple[Distiller, TrainingData, DetectorConfig]:
    changes = {**SMALL[name], "teacher.name": "compact", "teacher.blocks": 1, "training.max_steps": 20, **settings}
    values = sine(500).astype(np.float32)
    config, _ = resolved(preset(name).with_settings(changes), values)
    language_model = load_language_model("compact", 1, 0).module
    assert config.window.length is not None
    distiller = build(config, language_model, channels=1, window=config.window.length, seed=0)
    data = training_data(values, np.zeros(values.shape, np.bool_), config, 0)
    place_prototypes(distiller, data, config, 0)
    return distiller, data, config


def weights(distiller: Distiller) -> bytes:
    return b"".join(tensor.numpy().tobytes() for tensor in trained_copy(distiller).values())


def test_losses_fall() -> None:
    distiller, data, config = problem(**{"training.max_steps": 40, "training.patience": 100})
    record = train(distiller, data, config, 0)
    assert record.history[-1].total < 0.8 * record.history[0].total
    assert record.history[-1].validation < record.history[0].validation
    assert record.steps == 40


def test_the_best_weights_are_a_copy_and_are_kept() -> None:
    """A reference to the last weights is no copy: after more steps the run's best must still validate as it did."""
    distiller, data, config = problem(**{"training.max_steps": 30, "training.patience": 100})
    config = dataclasses.replace(config, training=dataclasses.replace(config.training, learning_rate=0.05))
    record = train(distiller, data, config, 0)
    losses = [row.validation for row in record.history]
    assert record.best_step == record.history[int(np.argmin(losses))].step
    again = Run(distiller, data, config, 0)
    again.judge()
    assert again.ledger.history[0].validation == pytest.approx(min(losses), rel=1e-6)
    assert record.best == min(losses)


def test_early_stop_counts_validations_without_a_better_one(monkeypatch: pytest.MonkeyPatch) -> None:
    distiller, data, config = problem(**{"training.max_steps": 1000, "training.patience": 2})
    losses = iter([3.0, 2.0, 2.5, 2.0, 1.0])
    monkeypatch.setattr(Run, "_validation", lambda self: (0.0, 0.0, next(losses)))
    record = train(distiller, data, config, 0)
    assert [row.validation for row in record.history] == [3.0, 2.0, 2.5, 2.0]
    assert record.best_step == 2 * config.training.validate_every


def test_every_step_is_told_with_both_terms_and_time_left() -> None:
    distiller, data, config = problem(**{"training.max_steps": 6})
    told: list[Progress] = []
    train(distiller, data, config, 0, watcher=told.append)
    assert [progress.step for progress in told] == [1, 2, 3, 4, 5, 6]
    assert all(progress.distillation > 0 and progress.contrastive >= 0 for progress in told)
    assert math.isnan(told[0].validation)
    assert not math.isnan(told[-1].validation)
    assert told[-1].seconds_left == 0


def test_synthetic_anomalies_are_drawn_afresh_for_every_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    distiller, data, config = problem(**{"training.max_steps": 4, "training.batch": 10_000})
    seen: list[bytes] = []
    import anomalyllm.training.loop as loop

    original = loop.views

    def spy(windows, augment, generator):
        pair = original(windows, augment, generator)
        seen.append(np.sort(pair[0] - windows, axis=None).tobytes())
        return pair

    monkeypatch.setattr(loop, "views", spy)
    run = Run(distiller, data, config, 0)
    for _ in range(4):
        run.advance()
    assert len(set(seen)) == 4


def test_without_synthetic_anomalies_none_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """BatchNorm would learn of them though no loss does."""
    distiller, data, config = problem("paper", **{"loss.push": 0.0, "loss.contrastive": 0.0, "training.max_steps": 4})
    monkeypatch.setattr("anomalyllm.training.loop.views", lambda *_: pytest.fail("drawn"))
    record = train(distiller, data, config, 0)
    assert record.history[-1].contrastive == 0
    assert 0 < record.history[-1].validation < record.history[0].distillation * 10


class Killed(Exception):
    pass


KINDS = {
    "trained": ("trained", {}),
    "paper": ("paper", {}),
    **{
        body: ("trained", {"student.body": body, "channel_mode": "joint", "student.feed_forward": 16})
        for body in BODIES
    },
    "alone": ("paper", {"student.led": False, "loss.push": 0.0}),
}


@pytest.mark.parametrize(("name", "after"), [*((name, 5) for name in KINDS), ("trained", 3), ("paper", 12)])
def test_a_killed_run_goes_on_to_the_same_bytes(name: str, after: int, tmp_path: Path) -> None:
    """Whatever the student's body: what a checkpoint holds is all that training changes."""
    preset_name, settings = KINDS[name]
    path = tmp_path / "run.checkpoint"
    whole, data, config = problem(preset_name, **settings)
    expected = train(whole, data, config, 0)

    def kill(progress: Progress) -> None:
        if progress.step == after:
            raise Killed

    broken, data, config = problem(preset_name, **settings)
    with pytest.raises(Killed):
        train(broken, data, config, 0, checkpoint=path, fingerprint="it", watcher=kill)
    resumed, data, config = problem(preset_name, **settings)
    record = train(resumed, data, config, 0, checkpoint=path, resume="it", fingerprint="it")
    assert record == expected
    assert weights(resumed) == weights(whole)


def test_ctrl_c_leaves_a_checkpoint_and_says_how_to_go_on(tmp_path: Path) -> None:
    path = tmp_path / "run.checkpoint"

    def interrupt(progress: Progress) -> None:
        if progress.step == 7:
            raise KeyboardInterrupt

    distiller, data, config = problem()
    with pytest.raises(TrainingInterrupted, match="go on from .* with --resume") as caught:
        train(distiller, data, config, 0, checkpoint=path, fingerprint="it", watcher=interrupt)
    assert caught.value.checkpoint == path
    assert read_checkpoint(path, "it").state["step"] == 5
    with pytest.raises(KeyboardInterrupt):  # nobody asked for a checkpoint: Python's own exception goes through
        train(distiller, data, config, 0, watcher=interrupt)


def test_a_finished_run_is_not_repeated(tmp_path: Path) -> None:
    path = tmp_path / "run.checkpoint"
    first, data, config = problem()
    record = train(first, data, config, 0, checkpoint=path, fingerprint="it")
    again, data, config = problem()
    told: list[Progress] = []
    assert train(again, data, config, 0, checkpoint=path, resume="it", watcher=told.append) == record
    assert told == []
    assert weights(again) == weights(first)


def test_checkpoints_that_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "run.checkpoint"
    with pytest.raises(ArtefactError, match="no such file; start without --resume"):
        read_checkpoint(path, "it")
    write_checkpoint(path, Checkpoint("it", {"step": 1}, {"weights/a": torch.ones(3)}))
    with pytest.raises(ArtefactError, match="of other data or settings"):
        read_checkpoint(path, "other")
    content = path.read_bytes()
    path.write_bytes(content[:-4])
    with pytest.raises(ArtefactError, match="a whole checkpoint"):
        read_checkpoint(path, "it")
    from safetensors.torch import save_file

    save_file({"a": torch.ones(1)}, path)
    with pytest.raises(ArtefactError, match="a file of another kind"):
        read_checkpoint(path, "it")


def test_one_window_is_enough_for_a_step() -> None:
    """The smallest series: a batch of one, both networks, both presets (three rows keep batch statistics defined)."""
    for name in ("trained", "paper"):
        distiller, data, config = problem(name, **{"training.max_steps": 1})
        data = dataclasses.replace(data, starts=data.starts[:1], held_out=data.starts[:1])
        record = train(distiller, data, config, 0)
        assert math.isfinite(record.best)


def test_an_empty_record_has_no_best() -> None:
    assert math.isnan(TrainingRecord().best)
