"""From a torch module to ONNX, the same bytes each time and without a word of the machine on which it was made."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

OPSET = 18
BATCH = "windows"
"""Name of the one axis whose length is free."""


def traced(module: nn.Module, inputs: dict[str, Tensor], outputs: tuple[str, ...]) -> Any:
    """`module` as an ONNX model (`onnx.ModelProto`).

    Args:
        module: asleep.
        inputs: an example of each by its name in `forward`; their first axis is free.
        outputs: names of what it gives, in order.
    """
    axis = torch.export.Dim(BATCH)
    free = tuple({0: axis} for _ in inputs)
    with without_talk(), torch.no_grad():
        program = torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            dynamo=True,
            opset_version=OPSET,
            dynamic_shapes=free,
            input_names=list(inputs),
            output_names=list(outputs),
            verbose=False,
        )
    assert program is not None
    return _anonymous(program.model_proto)


@contextlib.contextmanager
def without_talk() -> Iterator[None]:
    """What the exporter says of libraries that are not needed is no news to who exports a detector."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)


def _anonymous(model: Any) -> Any:
    """Without the places in source files that each node came from: they are paths of this machine."""
    for part in (model, model.graph, *model.graph.node, *model.graph.value_info, *model.functions):
        del part.metadata_props[:]
    for part in (*model.graph.input, *model.graph.output, *model.graph.initializer):
        del part.metadata_props[:]
    for node in model.graph.node:
        node.doc_string = ""
    return model
