"""Why a detector does what it does: probes of a fitted detector on a labelled case, each a handful of named figures.

`gap` asks whether teacher and student disagree where something is wrong and agree where nothing is, `realism` how near
synthetic anomalies come to the labelled ones, `cost` what each part takes. `signatures` and `diagnosing` read the same
figures without labels, for `anomalyllm diagnose`. To add a probe, write a function (detector, case, seed) -> figures
and name it in `PROBES`. Probes change nothing: not the detector, not the case.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from anomalyllm.evaluation.probing.cost import probe_cost
from anomalyllm.evaluation.probing.gap import probe_gap
from anomalyllm.evaluation.probing.realism import probe_realism

if TYPE_CHECKING:
    from anomalyllm.datasets.case import CaseData
    from anomalyllm.detector import AnomalyLLM

Probe = Callable[["AnomalyLLM", "CaseData", int], dict[str, float]]
"""(a detector fitted on the case's training part, the case, a seed) -> figures by name, finite or NaN."""

PROBES: dict[str, Probe] = {"cost": probe_cost, "gap": probe_gap, "realism": probe_realism}
"""The probes, by the name that tables use."""
