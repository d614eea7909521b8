"""The training loop: step, log both terms apart, validate on the held-out tail, keep a copy of the best, stop early."""

from __future__ import annotations

import math
import time
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor

from anomalyllm.config import DetectorConfig
from anomalyllm.errors import ConfigError, TrainingInterrupted
from anomalyllm.model.chance import torch_chance
from anomalyllm.model.distiller import Distiller
from anomalyllm.model.inference import forbidden, to_tensor
from anomalyllm.model.losses import LossTerms, loss_terms
from anomalyllm.seeding import generator, torch_seed
from anomalyllm.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from anomalyllm.training.data import Indices, TrainingData
from anomalyllm.training.record import Measurement, Progress, TrainingRecord, Watcher
from anomalyllm.windows.augment import views


def train(
    distiller: Distiller,
    data: TrainingData,
    config: DetectorConfig,
    seed: int,
    *,
    checkpoint: Path | None = None,
    resume: str | None = None,
    fingerprint: str = "",
    watcher: Watcher | None = None,
) -> TrainingRecord:
    """Trains `distiller` in place and leaves in it the weights that were best on the held-out tail.

    Args:
        distiller: the networks; only tensors that `requires_grad` (and running statistics) change.
        data: the windows.
        config: `training`, `augment` and `loss` are read.
        seed: decides order, synthetic anomalies and dropout, each by step.
        checkpoint: where to leave the run's state at each validation; None leaves nothing.
        resume: the fingerprint a checkpoint at `checkpoint` must carry to be taken up; None starts anew.
        fingerprint: written into the checkpoint.
        watcher: is told each step.

    Raises:
        TrainingInterrupted: Ctrl-C, where a checkpoint was asked for; it is left on disk.
        ArtefactError: the checkpoint to resume is damaged or another's.
        ConfigError: training diverges.
        StorageError: a checkpoint cannot be written.
    """
    run = Run(distiller, data, config, seed)
    if resume is not None and checkpoint is not None:
        run.restore(read_checkpoint(checkpoint, resume))
    began, first = time.monotonic(), run.step
    try:
        while not run.finished:
            if checkpoint is not None and run.step % config.training.validate_every == 0:
                write_checkpoint(checkpoint, run.snapshot(fingerprint))
            terms = run.advance()
            if run.step % config.training.validate_every == 0 or run.step == run.steps:
                run.judge()
            if watcher is not None:
                pace = (time.monotonic() - began) / (run.step - first)
                left = pace * (run.steps - run.step)
                watcher(Progress(run.step, run.steps, *terms, run.last_validation, left))
    except KeyboardInterrupt:
        if checkpoint is None:
            raise
        raise _interrupted(run, checkpoint) from None
    except ConfigError:  # diverged: going on from there would only diverge again
        if checkpoint is not None:
            checkpoint.unlink(missing_ok=True)
        raise
    if checkpoint is not None:
        write_checkpoint(checkpoint, run.snapshot(fingerprint))
    load_trained(distiller, run.best)
    distiller.eval()
    return TrainingRecord(tuple(run.history), run.best_step, run.step)


