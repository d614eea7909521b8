"""Which series an experiment meets: the first ones of the bench's fixed shuffle that keep to the grid's rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from anomalyllm.datasets.case import Case
from anomalyllm.datasets.catalogue import open_dataset
from anomalyllm.errors import ConfigError
from anomalyllm.evaluation.bench.tasks import spread
from anomalyllm.evaluation.experiments.grid import DataChoice

COPIES = ("_Anomaly_DISTORTED", "_Anomaly_NOISE")  # UCR's names of recordings that it changed


def chosen_cases(choice: DataChoice, folder: Path, limit: int | None = None) -> list[Case]:
    """The cases of all sets, in the order in which they are run.

    Args:
        choice: the grid's rules.
        folder: that holds the sets.
        limit: of each set, where fewer are wanted than the grid says.

    Raises:
        ConfigError: an unknown set, or none of its series keeps to the rules.
        ReadError: no such data.
    """
    found: list[Case] = []
    for name in choice.sets:
        limits = (choice.limits.get(name, choice.limit), limit)
        wanted = min((count for count in limits if count is not None), default=None)
        some = list(_first(_kept(spread(open_dataset(name, folder).cases, None), choice), wanted))
        if not some:
            rows = f"at most {choice.most_training_rows} training and {choice.most_test_rows} test rows"
            raise ConfigError(f"a series of {name} with {rows}", "none", "change [data] of the grid")
        found += some
    return found


def _first(cases: Iterator[Case], limit: int | None) -> Iterator[Case]:
    """So many, reading no more of them than it takes."""
    for count, case in enumerate(cases, 1):
        yield case
        if count == limit:
            return


def _kept(cases: Iterable[Case], choice: DataChoice) -> Iterator[Case]:
    for case in cases:
        if choice.originals and any(part in case.name for part in COPIES):
            continue
        if _fits(case, choice):
            yield case


def _fits(case: Case, choice: DataChoice) -> bool:
    if choice.most_training_rows is None and choice.most_test_rows is None:
        return True
    data = case.read()
    return _at_most(len(data.train), choice.most_training_rows) and _at_most(len(data.test), choice.most_test_rows)


def _at_most(rows: int, most: int | None) -> bool:
    return most is None or rows <= most
