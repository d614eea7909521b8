"""From array-likes to numbers: a fresh float64 (T, C), or an error that names the first thing that is none."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomalyllm.data.origin import Floats, Origin
from anomalyllm.data.wording import kind_name, short

MISSING_WORDS = frozenset({"", "-", "na", "n/a", "#n/a", "<na>", "nan", "null", "none", "nat"})


def array_values(X: Any, origin: Origin) -> Floats:
    """An array or nested list as a fresh float64 (T, C); masked entries become NaN."""
    array = two_dimensional(rectangular(X, origin), origin)
    mask = np.ma.getmaskarray(X).reshape(array.shape) if isinstance(X, np.ma.MaskedArray) else None
    kind = array.dtype.kind
    if kind in "biuf":
        values = real_values(array)
    elif kind in "OUST":
        texts = array.astype("U") if kind == "S" else array
        columns = [numbers_in(texts[:, index], f"channel_{index}", origin) for index in range(array.shape[1])]
        values = np.stack(columns, axis=1) if columns else np.empty(array.shape, np.float64)
    else:
        raise origin.error("real numbers", f"{kind_name(array)} values", "convert them to real numbers first")
    if mask is not None:
        values[mask] = np.nan
    return values


def rectangular(X: Any, origin: Origin) -> NDArray[Any]:
    """`X` as a NumPy array."""
    try:
        return np.asarray(X)
    except (ValueError, TypeError, RuntimeError) as error:
        came = f"a {type(X).__name__} that NumPy cannot take as one ({short(str(error), 80)})"
        raise origin.error("rows of equal length that hold numbers", came, "pass an array (T,) or (T, C)") from error


def two_dimensional(array: NDArray[Any], origin: Origin) -> NDArray[Any]:
    """(T,) as (T, 1), (T, C) as it is."""
    if array.ndim == 1:
        return array.reshape(-1, 1)
    if array.ndim != 2:
        came = f"an array of shape {array.shape}" if array.ndim else f"a single {kind_name(array)} value"
        remedy = "score one series at a time" if array.ndim else "pass the rows; a file is read by read_recording"
        raise origin.error("values of shape (T,) or (T, C)", came, remedy)
    return array


def real_values(array: NDArray[Any]) -> Floats:
    """A fresh float64 copy; wider floats that do not fit become infinite."""
    with np.errstate(over="ignore"):
        return np.array(array, dtype=np.float64, order="C")


def numbers_in(items: Iterable[object], column: str, origin: Origin, *, decimal: str = ".") -> Floats:
    """Texts and loose Python objects as numbers, NaN for missing words.

    Raises:
        DataError (or the origin's kind): the first item that is no number, with its column and place.
    """
    numbers: list[float] = []
    for row, item in enumerate(items):
        number = _number(item, decimal)
        if number is None:
            came = f"{short(repr(str(item) if isinstance(item, str) else item))} at {origin.at(row)}"
            remedy = "mend that value, or choose the channels without this column"
            raise origin.error(f"a number in column {short(repr(column))}", came, remedy)
        numbers.append(number)
    return np.array(numbers, dtype=np.float64)


def _number(item: object, decimal: str) -> float | None:
    """The number an item stands for, NaN where it is missing, None where it is no number."""
    if isinstance(item, str):
        return _number_in_text(item.strip(), decimal)
    if item is None or type(item).__name__ in {"NAType", "NaTType"}:
        return math.nan
    if not isinstance(item, Real | Decimal | np.bool_):
        return None
    try:
        return float(item)
    except OverflowError:
        whole: Any = item
        return math.inf if whole > 0 else -math.inf


def _number_in_text(text: str, decimal: str) -> float | None:
    if text.lower() in MISSING_WORDS:
        return math.nan
    if "_" in text or (decimal != "." and "." in text):  # Python's digit groups are nobody's measurement
        return None
    try:
        return float(text.replace(decimal, "."))
    except ValueError:
        return None
