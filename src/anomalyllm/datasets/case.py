"""A case: one labelled series of a benchmark, read when it is asked for and not before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class CaseData:
    """The values of a case.

    Attributes:
        train: (T, C), NaN where missing; what a method may learn from.
        test: (T', C).
        labels: (T',) 0/1, of `test`; for the judge alone.
        train_labels: (T,) 0/1 where the source labels its training part too, else None.
        notes: what was handled while reading.
    """

    train: Floats
    test: Floats
    labels: Labels
    train_labels: Labels | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """One entry of a benchmark. Small, and can be sent to another process; `read` fetches its values.

    Attributes:
        dataset: the name of the set as tables print it, such as "UCR".
        name: unique within the set.
        family: a group within the set, such as "ECG"; the set's own name where it has none.
        reader: fetches the values; a module-level function bound to its paths (`functools.partial`).
    """

    dataset: str
    name: str
    family: str
    reader: Callable[[], CaseData]

    def read(self) -> CaseData:
        """The values, fresh from the disk.

        Raises:
            ReadError: a file is absent, damaged or not what its name says.
        """
        return self.reader()
