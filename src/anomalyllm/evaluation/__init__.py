"""How good is a detector: the metrics of the field (`metrics`), from scores and labels alone.

Nothing here is needed to detect anomalies. `evaluate` gives the nine values that benchmarks print; single metrics, and
those that benchmarks should print, are in `metrics`.
"""

from __future__ import annotations

from anomalyllm.evaluation.metrics.nine import evaluate

__all__ = ["evaluate"]
