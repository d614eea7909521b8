"""An exported detector on disk: a description, tensors and graphs, and a detector put together from them.

`detector.json` names every other file with its length and hash, which are checked before anything is believed.
`docs/artefact-format.md` describes the files.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import load

from anomalyllm.artifact import FORMAT as DETECTOR_FORMAT
from anomalyllm.artifact import MANIFEST, load_artefact, read_manifest
from anomalyllm.errors import ArtefactError
from anomalyllm.extras import required
from anomalyllm.fitted import Fitted
from anomalyllm.judges import Judge
from anomalyllm.packing import Tensors, without_networks
from anomalyllm.runtime.graph_judges import NetworkGraphJudge, PairGraphJudge
from anomalyllm.runtime.sessions import Graph

FORMAT = "anomalyllm-onnx"
SCHEMA = 1
TENSORS = "tensors"
RETRIEVAL, PAIR, NETWORKS = "retrieval", "pair", "networks"
"""Kinds of judges."""

ANEW = "export the detector again, or restore the folder from a copy"


def load_scorer(folder: Path) -> Fitted:
    """The detector in `folder`: an exported one, or a saved one without networks.

    Raises:
        ArtefactError: absent, foreign, damaged, of another schema, or with networks that were not exported.
        ConfigError: it has graphs, and onnxruntime is not installed.
    """
    manifest = _described(folder)
    if manifest.get("format") == DETECTOR_FORMAT:
        return _saved(folder)
    if manifest.get("schema") != SCHEMA:
        came = f"schema {manifest.get('schema')!r}"
        raise ArtefactError(f"schema {SCHEMA} in {folder / MANIFEST}", came, "use the version that exported it")
    try:
        contents = {name: _checked(folder, file) for name, file in manifest["files"].items()}
        _require_runtime(manifest)
    except (KeyError, TypeError, AttributeError) as error:
        raise ArtefactError(f"files described in {folder / MANIFEST}", f"no entry {error}", ANEW) from error
    return assembled(manifest, contents, str(folder))


def assembled(manifest: dict[str, Any], contents: dict[str, bytes], where: str) -> Fitted:
    """A detector from its description and the contents of its files, by their names in it.

    Raises:
        ArtefactError: the two do not make a whole; `where` is for the sentence.
    """
    try:
        tensors: Tensors = load(contents[TENSORS])
        fitted = without_networks(manifest, tensors)
        graphs: dict[str, Graph] = {}
        judges = tuple(_judge(of, fitted, tensors, contents, graphs) for of in manifest["judges"])
        return dataclasses.replace(fitted, judges=judges)
    except (KeyError, TypeError, ValueError, AttributeError, SafetensorError) as error:
        came = f"{type(error).__name__}: {error}"
        raise ArtefactError(f"a whole description in {where}", came, ANEW) from error


def _require_runtime(manifest: dict[str, Any]) -> None:
    if any(judge["kind"] != RETRIEVAL for judge in manifest["judges"]):
        required("onnxruntime", "the networks of an exported detector", "onnx")


def _saved(folder: Path) -> Fitted:
    """A saved detector as it is, where no network judges."""
    manifest = read_manifest(folder)
    if manifest.get("pair") is not None or manifest.get("teacher", {}).get("shape"):
        remedy = f"export it where torch is: anomalyllm export {folder} --out FOLDER"
        raise ArtefactError("an exported detector, or a saved one without networks", f"networks in {folder}", remedy)
    return load_artefact(folder)


def _described(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file():
        raise ArtefactError(f"an exported detector in {folder}", f"no {MANIFEST} there", "name the folder of export")
    try:
        manifest = json.loads(path.read_bytes())
    except (ValueError, OSError) as error:
        raise ArtefactError(f"JSON in {path}", str(error), ANEW) from error
    if not isinstance(manifest, dict) or manifest.get("format") not in (FORMAT, DETECTOR_FORMAT):
        raise ArtefactError(f"a detector of this library in {path}", "another kind of file", "name another folder")
    return manifest


def _checked(folder: Path, file: dict[str, Any]) -> bytes:
    """A file's bytes, if they are those that the description speaks of."""
    path = folder / Path(file["name"]).name
    if not path.is_file():
        raise ArtefactError(f"the file {path}", "no such file", ANEW)
    content = path.read_bytes()
    if len(content) != file["bytes"]:
        raise ArtefactError(f"{file['bytes']} bytes in {path}", f"{len(content)} bytes", ANEW)
    if hashlib.sha256(content).hexdigest() != file["sha256"]:
        raise ArtefactError(f"the hash of {path} that {MANIFEST} names", "another", ANEW)
    return content


def _judge(
    described: dict[str, Any], fitted: Fitted, tensors: Tensors, contents: dict[str, bytes], graphs: dict[str, Graph]
) -> Judge:
    """A judge by its description; `graphs` are those that others have started."""
    kind, window = described["kind"], int(described["window"])
    beside = {judge.window: judge for judge in fitted.retrieval}
    if kind == RETRIEVAL:  # its graph is for other runtimes: the arithmetic here is the detector's own
        return beside[window]
    name, stride = described["graph"], int(described["stride"])
    graph = graphs[name] = graphs.get(name) or Graph(contents[name], name)
    if kind == PAIR:
        usual = tensors[f"pair_usual.{window}"]
        return PairGraphJudge(beside[window], stride, graph, usual, float(described["unit"]))
    if kind == NETWORKS:
        scoring, joint = fitted.config.scoring, fitted.config.channel_mode == "joint"
        return NetworkGraphJudge(window, stride, joint, scoring, graph, tensors["prototypes"])
    raise ValueError(f"a judge of kind {kind!r}")
