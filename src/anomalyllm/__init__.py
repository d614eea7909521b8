"""Find anomalies in time series: a language model teaches, a prototype-led student disagrees where something is wrong.

>>> from anomalyllm import AnomalyLLM                     # doctest: +SKIP
>>> detection = AnomalyLLM().fit(train).detect(test)      # doctest: +SKIP

Everything public is listed in `__all__` and loaded on first use, so that `import anomalyllm` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from anomalyllm.chunking import score_chunks
    from anomalyllm.config import DetectorConfig
    from anomalyllm.data.blocks import open_blocks
    from anomalyllm.data.readers import read_recording
    from anomalyllm.data.series import Recording, Series, as_series
    from anomalyllm.detector import AnomalyLLM
    from anomalyllm.errors import AnomalyLLMError, UserError
    from anomalyllm.fitting_together import fit_together
    from anomalyllm.presets import preset
    from anomalyllm.reporting import save_plot, save_report
    from anomalyllm.result import Detection, Explanation
    from anomalyllm.scoring.events import Event
    from anomalyllm.streaming import Stream

_HOME = {
    "AnomalyLLM": "detector",
    "AnomalyLLMError": "errors",
    "Detection": "result",
    "DetectorConfig": "config",
    "Event": "scoring.events",
    "Explanation": "result",
    "Recording": "data.series",
    "Series": "data.series",
    "Stream": "streaming",
    "UserError": "errors",
    "as_series": "data.series",
    "fit_together": "fitting_together",
    "open_blocks": "data.blocks",
    "preset": "presets",
    "read_recording": "data.readers",
    "save_plot": "reporting",
    "save_report": "reporting",
    "score_chunks": "chunking",
}

__all__ = [
    "AnomalyLLM",
    "AnomalyLLMError",
    "Detection",
    "DetectorConfig",
    "Event",
    "Explanation",
    "Recording",
    "Series",
    "Stream",
    "UserError",
    "as_series",
    "fit_together",
    "open_blocks",
    "preset",
    "read_recording",
    "save_plot",
    "save_report",
    "score_chunks",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'anomalyllm' has no attribute {name!r}")
    return getattr(importlib.import_module(f"anomalyllm.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
