"""Arrays in `.npy` files; nothing in them is ever executed."""

from __future__ import annotations

import io
import tokenize
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomalyllm.data.archives import DAMAGES
from anomalyllm.datasets.folders import AGAIN, content_of, named
from anomalyllm.errors import ReadError


def npy_array(path: Path) -> NDArray[Any]:
    """The array in an `.npy` file.

    Raises:
        ReadError: absent, damaged, something else, or Python objects inside.
    """
    stream = io.BytesIO(content_of(path))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # NumPy's word on headers that Python 2 wrote
            array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    except (*DAMAGES, tokenize.TokenError) as error:  # headers are read by Python's own tokenizer
        came = f"one that is damaged or something else: {named(path)}"
        raise ReadError("an .npy file of plain numbers", came, AGAIN) from error
    return array
