"""Pretraining on one page: the blocks learn to say the next patch, then fall asleep; the pair learns to disagree.

A teacher that comes trained, or shall stay untrained, skips the first stage: 0 language steps.

Source: the pull on normal windows and the push on anomalous ones are those of arXiv 2401.15123 (see `model.losses`),
here per patch. What a step draws depends on the seed and the step alone, so a run that was stopped goes on as if not.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import smooth_l1_loss

from anomalyllm.errors import ConfigError, TrainingInterrupted
from anomalyllm.model.losses import pull, push
from anomalyllm.model.pair import Pair, patches, seen
from anomalyllm.pretraining.held_out import area, differences, discrepancies, interval
from anomalyllm.pretraining.sampling import ANOMALOUS, NORMAL, Samples, samples
from anomalyllm.pretraining.settings import PretrainingSettings
from anomalyllm.seeding import generator
from anomalyllm.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint

WARM_UP = 100  # steps in which the learning rate rises
LARGEST_GRADIENT = 1.0
UNTRAINED = " (untrained)"  # of `compact` as it is drawn


@dataclass(frozen=True)
class Validation:
    """Each loss term by itself (the mean since the last validation; NaN in the other stage) and the held-out area."""

    step: int
    language: float
    pull: float
    push: float
    held_out: float  # area under the ROC curve per patch of held-out generated series; NaN in the first stage
    nearest: float  # the same of the distance to the nearest normal window alone: what there is to beat
    low: float  # 95 % of the held-out areas lie between these two, if other series are held out
    high: float


Watcher = Callable[[Validation], None]


def pretrain(
    settings: PretrainingSettings,
    seed: int,
    *,
    checkpoint: Path | None = None,
    resume: bool = False,
    watcher: Watcher | None = None,
) -> tuple[Pair, list[Validation]]:
    """A pair trained on generated series, and the history of its training.

    Args:
        settings: see `PretrainingSettings`.
        seed: decides weights, series, anomalies and order.
        checkpoint: where to leave the run's state at each validation; None leaves nothing.
        resume: go on from `checkpoint`.
        watcher: is told each validation.

    Raises:
        TeacherError: the language model cannot be had.
        TrainingInterrupted: Ctrl-C, where a checkpoint was left.
        ArtefactError: the checkpoint is absent, damaged or of other settings.
        ConfigError: the losses are no longer finite.
        StorageError: a checkpoint cannot be written.
    """
    run = Run(settings, seed)
    if resume and checkpoint is not None:
        run.restore(read_checkpoint(checkpoint, run.fingerprint))
    try:
        while run.step < run.steps:
            run.advance()
            if run.step % settings.validate_every == 0 or run.step == run.steps:
                run.validate()
                if checkpoint is not None:
                    write_checkpoint(checkpoint, run.snapshot())
                if watcher is not None:
                    watcher(run.history[-1])
    except KeyboardInterrupt:
        if checkpoint is None or not checkpoint.is_file():
            raise
        came = f"a stop at step {run.step} of {run.steps}"
        raise TrainingInterrupted("a whole pretraining", came, f"go on from {checkpoint} with --resume") from None
    return _named(run.pair.eval(), settings), run.history


def _named(pair: Pair, settings: PretrainingSettings) -> Pair:
    """The pair, whose teacher says whether its blocks were trained here."""
    language = pair.teacher.language
    if language is not None and settings.language_steps:
        label = f"{language.label.removesuffix(UNTRAINED)}, {settings.language_steps} steps on generated series"
        pair.teacher.language = language._replace(label=label)
    return pair


class Batch(NamedTuple):
    """Some `Samples` as tensors."""

    windows: Tensor  # (B, 32)
    prototypes: Tensor  # (B, K, 32)
    usual: Tensor  # (B, K)
    labels: Tensor  # (B, N)


class Run:
    """The state of a pretraining between two steps."""

    def __init__(self, settings: PretrainingSettings, seed: int) -> None:
        self.settings, self.seed = settings, seed
        self.pair = Pair(seed, settings.teacher, settings.blocks)
        self.steps = settings.language_steps + settings.distillation_steps
        self.step = 0
        self.history: list[Validation] = []
        self.since: list[tuple[float, float, float]] = []
        self.chunk: tuple[int, Samples] | None = None
        self.held_out = samples(seed, "held out", 0, settings.held_out_series)
        self.optimiser = self._begin_stage()

    @property
    def fingerprint(self) -> str:
        """Ties a checkpoint to settings and seed."""
        told = json.dumps([asdict(self.settings), self.seed], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()

    @property
    def speaking(self) -> bool:
        """Whether this is the first stage."""
        return self.step < self.settings.language_steps

    def advance(self) -> None:
        """One step of the stage that is due."""
        if self.step == self.settings.language_steps:
            self.optimiser = self._begin_stage()
        batch = self._batch()
        terms = self._language(batch) if self.speaking else self._distillation(batch)
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.learning_rate * self._pace()
        self.optimiser.zero_grad(set_to_none=True)
        total = terms[0] if self.speaking else terms[1] + terms[2]
        total.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.pair.parameters(), LARGEST_GRADIENT)
        self.optimiser.step()
        self.step += 1
        self.since.append((terms[0].item(), terms[1].item(), terms[2].item()))

    def validate(self) -> None:
        """Notes the terms since the last time and the held-out area.

        Raises:
            ConfigError: training has diverged.
        """
        if not all(weight.isfinite().all() for weight in self.pair.parameters()):
            raise ConfigError("losses that stay finite", f"NaN by step {self.step}", "lower learning_rate")
        held_out = nearest = low = high = math.nan
        if self.step > self.settings.language_steps:
            found, labels = discrepancies(self.pair, self.held_out), self.held_out.labels
            held_out, nearest = area(found, labels), area(differences(self.held_out), labels)
            low, high = interval(generator(self.seed, "interval"), found, labels, self.settings.held_out_series)
        language, pulled, pushed = (_mean(term) for term in zip(*self.since, strict=True))
        self.history.append(Validation(self.step, language, pulled, pushed, held_out, nearest, low, high))
        self.since = []

    def snapshot(self) -> Checkpoint:
        """The run as it stands after a validation."""
        tensors = {f"weights/{name}": tensor for name, tensor in self.pair.state_dict().items()}
        for index, moments in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser/{index}/{name}": tensor for name, tensor in moments.items()}
        history = [{name: _told(value) for name, value in asdict(row).items()} for row in self.history]
        return Checkpoint(self.fingerprint, {"step": self.step, "history": history}, tensors)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Back to the run of `snapshot`."""
        self.step = checkpoint.state["step"]
        nan = {None: math.nan}
        rows = checkpoint.state["history"]
        self.history = [Validation(**{name: nan.get(value, value) for name, value in row.items()}) for row in rows]
        moments: dict[int, dict[str, Tensor]] = {}
        weights = {}
        for key, tensor in checkpoint.tensors.items():
            kind, name = key.split("/", 1)
            if kind == "weights":
                weights[name] = tensor
            else:
                index, moment = name.split("/")
                moments.setdefault(int(index), {})[moment] = tensor
        self.pair.load_state_dict(weights)
        if self.step != self.settings.language_steps:  # else the next stage begins with a new optimiser
            self.optimiser = self._begin_stage()
            self.optimiser.load_state_dict({**self.optimiser.state_dict(), "state": moments})

    def _begin_stage(self) -> torch.optim.AdamW:
        """The first stage wakes the teacher alone; in the second its blocks sleep, and leave no gradient behind."""
        self.pair.zero_grad(set_to_none=True)
        for name, weight in self.pair.named_parameters():
            is_block = name.startswith("teacher.language_model")
            weight.requires_grad_(name.startswith("teacher") if self.speaking else not is_block)
        awake = [weight for weight in self.pair.parameters() if weight.requires_grad]
        return torch.optim.AdamW(
            awake, lr=self.settings.learning_rate, weight_decay=self.settings.weight_decay, fused=True
        )

    def _pace(self) -> float:
        """The share of the highest learning rate: up over `WARM_UP` steps, then down as a cosine."""
        settings = self.settings
        done = self.step if self.speaking else self.step - settings.language_steps
        stage = settings.language_steps if self.speaking else settings.distillation_steps
        return min(1.0, (done + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * done / stage))

    def _batch(self) -> Batch:
        number = self.step // self.settings.steps_per_chunk
        if self.chunk is None or self.chunk[0] != number:
            self.chunk = (number, samples(self.seed, "pretraining", number, self.settings.series))
        chunk = self.chunk[1]
        rows = generator(self.seed, "batch", self.step).integers(0, len(chunk.windows), size=self.settings.batch)
        return Batch(*(torch.from_numpy(field[rows]) for field in chunk))

    def _language(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """The loss of saying each next patch."""
        window = seen(batch.windows, batch.prototypes, batch.usual).window
        said = self.pair.teacher.following(self.pair.teacher.hidden(window))[:, :-1]
        absent = torch.tensor(math.nan)
        return smooth_l1_loss(said, patches(window)[:, 1:]), absent, absent

    def _distillation(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """d on normal patches, −log(1 − e^(−d) + 1e-6) on anomalous ones; each averaged by itself."""
        distance = self.pair(batch.windows, batch.prototypes, batch.usual)
        pulled, pushed = pull(distance[batch.labels == NORMAL]), push(distance[batch.labels == ANOMALOUS])
        return torch.tensor(math.nan), pulled.sum() / max(1, len(pulled)), pushed.sum() / max(1, len(pushed))


def _mean(term: Sequence[float]) -> float:
    """Over the steps in which the term was there; NaN if it never was."""
    there = [value for value in term if not math.isnan(value)]
    return sum(there) / len(there) if there else math.nan


def _told(value: float) -> float | None:
    """JSON has no NaN."""
    return None if math.isnan(value) else value
