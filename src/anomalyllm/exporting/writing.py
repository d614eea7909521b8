"""The folder of an exported detector: what it says, its tensors and its graphs, written so that it is whole or old."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

from safetensors.numpy import save

from anomalyllm.artifact import MANIFEST, library_versions
from anomalyllm.errors import ArtefactError
from anomalyllm.exporting.measuring import Measured, measured
from anomalyllm.exporting.parts import Part, retrieval_part
from anomalyllm.extras import require_networks, required
from anomalyllm.files import storage_errors, write_atomically
from anomalyllm.fitted import Fitted
from anomalyllm.judges import RetrievalJudge
from anomalyllm.packing import all_tensors
from anomalyllm.runtime.folder import FORMAT, SCHEMA, TENSORS

KEPT = ("scaler.", "novelty.", "usual.", "bank.")  # tensors of a detector that are not inside graphs


def export_onnx(fitted: Fitted, folder: Path, *, int8: bool = False, check: Any = None) -> Measured:
    """Writes `fitted` to `folder` as graphs and tensors; an exported detector that is there is replaced.

    Args:
        fitted: as it scores.
        folder: absent, empty, or an exported detector.
        int8: the networks' matrices in eight bits.
        check: what scores are compared on, as for `AnomalyLLM.detect`; None: the detector's own normal windows.

    Returns:
        How far scores of the folder are from those of `fitted`; the same stands in the folder.

    Raises:
        ArtefactError: the folder holds something else.
        ConfigError: onnx, or onnxruntime, or what the networks are made of, is not installed.
        StorageError: it cannot be written; what was there still loads.
    """
    require_export_place(folder)
    required("onnx", "export", "export")
    parts = _parts(fitted)
    contents = _contents(fitted, parts, int8=int8)
    files = {name: _described(name, content) for name, content in contents.items()}
    manifest = _manifest(fitted, parts, files, int8=int8)
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        write_atomically(folder / files[name]["name"], content)
    found = measured(fitted, manifest, contents, check)
    manifest["measured"] = dataclasses.asdict(found)
    write_atomically(folder / MANIFEST, (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode())
    with storage_errors(folder):
        for path in [*folder.glob("*.onnx"), *folder.glob(f"{TENSORS}-*.safetensors")]:
            if path.name not in {file["name"] for file in files.values()}:
                path.unlink()
    return found


def require_export_place(folder: Path) -> None:
    """Refuses a place that cannot take an exported detector, which a caller may want to know before the work.

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
        ours = all(path.suffix in (".onnx", ".safetensors", ".part") for path in folder.iterdir())  # a first, killed
    if not ours:
        came = f"other files in {folder}"
        raise ArtefactError("an empty folder or an exported detector", came, "choose another folder")


def _parts(fitted: Fitted) -> list[Part]:
    parts: list[Part] = []
    for judge in fitted.judges:
        if isinstance(judge, RetrievalJudge):
            part = retrieval_part(judge)
        else:
            require_networks("the export of networks")
            required("onnxscript", "the export of networks", "export")
            from anomalyllm.exporting.network_parts import network_part

            again = any(other.networks for other in parts)
            part = network_part(judge, len(fitted.channels), again=again)
        placed = {"window": judge.window, "stride": judge.stride}
        parts.append(part._replace(described=part.described | placed))
    return parts


def _contents(fitted: Fitted, parts: list[Part], *, int8: bool) -> dict[str, bytes]:
    """Every file but the description, by its name in it."""
    tensors = {name: tensor for name, tensor in all_tensors(fitted).items() if name.startswith(KEPT)}
    contents = {}
    for part in parts:
        tensors |= part.tensors
        for name, model in part.graphs.items():
            if int8 and name in part.networks:
                from anomalyllm.exporting.quantising import quantised

                model = quantised(model)
            contents[name] = model.SerializeToString(deterministic=True)
    return {TENSORS: save(dict(sorted(tensors.items()))), **contents}


def _described(name: str, content: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    kind = "safetensors" if name == TENSORS else "onnx"
    return {"name": f"{name}-{digest[:16]}.{kind}", "bytes": len(content), "sha256": digest}


def _manifest(fitted: Fitted, parts: list[Part], files: dict[str, dict[str, Any]], *, int8: bool) -> dict[str, Any]:
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
        "judges": [part.described for part in parts],
        "precision": "int8" if int8 else "float32",
        "files": files,
        "versions": library_versions() | {"onnx": str(required("onnx", "export", "export").__version__)},
    }
