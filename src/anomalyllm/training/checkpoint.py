"""A training run on disk: one safetensors file, written whole or not at all.

It holds what a run needs to go on as if it had not been stopped: trained weights, the copy of the best ones, the
optimiser's moments and the history. Chance needs nothing (see `seeding`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from anomalyllm.errors import ArtefactError
from anomalyllm.files import write_atomically

FORMAT = "anomalyllm-checkpoint-1"


@dataclass(frozen=True)
class Checkpoint:
    """What is stored. `fingerprint` ties it to a configuration, a seed and training data."""

    fingerprint: str
    state: dict[str, Any]  # plain JSON: step, best step, waited, history
    tensors: dict[str, Tensor]


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Writes atomically.

    Raises:
        StorageError: nothing was written.
    """
    metadata = {"format": FORMAT, "fingerprint": checkpoint.fingerprint, "state": json.dumps(checkpoint.state)}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in checkpoint.tensors.items()}
    write_atomically(path, save(tensors, metadata))


def read_checkpoint(path: Path, fingerprint: str) -> Checkpoint:
    """Reads a checkpoint that `fingerprint` owns.

    Raises:
        ArtefactError: absent, damaged, or of another configuration, seed or training data.
    """
    if not path.is_file():
        raise ArtefactError(f"a checkpoint at {path}", "no such file", "start without --resume")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dictionary
    except (SafetensorError, OSError) as error:
        raise ArtefactError(f"a whole checkpoint at {path}", str(error), "delete it and start anew") from error
    if metadata.get("format") != FORMAT:
        raise ArtefactError(f"a checkpoint at {path}", "a file of another kind", "name the right file")
    if metadata["fingerprint"] != fingerprint:
        remedy = "resume with the same file and settings, or delete the checkpoint and start anew"
        raise ArtefactError(f"the checkpoint {path} to be of this training", "one of other data or settings", remedy)
    return Checkpoint(fingerprint, json.loads(metadata["state"]), tensors)
