"""Networks in eight bits: a quarter of the size of their matrices; what it costs is measured by `measuring`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from anomalyllm.exporting.tracing import without_talk

FLOAT32 = 1  # as ONNX numbers its kinds
PRODUCT, GENERAL = "MatMul", "Gemm"


def quantised(model: Any) -> Any:
    """A model whose networks' matrices are int8, their inputs quantised as they come.

    Prototypes and what compares with them stay as they are: a prototype is another one or it is not. So do
    convolutions.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory() as folder, without_talk():
        before, after = Path(folder) / "before.onnx", Path(folder) / "after.onnx"
        onnx.save(_with_plain_products(model), before)
        quantize_dynamic(
            before,
            after,
            op_types_to_quantize=[PRODUCT],
            nodes_to_quantize=_matrices(model),
            per_channel=True,
            weight_type=QuantType.QInt8,
        )
        return onnx.load(after)


def _matrices(model: Any) -> list[str]:
    """Names of the products with a float32 matrix of weights, which has two axes: prototypes have three."""
    weights = {of.name for of in model.graph.initializer if of.data_type == FLOAT32 and len(of.dims) == 2}
    return [node.name for node in model.graph.node if node.op_type == PRODUCT and weights & set(node.input[1:2])]


def _with_plain_products(model: Any) -> Any:
    """The model, changed: a product and a sum for each Gemm with a matrix of weights; quantising knows no Gemm."""
    from onnx import helper, numpy_helper

    weights = {of.name: of for of in model.graph.initializer}
    nodes = []
    for node in model.graph.node:
        attributes = {of.name: helper.get_attribute_value(of) for of in node.attribute}
        plain = all(attributes.get(name, 1.0) == 1.0 for name in ("alpha", "beta")) and not attributes.get("transA")
        if node.op_type != GENERAL or not plain or node.input[1] not in weights:
            nodes.append(node)
            continue
        matrix, biased = node.input[1], len(node.input) > 2
        if attributes.get("transB"):
            turned = numpy_helper.to_array(weights[matrix]).T.copy()
            matrix = f"{node.name}-weights"
            model.graph.initializer.append(numpy_helper.from_array(turned, matrix))
        result = f"{node.name}-product" if biased else node.output[0]
        nodes.append(helper.make_node(PRODUCT, [node.input[0], matrix], [result], name=node.name))
        if biased:
            nodes.append(helper.make_node("Add", [result, node.input[2]], list(node.output), name=f"{node.name}-sum"))
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return _without_idle_weights(model)


def _without_idle_weights(model: Any) -> Any:
    """The model, changed: no weights that no node reads."""
    read = {name for node in model.graph.node for name in node.input}
    kept = [of for of in model.graph.initializer if of.name in read]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    return model
