"""What a series must have, refused in one sentence where it has not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomalyllm.data.origin import Floats, Labels, Origin
from anomalyllm.data.wording import listed, nearest, short
from anomalyllm.errors import ChannelError


def require_rows(values: NDArray[Any], origin: Origin) -> None:
    """At least one row."""
    if len(values) == 0:
        raise origin.error("at least one row", f"no rows in {origin.name}", "check the export")


def require_channels(values: NDArray[Any], origin: Origin) -> None:
    """At least one channel."""
    if values.shape[1] == 0:
        came = f"none in {origin.name}"
        raise origin.error("at least one column of numbers", came, "check which columns were chosen")


def require_known(wanted: Sequence[str], known: Sequence[str], what: str = "channel") -> None:
    """Every wanted name is there, once, and there is at least one.

    Raises:
        ChannelError: with the nearest name, or the first few.
    """
    if not wanted:
        raise ChannelError(f"at least one {what}", "an empty choice", "name one, or leave the choice out")
    there = set(known)
    for index, name in enumerate(wanted):
        if name not in there:
            remedy = nearest(name, known) or f"choose from: {listed(known)}"
            raise ChannelError(f"a {what} that is there", short(repr(name)), remedy)
        if name in wanted[:index]:
            raise ChannelError(f"each {what} once", f"{short(repr(name))} twice", "name it once")


def binary_labels(values: Floats, column: str, origin: Origin) -> Labels:
    """Labels (T,) as 0/1.

    Raises:
        DataError (or the origin's kind): another value, or a missing one, with its place.
    """
    bad = (values != 0) & (values != 1)
    if bad.any():
        row = int(np.argmax(bad))
        came = "a missing value" if np.isnan(values[row]) else f"{values[row]:g}"
        remedy = "use 0 for normal and 1 for anomalous, or choose another label column"
        raise origin.error(f"0 or 1 in {short(repr(column))}", f"{came} at {origin.at(row)}", remedy)
    return values.astype(np.int8)
