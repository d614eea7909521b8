"""Libraries that only some detectors or baselines need: found when asked for, with a sentence where they are absent."""

from __future__ import annotations

import importlib
from typing import Any

from anomalyllm.errors import LibraryError

NAMES = {"sklearn": "scikit-learn", "torch": "PyTorch"}


def required(module: str, what: str, extra: str = "baselines") -> Any:
    """The module called `module`.

    Args:
        module: its name in Python.
        what: is done with it, for the sentence.
        extra: of this package, which brings it.

    Raises:
        LibraryError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        name = NAMES.get(module.split(".")[0], module)
        raise LibraryError(
            f"{name} for {what}", "an environment without it", f"pip install 'anomalyllm[{extra}]'"
        ) from error


def require_networks(what: str) -> None:
    """Refuses, before anything is imported, what is done by networks where there is no torch.

    Raises:
        LibraryError: `what` needs PyTorch and transformers.
    """
    for module in ("torch", "transformers"):
        required(module, what, "networks")
