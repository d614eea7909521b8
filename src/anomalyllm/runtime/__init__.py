"""Scoring where there is no torch: exported detectors, and saved ones that only compare with normal windows.

`Scorer(folder)` gives the scores, flags and events of the detector that was exported. Networks run in onnxruntime;
retrieval, scaling, lifting, novelty, threshold and events are the library's own arithmetic, the very code that the
detector runs, so nothing needs to be the same twice. Neither torch nor transformers is imported here. A new kind of
judge is a class in `graph_judges` and a branch in `folder`; who writes the folders is `anomalyllm.exporting`.
"""

from anomalyllm.runtime.scorer import Scorer

__all__ = ["Scorer"]
