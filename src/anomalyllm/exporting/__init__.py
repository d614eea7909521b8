"""From a fitted detector to a folder that scores without torch: graphs for every judge, and what lies around them.

`export_onnx` is the door. `retrieval_graph`, `pair_graph` and `network_graph` say each kind of judge once more as a
torch module that can be traced; `tracing` makes ONNX of them, `quantising` smaller ones, `writing` the folder. Another
judge is one more such module and a branch in `writing`; who reads the folder is `anomalyllm.runtime`.
"""

from anomalyllm.exporting.writing import export_onnx

__all__ = ["export_onnx"]
