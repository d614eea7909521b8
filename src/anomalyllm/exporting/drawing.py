"""A graph drawn node by node: for arithmetic that is short to say, where tracing would take seconds and need torch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

OPSET = 18
IR_VERSION = 9  # of the file format: one that runtimes of 2023 read

Name = str


class Drawing:
    """Nodes and constants of a graph that is being drawn; every method gives the name of what it added.

    Args:
        name: of the graph.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[Any] = []
        self._constants: dict[Name, Any] = {}

    def node(self, kind: str, *inputs: Name | NDArray[Any] | float, **attributes: Any) -> Name:
        """One node of ONNX's kind `kind`; arrays and numbers (as float32) become constants."""
        return self._added(kind, inputs, 1, attributes)[0]

    def second(self, kind: str, *inputs: Name | NDArray[Any] | float, **attributes: Any) -> Name:
        """The same; the name is that of the node's second output."""
        return self._added(kind, inputs, 2, attributes)[1]

    def constant(self, value: NDArray[Any] | float) -> Name:
        """An array, kept once however often it is named."""
        from onnx import numpy_helper

        array = np.ascontiguousarray(value, dtype=np.float32 if isinstance(value, float) else None)
        array = array.reshape(np.shape(value))
        for name, (other, _) in self._constants.items():
            if other.dtype == array.dtype and other.shape == array.shape and other.tobytes() == array.tobytes():
                return name
        name = f"constant-{len(self._constants)}"
        self._constants[name] = array, numpy_helper.from_array(array, name)
        return name

    def model(self, inputs: dict[Name, list[Any]], outputs: dict[Name, tuple[Name, list[Any]]]) -> Any:
        """The graph as an ONNX model.

        Args:
            inputs: the shape of each, all float32; an axis of any length is a word.
            outputs: what each is called, where it comes from, and its shape; float32.
        """
        from onnx import TensorProto, checker, helper

        ends = [helper.make_node("Identity", [made], [name], name=name) for name, (made, _) in outputs.items()]
        graph = helper.make_graph(
            [*self._nodes, *ends],
            self._name,
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, (_, shape) in outputs.items()],
            [tensor for _, tensor in self._constants.values()],
        )
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="anomalyllm")
        checker.check_model(model)
        return model

    def _added(
        self, kind: str, inputs: tuple[Name | NDArray[Any] | float, ...], outputs: int, attributes: dict[str, Any]
    ) -> list[Name]:
        from onnx import helper

        names = [given if isinstance(given, str) else self.constant(given) for given in inputs]
        name = f"{kind.lower()}-{len(self._nodes)}"
        made = [name, *(f"{name}-{number}" for number in range(2, outputs + 1))]
        self._nodes.append(helper.make_node(kind, names, made, name=name, **attributes))
        return made
