"""Which way a training part is fitted: on all its rows, or, where it is long, on blocks of which few rows are held."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomalyllm.config import DetectorConfig
from anomalyllm.data.blocks import Blocks, series_blocks
from anomalyllm.data.inputs import large_blocks, training_part
from anomalyllm.errors import WholeError
from anomalyllm.fitted import Fitted
from anomalyllm.fitting import fit
from anomalyllm.long_fitting import fit_blocks, goes_the_long_way
from anomalyllm.trainable import Run

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


def fitted_on(X: Any, config: DetectorConfig, seed: int, run: Run) -> tuple[Fitted, Floats, Indices]:
    """A fitted detector, own scores of the training rows that were looked at (N,), and which rows those are (N,).

    Args:
        X: as for `AnomalyLLM.fit`.
        config: what it asks for.
        seed: of all that is drawn.
        run: how training is watched and kept.

    Raises:
        AnomalyLLMError: as `AnomalyLLM.fit`.
    """
    return _fitted_on_blocks(X, config, seed, run) or _fitted_on_all(X, config, seed, run)


def _fitted_on_blocks(X: Any, config: DetectorConfig, seed: int, run: Run) -> tuple[Fitted, Floats, Indices] | None:
    """A fit that holds few rows, for a large file; None where there is none or it must be held."""
    blocks = large_blocks(X)
    try:
        return None if blocks is None else fit_blocks(blocks, config, seed, run)
    except WholeError:
        if isinstance(X, Blocks):
            raise
        return None  # the whole file tells what its blocks cannot


def _fitted_on_all(X: Any, config: DetectorConfig, seed: int, run: Run) -> tuple[Fitted, Floats, Indices]:
    """A fit on rows that are held; of very many not all are scored."""
    series = training_part(X)
    if len(series) > config.retrieval.own_rows and goes_the_long_way(config):
        sampled = fit_blocks(series_blocks(series), config, seed, run, first_row=series.first_row)
        assert sampled is not None
        return sampled
    return fit(series, config, seed, run)
