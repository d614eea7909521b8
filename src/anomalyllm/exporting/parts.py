"""What an exported detector has of one judge."""

from __future__ import annotations

from typing import Any, NamedTuple

from anomalyllm.exporting.retrieval_graph import retrieval_graph
from anomalyllm.judges import RetrievalJudge
from anomalyllm.packing import Tensors
from anomalyllm.runtime.folder import RETRIEVAL


class Part(NamedTuple):
    """A judge as the folder has it."""

    described: dict[str, Any]  # its kind, its graph's name and what else the runtime must know
    graphs: dict[str, Any]  # ONNX models by name
    tensors: Tensors
    networks: set[str]  # names of graphs whose matrices may be int8


def retrieval_part(judge: RetrievalJudge) -> Part:
    """Of a judge that retrieves: its bank is among the detector's tensors, and in a graph for other runtimes."""
    name = f"{RETRIEVAL}-{judge.window}"
    return Part({"kind": RETRIEVAL, "graph": name}, {name: retrieval_graph(judge)}, {}, set())
