"""Pickles that hold one array of numbers, read without running anything that stands in them.

A pickle may name any function to be called. Here the few names that NumPy writes stand for small classes of ours that
only keep what they are given; every other name is refused. NumPy itself is then handed plain bytes, a shape and a type.
"""

from __future__ import annotations

import io
import pickle
import pickletools
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomalyllm.data.archives import DAMAGES
from anomalyllm.datasets.folders import AGAIN, content_of, named
from anomalyllm.errors import ReadError

CODES = re.compile(r"[biuf]\d{1,2}")  # of the types that are numbers


def pickled_array(path: Path) -> NDArray[Any]:
    """The array that a pickle holds, whichever NumPy wrote it (`numpy.core` or `numpy._core`).

    Raises:
        ReadError: absent, damaged, anything but one array of numbers, or a pickle that would run code.
    """
    content = content_of(path)
    try:
        _require_honest_sizes(content)
        found = _ArraysOnly(io.BytesIO(content), encoding="latin1").load()
        if isinstance(found, _Array):
            return found.restored()
    except _RefusedError as error:
        came = f"one that asks for {error}: {named(path)}"
        remedy = "do not open it otherwise, for pickles can run code; save the array as .npy"
        raise ReadError("a pickle of a NumPy array and nothing else", came, remedy) from error
    except (*DAMAGES, OverflowError, pickle.UnpicklingError) as error:
        came = f"one that is damaged or something else: {named(path)}"
        raise ReadError("a pickle of a NumPy array", came, AGAIN) from error
    came = f"a {type(found).__name__}: {named(path)}"
    raise ReadError("a pickle of a NumPy array", came, "save the array as .npy")


def _require_honest_sizes(content: bytes) -> None:
    """No number in the pickle is larger than the pickle where the reader would make room for so much at once."""
    for operation, argument, _ in pickletools.genops(content):
        if operation.name in ("FRAME", "PUT", "BINPUT", "LONG_BINPUT") and (argument or 0) > len(content):
            raise ValueError(operation.name)


class _RefusedError(Exception):
    """A name that is not on the list."""


class _Kept:
    """Keeps the state that a pickle gives it; the classes below say what is made of it."""

    state: Any = None

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _ArrayType(_Kept):
    """In place of `numpy.ndarray`, which a pickle only mentions."""


class _Type(_Kept):
    """In place of `numpy.dtype`."""

    def restored(self) -> np.dtype[Any]:
        code = str(self.arguments[0])
        if not CODES.fullmatch(code):
            raise ValueError(code)
        order = str(self.state[1]) if self.state else "|"
        return np.dtype({"|": ""}.get(order, order) + code)


class _Array(_Kept):
    """In place of NumPy's two ways to make an array anew: from a state, or (protocol 5) from a buffer."""

    def restored(self) -> NDArray[Any]:
        if self.state is None:
            raw, kind, shape, order = self.arguments
        else:
            _, shape, kind, by_columns, raw = self.state
            order = "F" if by_columns else "C"
        if isinstance(raw, str):  # Python 2 had one type for bytes and text
            raw = raw.encode("latin1")
        return np.frombuffer(raw, dtype=kind.restored()).reshape(shape, order=order)


class _ArraysOnly(pickle.Unpickler):
    """An unpickler that knows what NumPy's arrays are made of and nothing else."""

    known = {  # noqa: RUF012 - read, never written
        ("numpy", "ndarray"): _ArrayType,
        ("numpy", "dtype"): _Type,
        **{(f"numpy.{core}.multiarray", "_reconstruct"): _Array for core in ("core", "_core")},
        **{(f"numpy.{core}.numeric", "_frombuffer"): _Array for core in ("core", "_core")},
    }

    def find_class(self, module: str, name: str) -> type:
        """The class of ours that stands for a name."""
        found = self.known.get((module, name))
        if found is None:
            raise _RefusedError(f"{module}.{name}")
        return found
