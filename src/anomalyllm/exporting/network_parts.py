"""What an exported detector has of each judge that is a network. The only part of an export that needs torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from anomalyllm.errors import ConfigError
from anomalyllm.exporting.network_graph import network_graph
from anomalyllm.exporting.pair_graph import PairGraph, prototypes_graph
from anomalyllm.exporting.parts import Part
from anomalyllm.exporting.tracing import traced
from anomalyllm.judges import Judge
from anomalyllm.model.pair import PROTOTYPES
from anomalyllm.network_judge import NetworkJudge
from anomalyllm.pairing import PairJudge
from anomalyllm.runtime.folder import NETWORKS, PAIR
from anomalyllm.windows.views import POINTS

EXAMPLES = 3  # windows that are shown to the tracer: one would be taken for a number that never changes


def network_part(judge: Judge, channels: int, *, again: bool) -> Part:
    """The part of a judge.

    Args:
        judge: of the pretrained pair, or trained on the series.
        channels: C.
        again: another judge has brought the pair's graph already.

    Raises:
        TypeError: a judge of another kind.
    """
    if isinstance(judge, PairJudge):
        return _pair_part(judge, again=again)
    if isinstance(judge, NetworkJudge):
        return _trained_part(judge, channels)
    raise TypeError(f"no graph for a {type(judge).__name__}: add one to exporting.network_parts")


def _require_gradient(judge: NetworkJudge) -> None:
    """Refuses, before the work, a body whose gradient has no graph, where one is needed.

    Raises:
        ConfigError: one vector speaks for all channels, and a gradient says which of them an event is laid to.
    """
    student = judge.distiller.student
    if judge.joint and not student.encoder.gradient_in_onnx:
        came, remedy = repr(student.config.body), 'fit with channel_mode "separate", or score without export'
        raise ConfigError('a student.body whose gradient ONNX has, for channel_mode "joint"', came, remedy)


def _pair_part(judge: PairJudge, *, again: bool) -> Part:
    shown = f"prototypes-{judge.window}"
    described = {"kind": PAIR, "graph": PAIR, "shown_by": shown, "unit": judge.unit}
    sizes = {"windows": (POINTS,), "prototypes": (PROTOTYPES, POINTS), "usual": (PROTOTYPES,)}
    graphs: dict[str, Any] = {shown: prototypes_graph(judge)}
    if not again:
        examples = {name: torch.ones(EXAMPLES, *size) for name, size in sizes.items()}
        graphs[PAIR] = traced(PairGraph(judge.pair), examples, ("scores",))
    return Part(described, graphs, {f"pair_usual.{judge.window}": judge.usual}, {PAIR})


def _trained_part(judge: NetworkJudge, channels: int) -> Part:
    _require_gradient(judge)
    example = torch.linspace(-1, 1, EXAMPLES * channels * judge.window).reshape(EXAMPLES, channels, judge.window)
    prototypes = judge.distiller.student.prototypes.detach().cpu().numpy().astype(np.float32)
    graphs = {NETWORKS: network_graph(judge, example)}
    return Part({"kind": NETWORKS, "graph": NETWORKS}, graphs, {"prototypes": prototypes}, {NETWORKS})
