"""Words for numbers, names and lengths of time, so that a sentence stays short however wide a series is."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

NAMED = 3  # channels named in a sentence; the others are counted


def span(nanoseconds: float) -> str:
    """A length of time for people: "5 min", "0.5 s"."""
    for name, size in (("d", 86400e9), ("h", 3600e9), ("min", 60e9)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.4g} {name}"
    return f"{nanoseconds / 1e9:.4g} s"


def plural(count: int, one: str, many: str) -> str:
    """`count` with the right word after it."""
    return f"{count} {one if count == 1 else many}"


def listed(names: Sequence[str]) -> str:
    """A few names and how many more there are."""
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ", ".join(short(name) for name in names[:8]) + more


def channels_named(channels: Sequence[str], found: NDArray[np.intp], *, verb: bool = True) -> str:
    """ "channel a has", "channels a, b have", or the same without the verb."""
    names = ", ".join(short(channels[index]) for index in found[:NAMED]) + others(len(found))
    noun, has = ("channel", " has") if len(found) == 1 else ("channels", " have")
    return f"{noun} {names}{has if verb else ''}"


def others(count: int) -> str:
    """ " and 7 other channels" beyond those named."""
    return f" and {plural(count - NAMED, 'other channel', 'other channels')}" if count > NAMED else ""


def short(text: str, most: int = 40) -> str:
    """`text`, cut where it is too long for a sentence."""
    return text if len(text) <= most else text[: most - 1] + "…"


def kind_name(array: NDArray[Any]) -> str:
    """What a reader would call the items of `array`."""
    if array.ndim == 0 and array.dtype.kind == "O":
        return type(array.item()).__name__
    kinds = {"c": "complex", "O": "Python object", "U": "text", "S": "text", "T": "text", "M": "date-time"}
    return kinds.get(array.dtype.kind, str(array.dtype))


def nearest(name: str, names: Sequence[str]) -> str | None:
    """A question with the most similar of `names`, or None where none is."""
    near = difflib.get_close_matches(name, names[:5000], n=1, cutoff=0.5)
    return f"did you mean {short(repr(near[0]))}?" if near else None
