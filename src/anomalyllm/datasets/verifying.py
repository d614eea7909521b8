"""Whether a set on the disk is whole: its checksums where there are some, and every case read once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from anomalyllm.datasets.catalogue import Dataset
from anomalyllm.datasets.checksums import wrong_files
from anomalyllm.datasets.sources import SOURCES
from anomalyllm.datasets.unpacking import changed_members
from anomalyllm.errors import AnomalyLLMError


@dataclass(frozen=True)
class Damage:
    """Something that is not as it should be.

    Attributes:
        name: the file or the case.
        reason: what is wrong, in a sentence.
    """

    name: str
    reason: str


def damages(dataset: Dataset, watch: Callable[[str], None] | None = None) -> Iterator[Damage]:
    """Everything wrong with a set; one case is in memory at a time.

    Args:
        dataset: as `open_dataset` gives it.
        watch: told the name of each case before it is read.

    Raises:
        ReadError: the record of checksums itself is damaged.
    """
    wrong = set(wrong_files(dataset.folder)) if dataset.folder.is_dir() else set()
    for name in sorted(wrong):
        yield Damage(name, "absent, or not the bytes that were downloaded")
    yield from _changed(dataset, wrong)
    for case in dataset.cases:
        if watch is not None:
            watch(case.name)
        try:
            case.read()
        except AnomalyLLMError as error:
            yield Damage(case.name, str(error))


def _changed(dataset: Dataset, wrong: set[str]) -> Iterator[Damage]:
    """Unpacked files that are no longer what the kept archive holds."""
    source = SOURCES.get(dataset.name)
    for file in source.files if source else ():
        archive: Path = dataset.folder / file.name
        if file.name.endswith(".zip") and archive.is_file() and file.name not in wrong:
            for member in changed_members(archive, dataset.folder, file.wanted):
                yield Damage(member, f"absent, or not as in {file.name}")
