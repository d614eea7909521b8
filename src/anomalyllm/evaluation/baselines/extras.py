"""Libraries that only some baselines need: found when asked for, with a sentence where they are absent."""

from __future__ import annotations

import importlib
from typing import Any

from anomalyllm.errors import ConfigError


def required(module: str, what: str) -> Any:
    """The module called `module`.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        name = {"sklearn": "scikit-learn"}.get(module.split(".")[0], module)
        raise ConfigError(
            f"{name} for {what}", "an environment without it", "pip install 'anomalyllm[baselines]'"
        ) from error