class Run:
    """The state of a run between two steps: exactly what a checkpoint holds."""

    def __init__(self, distiller: Distiller, data: TrainingData, config: DetectorConfig, seed: int) -> None:
        self.distiller = distiller
        self.data = data
        self.config = config
        self.seed = seed
        self.optimiser = optimiser(distiller, config)
        self.alone = config.channel_mode == "separate"  # channels are judged one by one, and drawn a few at a time
        self.size = data.windows_per_step(config.training.batch) if self.alone else config.training.batch
        self.steps = data.steps(config.training.epochs, self.size, config.training.max_steps)
        self.step = 0
        self.waited = 0  # validations since the best one
        self.best_step = 0
        self.best = trained_copy(distiller)
        self.history: list[Measurement] = []
        self.since: list[tuple[float, float]] = []  # the terms of the steps since the last validation

    @property
    def finished(self) -> bool:
        """All steps done, or as many validations without a better one as patience allows."""
        return self.step >= self.steps or self.waited >= self.config.training.patience

    @property
    def last_validation(self) -> float:
        """The last validation loss; NaN before the first."""
        return self.history[-1].validation if self.history else math.nan

    def advance(self) -> tuple[float, float]:
        """One optimiser step; the values of the two terms."""
        starts = self.data.batch(self.seed, self.step, self.size)
        self.distiller.train()
        with torch_chance(torch_seed(self.seed, "dropout", self.step)):
            channels = self.data.channels(self.seed, self.step) if self.alone else None
            terms = self._terms(starts, "views", self.step, channels)
        self.optimiser.zero_grad(set_to_none=True)
        terms.total.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        self.step += 1
        values = (terms.distillation.item(), terms.contrastive.item())
        self.since.append(values)
        return values

    def judge(self) -> None:
        """Validates on the held-out tail, notes it, and keeps a copy of the weights if they are the best so far.

        Raises:
            ConfigError: training has diverged.
        """
        distilled, contrasted, total = self._validation()
        count = max(1, len(self.since))
        mean_distilled = sum(pair[0] for pair in self.since) / count
        mean_contrasted = sum(pair[1] for pair in self.since) / count
        weights = self.config.loss
        mean_total = weights.distillation * mean_distilled + weights.contrastive * mean_contrasted
        if not math.isfinite(mean_total + total):  # from here on every weight is NaN
            remedy = "lower training.learning_rate, or check the training part for extreme values"
            raise ConfigError("losses that stay finite", f"{mean_total + total} by step {self.step}", remedy)
        best_so_far = min((row.validation for row in self.history), default=math.inf)
        self.history.append(
            Measurement(self.step, mean_distilled, mean_contrasted, mean_total, distilled, contrasted, total)
        )
        self.since = []
        if total < best_so_far:
            self.best, self.best_step, self.waited = trained_copy(self.distiller), self.step, 0
        else:
            self.waited += 1

    def snapshot(self, fingerprint: str) -> Checkpoint:
        """The run as it stands (between two validations `since` is empty, so nothing is lost)."""
        tensors = {f"weights/{name}": tensor for name, tensor in trained_copy(self.distiller).items()}
        tensors |= {f"best/{name}": tensor for name, tensor in self.best.items()}
        for index, moments in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser/{index}/{name}": tensor for name, tensor in moments.items()}
        history = [asdict(row) for row in self.history]
        state = {"step": self.step, "best_step": self.best_step, "waited": self.waited, "history": history}
        return Checkpoint(fingerprint, state, tensors)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Back to the run of `snapshot`."""
        load_trained(self.distiller, _under("weights/", checkpoint.tensors))
        self.best = _under("best/", checkpoint.tensors)
        moments: dict[int, dict[str, Tensor]] = {}
        for key, tensor in _under("optimiser/", checkpoint.tensors).items():
            index, name = key.split("/")
            moments.setdefault(int(index), {})[name] = tensor
        self.optimiser.load_state_dict({**self.optimiser.state_dict(), "state": moments})
        self.step = checkpoint.state["step"]
        self.best_step = checkpoint.state["best_step"]
        self.waited = checkpoint.state["waited"]
        self.history = [Measurement(**row) for row in checkpoint.state["history"]]

    def _validation(self) -> tuple[float, float, float]:
        """Both terms and their sum on the held-out windows, with the same synthetic anomalies every time."""
        self.distiller.eval()
        starts = self.data.validation()
        sums = [0.0, 0.0, 0.0]
        size = self.config.training.batch
        with torch.inference_mode():
            for begin in range(0, len(starts), size):
                part = starts[begin : begin + size]
                for place, value in enumerate(self._terms(part, "validation", begin)):
                    sums[place] += value.item() * len(part)
        distilled, contrasted, total = (value / len(starts) for value in sums)
        return distilled, contrasted, total

    def _terms(self, starts: Indices, purpose: str, step: int, channels: Indices | None = None) -> LossTerms:
        """The losses of a batch (of all channels, or of those named) and its two views, in one pass."""
        windows = self.data.windows[starts] if channels is None else self.data.windows[starts][:, channels]
        first, second = views(windows, self.config.augment, generator(self.seed, purpose, step))
        batch = torch.cat([to_tensor(self.distiller, part) for part in (windows, first, second)])
        barred = forbidden(self.distiller, starts, self.data.bank, windows.shape[-1])
        named = None if channels is None else torch.from_numpy(channels).to(batch.device)
        pair = self.distiller(batch, None if barred is None else barred.repeat(3, 1), named)
        return loss_terms(_rows(pair.teacher), _rows(pair.student), self.config.loss)


def optimiser(distiller: Distiller, config: DetectorConfig) -> torch.optim.Adam:
    """One Adam over all that is awake in both networks; prototypes are spared the decay unless asked for."""
    training = config.training
    prototypes = [distiller.student.prototypes] if distiller.student.prototypes.requires_grad else []
    others = [
        parameter
        for parameter in distiller.parameters()
        if parameter.requires_grad and parameter is not distiller.student.prototypes
    ]
    decay = training.weight_decay
    groups = [
        {"params": others, "weight_decay": decay},
        {"params": prototypes, "weight_decay": decay if training.decay_prototypes else 0.0},
    ]
    return torch.optim.Adam(groups, lr=training.learning_rate, betas=training.betas)


def trained_copy(distiller: Distiller) -> dict[str, Tensor]:
    """Copies of all tensors that training changes: parameters that are awake, and running statistics."""
    awake = {name for name, parameter in distiller.named_parameters() if parameter.requires_grad}
    buffers = {name for name, _ in distiller.named_buffers()} - {"student.prototypes"}  # real windows stay as they are
    return {
        name: tensor.detach().clone()
        for name, tensor in distiller.state_dict().items()
        if name in awake or name in buffers
    }


def load_trained(distiller: Distiller, tensors: dict[str, Tensor]) -> None:
    """Puts the tensors of `trained_copy` back; the sleeping ones stay."""
    distiller.load_state_dict(tensors, strict=False)


def _rows(vectors: Tensor) -> Tensor:  # (3B, G, O) -> (3B·G, O), still in three equal parts
    return vectors.flatten(0, 1)


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _interrupted(run: Run, checkpoint: Path) -> TrainingInterrupted:
    error = TrainingInterrupted(
        f"{run.steps} training steps", f"a stop after {run.step}", f"go on from {checkpoint} with --resume"
    )
    error.checkpoint = checkpoint
    return error
