"""Graphs that run: onnxruntime on the processor, with as many threads as the caller allows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomalyllm.errors import ArtefactError
from anomalyllm.extras import required
from anomalyllm.model.threads import allowed_threads

FATAL = 4  # of onnxruntime's levels of talk: what it has to say comes as an exception as well


class Graph:
    """A graph of an exported detector.

    Args:
        content: ONNX.
        where: for the error.

    Raises:
        ConfigError: onnxruntime is not installed.
        ArtefactError: it cannot run this.
    """

    def __init__(self, content: bytes, where: str) -> None:
        runtime = required("onnxruntime", "the graphs of an exported detector", "onnx")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = allowed_threads()
        options.inter_op_num_threads = 1
        options.log_severity_level = FATAL
        try:
            self._session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its exceptions are of many classes of its own
            said = str(error).splitlines()[0][:200]
            remedy = "export the detector again, or install a newer onnxruntime"
            raise ArtefactError(f"a graph that onnxruntime can run in {where}", said, remedy) from error

    def __call__(self, **inputs: NDArray[Any]) -> list[NDArray[Any]]:
        """What the graph gives, in its order."""
        found: list[NDArray[Any]] = self._session.run(
            None, {name: np.ascontiguousarray(array) for name, array in inputs.items()}
        )
        return found
