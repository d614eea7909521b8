"""The training loop: step, log both terms apart, validate on the held-out tail, keep a copy of the best, stop early.

Between two validations nothing is read from the device: a card has the next step's work before it is done with this
one, and NumPy makes synthetic anomalies meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor

from anomalyllm.config import DetectorConfig, TrainingConfig
from anomalyllm.errors import ConfigError, TrainingInterrupted
from anomalyllm.model.chance import torch_chance
from anomalyllm.model.distiller import Distiller
from anomalyllm.model.inference import forbidden, to_tensor
from anomalyllm.model.losses import LossTerms, loss_terms
from anomalyllm.model.transfer import moved
from anomalyllm.seeding import generator, torch_seed
from anomalyllm.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from anomalyllm.training.data import Indices, TrainingData, step_size
from anomalyllm.training.ledger import Ledger
from anomalyllm.training.record import Measurement, Progress, TrainingRecord, Watcher
from anomalyllm.windows.augment import views

PROTOTYPES = "student.prototypes"


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
                watcher(Progress(run.step, run.steps, terms[0], terms[1], run.ledger.last_validation, left))
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
    return run.ledger.record(run.step)


class Run:
    """The state of a run between two steps: exactly what a checkpoint holds."""

    def __init__(self, distiller: Distiller, data: TrainingData, config: DetectorConfig, seed: int) -> None:
        self.distiller = distiller
        self.data = data
        self.config = config
        self.seed = seed
        self.optimiser = optimiser(distiller, config)
        self.alone = config.channel_mode == "separate"  # channels are judged one by one, and drawn a few at a time
        self.size = step_size(data, config)
        self.steps = data.steps(config.training.epochs, self.size, config.training.max_steps)
        self.step = 0
        self.ledger = Ledger(config.loss)
        self.best = trained_copy(distiller)
        self.since: list[Tensor] = []  # both terms (2,) of each step since the last validation, on the device

    @property
    def finished(self) -> bool:
        """All steps done, or as many validations without a better one as patience allows."""
        return self.step >= self.steps or self.ledger.waited >= self.config.training.patience

    def advance(self) -> Tensor:
        """One optimiser step; the two terms (2,), on the device: reading them waits for it."""
        starts = self.data.batch(self.seed, self.step, self.size)
        self.distiller.train()
        with torch_chance(torch_seed(self.seed, "dropout", self.step)):
            channels = self.data.channels(self.seed, self.step) if self.alone else None
            terms = self._terms(starts, "views", self.step, channels)
        self.optimiser.zero_grad(set_to_none=True)
        terms.total.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        self.step += 1
        self.since.append(torch.stack([terms.distillation, terms.contrastive]).detach())
        return self.since[-1]

    def judge(self) -> None:
        """Validates on the held-out tail, notes it, and keeps a copy of the weights if they are the best so far.

        Raises:
            ConfigError: training has diverged.
        """
        validation = self._validation()
        since = torch.stack(self.since).tolist() if self.since else []
        self.since = []
        if self.ledger.enter(self.step, since, validation):
            self.best = trained_copy(self.distiller)

    def snapshot(self, fingerprint: str) -> Checkpoint:
        """The run as it stands (between two validations `since` is empty, so nothing is lost)."""
        tensors = {f"weights/{name}": tensor for name, tensor in trained_copy(self.distiller).items()}
        tensors |= {f"best/{name}": tensor for name, tensor in self.best.items()}
        for index, moments in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser/{index}/{name}": tensor for name, tensor in moments.items()}
        history = [asdict(row) for row in self.ledger.history]
        best_step, waited = self.ledger.best_step, self.ledger.waited
        state = {"step": self.step, "best_step": best_step, "waited": waited, "history": history}
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
        state = checkpoint.state
        history = [Measurement(**row) for row in state["history"]]
        self.step = state["step"]
        self.ledger = Ledger(self.config.loss, history, state["best_step"], state["waited"])

    def _validation(self) -> tuple[float, float, float]:
        """Both terms and their sum on the held-out windows, with the same synthetic anomalies every time."""
        self.distiller.eval()
        starts = self.data.validation()
        size = self.config.training.batch
        begins = range(0, len(starts), size)
        with torch.inference_mode():
            terms = [torch.stack(self._terms(starts[begin : begin + size], "validation", begin)) for begin in begins]
            values = torch.stack(terms).tolist()  # read once, when all of it is on its way
        return mean_terms(values, [len(starts[begin : begin + size]) for begin in begins])

    def _terms(self, starts: Indices, purpose: str, step: int, channels: Indices | None = None) -> LossTerms:
        """The losses of a batch (of all channels, or of those named) and of the views a term asks of, in one pass."""
        windows = self.data.windows[starts] if channels is None else self.data.windows[starts][:, channels]
        parts = [windows]
        if self.config.loss.asks_of_views:
            parts += views(windows, self.config.augment, generator(self.seed, purpose, step))
        batch = torch.cat([to_tensor(self.distiller, part) for part in parts])
        barred = forbidden(self.distiller, starts, self.data.bank, windows.shape[-1])
        named = None if channels is None else moved(channels, batch.device)
        pair = self.distiller(batch, None if barred is None else barred.repeat(len(parts), 1), named)
        return loss_terms(_rows(pair.teacher), _rows(pair.student), self.config.loss)


def mean_terms(values: Sequence[Sequence[float]], counts: Sequence[int]) -> tuple[float, float, float]:
    """Both terms and their sum over all windows, from those of parts (P, 3) and how many windows each part has."""
    sums = [0.0, 0.0, 0.0]
    for terms, count in zip(values, counts, strict=True):
        for place, value in enumerate(terms):
            sums[place] += value * count
    distilled, contrasted, total = (value / sum(counts) for value in sums)
    return distilled, contrasted, total


def optimiser(distiller: Distiller, config: DetectorConfig) -> torch.optim.Adam:
    """One Adam over all that is awake in both networks."""
    return adam(dict(distiller.named_parameters()), config.training)


def adam(parameters: Mapping[str, Tensor], training: TrainingConfig) -> torch.optim.Adam:
    """Adam over those of `parameters` that are awake; prototypes are spared the decay unless asked for."""
    awake = {name: parameter for name, parameter in parameters.items() if parameter.requires_grad}
    prototypes = [parameter for name, parameter in awake.items() if name == PROTOTYPES]
    others = [parameter for name, parameter in awake.items() if name != PROTOTYPES]
    decay = training.weight_decay
    groups = [
        {"params": others, "weight_decay": decay},
        {"params": prototypes, "weight_decay": decay if training.decay_prototypes else 0.0},
    ]
    return torch.optim.Adam(groups, lr=training.learning_rate, betas=training.betas)


def trained_copy(distiller: Distiller) -> dict[str, Tensor]:
    """Copies of all tensors that training changes: parameters that are awake, and running statistics."""
    awake = {name for name, parameter in distiller.named_parameters() if parameter.requires_grad}
    buffers = {name for name, _ in distiller.named_buffers()} - {PROTOTYPES}  # real windows stay as they are
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
