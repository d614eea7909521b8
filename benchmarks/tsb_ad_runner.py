"""A runner for TSB-AD's own harness: the function that its model wrapper expects, with this library behind it.

Put this file beside TSB-AD's `model_wrapper.py`, add "AnomalyLLM" to its list of semi-supervised models, and give the
hyperparameters of `HYPERPARAMETERS` in its `HP_list.py` (TSB-AD, https://github.com/TheDatumOrg/TSB-AD). The harness
passes the training part and the whole series, wants one score for each row of the latter, and judges by itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomalyllm import AnomalyLLM

HYPERPARAMETERS: dict[str, Any] = {"preset": "default", "seed": 0}
"""The arguments of `AnomalyLLM`; one set for all series, so that nothing is tuned on them."""


def run_AnomalyLLM(  # noqa: N802 - the harness finds models by this name
    data_train: NDArray[np.floating], data_test: NDArray[np.floating], **HP: Any
) -> NDArray[np.float64]:
    """Scores of `data_test`, learned from `data_train` alone.

    Args:
        data_train: (T, C).
        data_test: (T', C).
        HP: arguments of `AnomalyLLM`.

    Returns:
        (T',), finite, at least 0, higher is more anomalous.
    """
    return AnomalyLLM(**{**HYPERPARAMETERS, **HP}).fit(data_train).decision_function(data_test)
