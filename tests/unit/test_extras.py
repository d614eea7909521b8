"""Libraries of the extra: the module where it is there, one sentence where it is not."""

from __future__ import annotations

import json
import sys

import pytest

from anomalyllm.errors import ConfigError
from anomalyllm.extras import require_networks, required


def test_what_is_installed_is_handed_over() -> None:
    assert required("json", "a test") is json


@pytest.mark.parametrize(
    ("module", "name"), [("stumpy", "stumpy"), ("sklearn", "scikit-learn"), ("sklearn.cluster", "scikit-learn")]
)
def test_what_is_absent_is_called_by_the_name_it_is_installed_under(
    module: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)  # how Python marks a module that cannot be imported
    with pytest.raises(ConfigError) as caught:
        required(module, "this")
    assert str(caught.value) == (
        f"expected {name} for this, got an environment without it; pip install 'anomalyllm[baselines]'"
    )


def test_networks_say_what_brings_them(monkeypatch: pytest.MonkeyPatch) -> None:
    require_networks("the preset trained")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ConfigError) as caught:
        require_networks("the preset trained")
    assert str(caught.value) == (
        "expected PyTorch for the preset trained, got an environment without it; pip install 'anomalyllm[networks]'"
    )
