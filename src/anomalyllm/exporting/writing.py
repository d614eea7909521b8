"""The folder of an exported detector: what it says, its tensors and its graphs, written so that it is whole or old."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save

from anomalyllm.artifact import MANIFEST, library_versions
from anomalyllm.errors import ArtefactError
from anomalyllm.exporting.network_graph import NetworkGraph
from anomalyllm.exporting.pair_graph import PairGraph
from anomalyllm.exporting.quantising import quantised
from anomalyllm.exporting.retrieval_graph import RetrievalGraph
from anomalyllm.exporting.tracing import traced
from anomalyllm.files import storage_errors, write_atomically
from anomalyllm.fitted import Fitted
from anomalyllm.judges import Judge, RetrievalJudge
from anomalyllm.network_judge import NetworkJudge
from anomalyllm.packing import Tensors, all_tensors
from anomalyllm.pairing import PairJudge
from anomalyllm.runtime.folder import FORMAT, NETWORKS, PAIR, RETRIEVAL, SCHEMA, TENSORS

KEPT = ("scaler.", "novelty.", "usual.", "bank.", "pair_usual.")  # tensors that are not inside graphs
EXAMPLES = 3  # windows that are shown to the tracer: one would be taken for a number that never changes


@dataclasses.dataclass(frozen=True)
class Drawn:
    """A judge as the description has it, and its graph under a name that judges may share."""

    described: dict[str, Any]
    name: str
    module: torch.nn.Module
    inputs: dict[str, torch.Tensor]
    outputs: tuple[str, ...]
    quantisable: bool


def export_onnx(fitted: Fitted, folder: Path, *, int8: bool = False) -> None:
    """Writes `fitted` to `folder` as graphs and tensors; an exported detector that is there is replaced.

    Args:
        fitted: as it scores.
        folder: absent, empty, or an exported detector.
        int8: the networks' matrices in eight bits.

    Raises:
        ArtefactError: the folder holds something else.
        StorageError: it cannot be written; what was there still loads.
    """
    require_export_place(folder)
    drawn = [_drawn(judge, fitted) for judge in fitted.judges]
    contents = {TENSORS: ("safetensors", save(_tensors(fitted)))}
    for one in drawn:
        if one.name not in contents:
            contents[one.name] = ("onnx", _graph(one, int8=int8))
    files = {name: _described(name, kind, content) for name, (kind, content) in contents.items()}
    manifest = _manifest(fitted, [one.described for one in drawn], files, int8=int8)
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for name, (_, content) in contents.items():
        write_atomically(folder / files[name]["name"], content)
    write_atomically(folder / MANIFEST, (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode())
    _remove_others(folder, {file["name"] for file in files.values()})


def require_export_place(folder: Path) -> None:
    """Refuses a place that cannot take an exported detector.

    Raises:
        ArtefactError: a file, or a folder that holds something else.
    """
    if folder.exists() and not folder.is_dir():
        raise ArtefactError("a folder to export to", f"a file at {folder}", "choose another name")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    try:
        ours = json.loads((folder / MANIFEST).read_bytes())["format"] == FORMAT
    except (OSError, ValueError, KeyError, TypeError):
        ours = False
    if not ours:
        came = f"other files in {folder}"
        raise ArtefactError("an empty folder or an exported detector", came, "choose another folder")


def _drawn(judge: Judge, fitted: Fitted) -> Drawn:
    described: dict[str, Any] = {"window": judge.window, "stride": judge.stride}
    windows = {"windows": torch.zeros(EXAMPLES, len(fitted.channels), judge.window)}
    if isinstance(judge, RetrievalJudge):
        name = f"{RETRIEVAL}-{judge.window}"
        described |= {"kind": RETRIEVAL, "graph": name}
        return Drawn(described, name, RetrievalGraph(judge), windows, ("scores",), quantisable=False)
    if isinstance(judge, PairJudge):
        described |= {"kind": PAIR, "graph": PAIR, "unit": judge.unit}
        shown = {"windows": (), "prototypes": (4,), "usual": (4,)}
        sizes = {name: (EXAMPLES, *beside, *(() if name == "usual" else (32,))) for name, beside in shown.items()}
        inputs = {name: torch.ones(size) for name, size in sizes.items()}
        return Drawn(described, PAIR, PairGraph(judge.pair), inputs, ("scores",), quantisable=True)
    assert isinstance(judge, NetworkJudge)
    described |= {"kind": NETWORKS, "graph": NETWORKS}
    return Drawn(described, NETWORKS, NetworkGraph(judge), windows, ("scores", "choice"), quantisable=True)


def _graph(drawn: Drawn, *, int8: bool) -> bytes:
    model = traced(drawn.module, drawn.inputs, drawn.outputs)
    if int8 and drawn.quantisable:
        model = quantised(model)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _tensors(fitted: Fitted) -> Tensors:
    tensors = {name: tensor for name, tensor in all_tensors(fitted).items() if name.startswith(KEPT)}
    if fitted.has_networks:
        prototypes = fitted.networks.distiller.student.prototypes
        tensors["prototypes"] = prototypes.detach().cpu().numpy().astype(np.float32)
    return tensors


def _described(name: str, kind: str, content: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    return {"name": f"{name}-{digest[:16]}.{kind}", "bytes": len(content), "sha256": digest}


def _manifest(
    fitted: Fitted, judges: list[dict[str, Any]], files: dict[str, dict[str, Any]], *, int8: bool
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "schema": SCHEMA,
        "config": fitted.config.to_mapping(),
        "channels": list(fitted.channels),
        "period": fitted.period,
        "seed": fitted.seed,
        "unit": fitted.unit,
        "threshold": fitted.threshold,
        "teacher": {"label": fitted.teacher_label, "shape": fitted.teacher_shape},
        "training": dataclasses.asdict(fitted.training),
        "judges": judges,
        "precision": "int8" if int8 else "float32",
        "files": files,
        "versions": library_versions() | _exporters(),
    }


def _exporters() -> dict[str, str]:
    import onnx
    import onnxscript

    return {"onnx": onnx.__version__, "onnxscript": onnxscript.__version__}


def _remove_others(folder: Path, kept: set[str]) -> None:
    with storage_errors(folder):
        for path in _exported_files(folder):
            if path.name not in kept:
                path.unlink()


def _exported_files(folder: Path) -> Iterator[Path]:
    yield from folder.glob("*.onnx")
    yield from folder.glob(f"{TENSORS}-*.safetensors")
