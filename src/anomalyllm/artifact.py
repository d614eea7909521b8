"""A fitted detector on disk: a folder of JSON and safetensors. Data, not code; whole, or the old one.

`detector.json` says everything but the tensors and names the tensor file by its content. It is replaced last and in one
step, so a kill at any moment leaves the old detector or the new one. Loading is strict: the schema, the file's length
and hash, and each tensor's name, shape and type must be what `detector.json` says. `docs/artefact-format.md` has the
details.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import platform
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from anomalyllm import __version__
from anomalyllm.errors import ArtefactError, ConfigError, LibraryError
from anomalyllm.files import storage_errors, write_atomically
from anomalyllm.fitted import Fitted
from anomalyllm.packing import Tensors, all_tensors, assembled, described_pair

FORMAT = "anomalyllm-detector"
SCHEMA = 2
MANIFEST = "detector.json"
LIBRARIES = ("torch", "transformers", "numpy", "scipy", "safetensors")
ANEW = "fit and save the detector again, or restore the folder from a copy"


def save_artefact(fitted: Fitted, folder: Path) -> None:
    """Writes `fitted` to `folder`, replacing the detector there in one step.

    Raises:
        StorageError: the folder cannot be written; the detector that was there still loads.
        ArtefactError: the path is a file, or a folder that holds something else.
    """
    require_place(folder)
    tensors = all_tensors(fitted)
    content = save(tensors)
    name = f"tensors-{hashlib.sha256(content).hexdigest()[:16]}.safetensors"
    manifest = _manifest(fitted, tensors, name, content)
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / name, content)
    write_atomically(folder / MANIFEST, (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode())
    with storage_errors(folder):
        for old in folder.glob("tensors-*.safetensors"):
            if old.name != name:
                old.unlink()


def require_place(folder: Path) -> None:
    """Refuses a place that cannot take a detector, which a caller may want to know before the work.

    Raises:
        ArtefactError: the path is a file, or a folder that holds something else.
    """
    if folder.exists() and not folder.is_dir():
        raise ArtefactError("a folder to save to", f"a file at {folder}", "choose another name")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MANIFEST).exists() and not _only_ours(folder):
        raise ArtefactError("an empty folder or a saved detector", f"other files in {folder}", "choose another folder")


def load_artefact(folder: Path, device: str = "cpu") -> Fitted:
    """The detector saved in `folder`.

    Raises:
        ArtefactError: absent, foreign, of a newer schema, cut short or damaged; it names the file and the tensor.
        LibraryError: networks in it, and no torch here.
    """
    manifest = read_manifest(folder)
    tensors = _read_tensors(folder, manifest)
    try:
        return assembled(manifest, tensors, device)
    except LibraryError:
        raise
    except (KeyError, TypeError, ValueError, ConfigError) as error:
        path = folder / MANIFEST
        raise ArtefactError(f"a whole description in {path}", f"{type(error).__name__}: {error}", ANEW) from error


def read_manifest(folder: Path) -> dict[str, Any]:
    """`detector.json` of a folder, checked to be of this format and schema."""
    path = folder / MANIFEST
    if not folder.is_dir():
        raise ArtefactError("a folder with a saved detector", f"no folder at {folder}", "name the folder given to save")
    if not path.is_file():
        raise ArtefactError(f"a saved detector in {folder}", f"no {MANIFEST} there", "name the folder given to save")
    try:
        manifest = json.loads(path.read_bytes())
    except (ValueError, OSError) as error:
        raise ArtefactError(f"JSON in {path}", str(error), ANEW) from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ArtefactError(f"a detector of this library in {path}", "another kind of file", "name another folder")
    if manifest.get("schema") != SCHEMA:
        came = f"schema {manifest.get('schema')!r}"
        raise ArtefactError(f"schema {SCHEMA} in {path}", came, "use the version of anomalyllm that wrote it")
    return manifest


def library_versions() -> dict[str, str]:
    """This library, Python, and the libraries that a score depends on, those that are there."""
    own = {"anomalyllm": __version__, "python": platform.python_version()}
    return own | {library: version(library) for library in LIBRARIES if _is_there(library)}


def _is_there(library: str) -> bool:
    try:
        return find_spec(library) is not None
    except (ValueError, ImportError):  # something keeps it from being imported
        return False


def _manifest(fitted: Fitted, tensors: Tensors, name: str, content: bytes) -> dict[str, Any]:
    facts = dataclasses.asdict(fitted.training)
    return {
        "format": FORMAT,
        "schema": SCHEMA,
        "config": fitted.config.to_mapping(),
        "channels": list(fitted.channels),
        "period": fitted.period,
        "seed": fitted.seed,
        "unit": fitted.unit,
        "pair": described_pair(fitted),
        "networks_unit": fitted.networks.unit if fitted.has_networks else 1.0,
        "threshold": fitted.threshold,
        "teacher": {"label": fitted.teacher_label, "shape": fitted.teacher_shape},
        "training": facts,
        "versions": library_versions(),
        "file": {"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()},
        "tensors": {key: _described(tensor) for key, tensor in tensors.items()},
    }


def _described(tensor: NDArray[Any]) -> dict[str, Any]:
    digest = hashlib.sha256(tensor.tobytes()).hexdigest()
    return {"shape": list(tensor.shape), "dtype": tensor.dtype.name, "sha256": digest}


def _read_tensors(folder: Path, manifest: dict[str, Any]) -> Tensors:
    try:
        described, file = manifest["tensors"], manifest["file"]
        path, length, digest = folder / Path(file["name"]).name, file["bytes"], file["sha256"]
    except (KeyError, TypeError, AttributeError) as error:
        raise ArtefactError(f"tensors described in {folder / MANIFEST}", f"no entry {error}", ANEW) from error
    if not path.is_file():
        raise ArtefactError(f"the tensor file {path}", "no such file", ANEW)
    content = path.read_bytes()
    if len(content) != length:
        first = _first_beyond(content, described)
        came = f"{len(content)} bytes; the first tensor that is not whole is {first!r}"
        raise ArtefactError(f"{length} bytes in {path}", came, ANEW)
    try:
        tensors: Tensors = load(content)
    except SafetensorError as error:
        raise ArtefactError(f"safetensors in {path}", f"a damaged header ({error})", ANEW) from error
    _check_described(path, tensors, described)
    if hashlib.sha256(content).hexdigest() != digest:
        raise ArtefactError(f"the hash of {path} that {MANIFEST} names", "another", ANEW)
    return tensors


def _check_described(path: Path, tensors: Tensors, described: dict[str, Any]) -> None:
    for name, expected in described.items():
        if name not in tensors:
            raise ArtefactError(f"tensor {name!r} in {path}", "no such tensor", ANEW)
        found = _described(tensors[name])
        for what in ("shape", "dtype"):
            if found[what] != expected[what]:
                wanted = f"tensor {name!r} of {what} {expected[what]} in {path}"
                raise ArtefactError(wanted, str(found[what]), ANEW)
        if found["sha256"] != expected["sha256"]:
            raise ArtefactError(f"the saved values of tensor {name!r} in {path}", "other values", ANEW)
    for name in tensors:
        if name not in described:
            raise ArtefactError(f"only the tensors that {MANIFEST} names in {path}", f"{name!r} as well", ANEW)


def _first_beyond(content: bytes, described: dict[str, Any]) -> str:
    """The first tensor whose bytes a shortened safetensors file no longer holds."""
    size = int.from_bytes(content[:8], "little")
    try:
        header = json.loads(content[8 : 8 + size])
        spans = [(span["data_offsets"][1], name) for name, span in header.items() if name != "__metadata__"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return min(described, default="")
    beyond = [name for end, name in sorted(spans) if 8 + size + end > len(content)]
    return beyond[0] if beyond else max(described, default="")


def _only_ours(folder: Path) -> bool:
    """Whether a folder without a manifest holds nothing but what a killed first save leaves."""
    return all(path.name.startswith(("tensors-", f".{MANIFEST}", ".tensors-")) for path in folder.iterdir())
