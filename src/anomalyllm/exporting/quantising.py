"""Networks in eight bits: a quarter of the size, and what that costs."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

FLOAT32 = 1  # as ONNX numbers its kinds
PRODUCTS = ("MatMul", "Gemm")


def quantised(model: Any) -> Any:
    """A model whose networks' matrices are int8, their inputs quantised as they come.

    Prototypes and what compares with them stay as they are: a prototype is another one or it is not.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic
    import onnx

    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder) / "before.onnx", Path(folder) / "after.onnx"
        onnx.save(model, before)
        quantize_dynamic(
            before,
            after,
            op_types_to_quantize=list(PRODUCTS),
            nodes_to_quantize=matrices(model),
            per_channel=True,
            weight_type=QuantType.QInt8,
        )
        return onnx.load(after)


def matrices(model: Any) -> list[str]:
    """Names of the products with a float32 matrix of weights, which has two axes: prototypes have three."""
    weights = {of.name for of in model.graph.initializer if of.data_type == FLOAT32 and len(of.dims) == 2}
    return [node.name for node in model.graph.node if node.op_type in PRODUCTS and weights & set(node.input[1:2])]
