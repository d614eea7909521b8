"""Where rows come from, and the kinds of arrays that a series is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from anomalyllm.data.wording import short
from anomalyllm.errors import DataError

Floats: TypeAlias = NDArray[np.float64]
Times: TypeAlias = NDArray[np.datetime64]
Labels: TypeAlias = NDArray[np.int8]


@dataclass(frozen=True)
class Origin:
    """Where rows come from, so that an error can point at one.

    Attributes:
        source: file name or "array".
        error: the kind of error that its faults are.
        place: says where a row is found: "row 4", "line 6".
    """

    source: str = "array"
    error: type[DataError] = DataError
    place: Callable[[int], str] = "row {}".format

    def at(self, row: int) -> str:
        """ "line 6 of readings.csv", for the row that is the sixth line of that file."""
        return f"{self.place(row)} of {self.name}"

    @property
    def name(self) -> str:
        """The source, short enough for a sentence."""
        return short(self.source, 120)
