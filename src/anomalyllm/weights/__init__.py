"""Weights that come with the package; docs/model-card.md says what they are and how they were made.

`pair.safetensors` is a pretrained pair (`model.pair`). Its teacher's blocks are also a language model by themselves.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from importlib.resources import as_file, files
from pathlib import Path

PAIR = "pair.safetensors"


def shipped_pair() -> AbstractContextManager[Path]:
    """The file of the pair while the context lasts: where the package is, or a copy of what a zipped one holds."""
    return as_file(files(__name__) / PAIR)
