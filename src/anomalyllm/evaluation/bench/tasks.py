"""What a bench has to do: one task for each method, case and seed, in an order that is worth interrupting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from anomalyllm.datasets.case import Case
from anomalyllm.evaluation.methods import Method
from anomalyllm.seeding import generator

TaskKey = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Task:
    """One method on one case with one seed, under one protocol. Small: it is sent to a worker process.

    Attributes:
        case, method, seed, protocol: what is run.
        folder: of the bench; curves and reproducers go there.
        data: folder of the data sets, for the reproducer.
        probe: what else is asked of the fitted method, a name of `probing.PROBES`, or "".
    """

    case: Case
    method: Method
    seed: int
    protocol: str
    folder: Path
    data: Path
    probe: str = ""

    @property
    def key(self) -> TaskKey:
        """What tells this task from every other of a bench."""
        return (self.case.dataset, self.case.name, self.method.label, str(self.seed), self.protocol)


def plan(
    cases: Sequence[Case],
    methods: Sequence[Method],
    seeds: int,
    protocols: Sequence[str],
    folder: Path,
    data: Path,
) -> list[Task]:
    """All tasks; a method without chance in it runs with seed 0 alone.

    All methods of a case stand together and seeds come one after the other, so that a run which is stopped early has
    compared everything on some of the cases.
    """
    return [
        Task(case, method, seed, protocol, folder, data)
        for seed in range(seeds)
        for case in cases
        for protocol in protocols
        for method in methods
        if seed == 0 or method.drawn
    ]


def spread(cases: Sequence[Case], limit: int | None) -> list[Case]:
    """The first `limit` cases of a fixed shuffle: a small run shows a fair part, and is part of every larger one."""
    order = generator(0, "bench order").permutation(len(cases))
    return [cases[place] for place in order[:limit]]
