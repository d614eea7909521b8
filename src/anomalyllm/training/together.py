"""The loop for many short series at once: their networks stacked, one step and one optimiser for all of them.

Every series has its own order, synthetic anomalies, held-out tail, best weights and early stop, as `loop` has them; one
that is done leaves the stack, and the others go on. Nothing is read from the device between two validations.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from anomalyllm.config import DetectorConfig
from anomalyllm.errors import saying_which
from anomalyllm.model.chance import torch_chance
from anomalyllm.model.distiller import Distiller
from anomalyllm.model.stacked import Stacked
from anomalyllm.seeding import torch_seed
from anomalyllm.training.data import TrainingData, step_size
from anomalyllm.training.ledger import Ledger
from anomalyllm.training.loop import adam, load_trained, mean_terms, trained_copy
from anomalyllm.training.record import Progress, TrainingRecord, Watcher
from anomalyllm.training.side_by_side import Batch, SideBySide


@dataclass
class Member:
    """One series among others: its networks, what its training measured, and how long it is."""

    name: str  # for an error that speaks of it
    distiller: Distiller
    data: TrainingData
    ledger: Ledger
    steps: int  # in all, if nothing stops it early
    trained: int = 0  # of them, when it left


def train_together(
    distillers: Sequence[Distiller],
    data: Sequence[TrainingData],
    config: DetectorConfig,
    seed: int,
    *,
    names: Sequence[str],
    watcher: Watcher | None = None,
) -> list[TrainingRecord]:
    """Trains the distillers in place, each on its own data, as `loop.train` would one by one.

    Args:
        distillers: M, alike in all shapes but the number of prototypes, and in all weights that sleep.
        data: M in the same order, of one `step_shape`.
        config: `training`, `augment` and `loss` are read: one for all.
        seed: decides order, synthetic anomalies and dropout, for each as alone.
        names: M, for an error that speaks of one.
        watcher: is told each step, with means over the series that are still in it.

    Raises:
        ConfigError: training of one diverges; it says which.
    """
    training = config.training
    steps = [each.steps(training.epochs, step_size(each, config), training.max_steps) for each in data]
    ledgers = [Ledger(config.loss) for _ in data]
    members = [Member(*each) for each in zip(names, distillers, data, ledgers, steps, strict=True)]
    run = Together(members, config, seed)
    began = time.monotonic()
    while run.members:
        distilled, contrasted = run.advance().mean(dim=0)
        run.judge()
        if watcher is not None:
            left = (time.monotonic() - began) / run.step * (run.steps - run.step) if run.members else 0.0
            watcher(Progress(run.step, run.steps, distilled, contrasted, run.last_validation, left))
    return [member.ledger.record(member.trained) for member in members]


class Together:
    """The state between two steps."""

    def __init__(self, members: Sequence[Member], config: DetectorConfig, seed: int) -> None:
        self.members = list(members)
        self.config = config
        self.seed = seed
        self.steps = max(member.steps for member in members)
        self.step = 0
        self.names = list(trained_copy(members[0].distiller))
        self.stack = Stacked([member.distiller for member in members], self.names)
        self.data = SideBySide([member.data for member in members], config, seed, self.stack.device)
        self.optimiser = adam(self.stack.state, config.training)
        self.best = {name: self.stack.state[name].detach().clone() for name in self.names}
        self.since: list[Tensor] = []  # both terms (M, 2) of each step since the last validation, on the device
        self.last_validation = math.nan  # the mean over members; NaN before the first

    def advance(self) -> Tensor:
        """One optimiser step of all; the two terms (M, 2), on the device."""
        batch = self.data.batch(self.step)
        self.stack.template.train()
        with torch_chance(torch_seed(self.seed, "dropout", self.step)):
            vectors = self.stack.vectors(batch.windows, batch.forbidden, batch.channels)
        terms = self.stack.terms(*vectors, self.config.loss)
        self.optimiser.zero_grad(set_to_none=True)
        terms[:, 2].sum().backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        self.step += 1
        self.since.append(terms.detach()[:, :2])
        return self.since[-1]

    def judge(self) -> None:
        """Validates those whose turn it is, keeps copies of weights that are their best, and lets go who is done.

        Raises:
            ConfigError: one has diverged.
        """
        all_of_them = self.step % self.config.training.validate_every == 0
        due = [place for place, member in enumerate(self.members) if all_of_them or self.step == member.steps]
        if not due:
            return
        since = torch.stack(self.since, dim=1).tolist()  # (M, S, 2)
        if all_of_them:
            self.since = []
        validation = self._validation()
        self._remember([place for place in due if self._entered(place, since[place], validation[place])])
        self.last_validation = sum(validation[place][2] for place in due) / len(due)
        patience = self.config.training.patience
        self._let_go(
            [
                place
                for place, member in enumerate(self.members)
                if self.step >= member.steps or member.ledger.waited >= patience
            ]
        )

    def _entered(self, place: int, since: list[list[float]], validation: tuple[float, float, float]) -> bool:
        with saying_which(self.members[place].name):
            return self.members[place].ledger.enter(self.step, since, validation)

    def _remember(self, places: list[int]) -> None:
        """Copies the weights of the members at `places`, which have never been better."""
        chosen = torch.tensor(places, dtype=torch.int64, device=self.stack.device)
        for name in self.names:
            self.best[name][chosen] = self.stack.state[name].detach()[chosen]

    def _let_go(self, done: list[int]) -> None:
        """Members that are done take their best weights with them; the stack closes up behind them."""
        for place in done:
            member = self.members[place]
            load_trained(member.distiller, {name: best[place] for name, best in self.best.items()})
            member.distiller.eval()
            member.trained = self.step
        staying = [place for place in range(len(self.members)) if place not in done]
        self.members = [self.members[place] for place in staying]
        if done and staying:
            self._close_up(staying)

    def _close_up(self, staying: list[int]) -> None:
        chosen = torch.tensor(staying, device=self.stack.device)
        moments = [self.optimiser.state[tensor] for tensor in self.stack.awake]
        self.stack.keep(staying)
        self.data.keep(staying)
        self.optimiser = adam(self.stack.state, self.config.training)
        for tensor, before in zip(self.stack.awake, moments, strict=True):
            self.optimiser.state[tensor] = {
                name: moment[chosen] if moment.dim() else moment for name, moment in before.items()
            }
        self.best = {name: best[chosen] for name, best in self.best.items()}
        self.since = [terms[chosen] for terms in self.since]

    def _validation(self) -> list[tuple[float, float, float]]:
        """Both terms and their sum on the held-out windows of each member, with the same synthetic anomalies always."""
        self.stack.template.eval()
        parts = self.data.validation
        with torch.no_grad():
            values = torch.stack([self._part_terms(part) for part in parts], dim=1).tolist()  # (M, P, 3), read once
        counts = list(zip(*(part.counts for part in parts), strict=True))
        return [mean_terms(*each) for each in zip(values, counts, strict=True)]

    def _part_terms(self, part: Batch) -> Tensor:
        """The losses of every member on a piece of the validation, (M, 3), 0 where it has none."""
        teacher, student = self.stack.vectors(part.windows, part.forbidden, None)
        terms = torch.zeros(len(part.counts), 3, device=self.stack.device)
        for count in sorted({*part.counts} - {0}):
            places = [place for place, other in enumerate(part.counts) if other == count]
            chosen = torch.tensor(places, device=self.stack.device)
            terms[chosen] = self.stack.terms(teacher[chosen, :, :count], student[chosen, :, :count], self.config.loss)
        return terms
