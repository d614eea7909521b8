"""The tree of errors: one shape of message, classes that decide the exit code, a docstring that tells all."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from pathlib import Path

import pytest

from anomalyllm import errors
from anomalyllm.errors import (
    AnomalyLLMError,
    ConfigError,
    DataError,
    NotFittedError,
    ScoringInterrupted,
    StorageError,
    TrainingInterrupted,
    UserError,
)

CLASSES = [value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, Exception)]


@pytest.mark.parametrize("kind", CLASSES)
def test_a_message_says_what_was_expected_what_came_and_what_to_do(kind: type[AnomalyLLMError]) -> None:
    error = kind("at least one row", "a file with only a header: x.csv", "check the export")
    assert str(error) == "expected at least one row, got a file with only a header: x.csv; check the export"
    assert (error.expected, error.came, error.remedy) == error.args


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("copied", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy])
def test_an_error_survives_the_way_between_processes(kind: type[AnomalyLLMError], copied) -> None:  # type: ignore[no-untyped-def]
    error = copied(kind("a", "b", "c"))
    assert type(error) is kind
    assert str(error) == "expected a, got b; c"
    assert (error.expected, error.came, error.remedy) == ("a", "b", "c")


def test_a_checkpoint_travels_with_its_error() -> None:
    error = TrainingInterrupted("a", "b", "c")
    assert error.checkpoint is None
    error.checkpoint = Path("model.part")
    assert pickle.loads(pickle.dumps(error)).checkpoint == Path("model.part")
    assert TrainingInterrupted.checkpoint is None


def test_what_the_user_can_mend_is_a_user_error_and_nothing_else_is() -> None:
    """The command line exits with 2 for these and with 1 or 130 for the others."""
    others = {kind for kind in CLASSES if not issubclass(kind, UserError)}
    assert others == {AnomalyLLMError, StorageError, TrainingInterrupted, ScoringInterrupted}


def test_the_bases_that_callers_already_catch() -> None:
    """scikit-learn's tools expect ValueError for bad data and settings, and both for a missing `fit`."""
    assert issubclass(ConfigError, ValueError)
    assert issubclass(DataError, ValueError)
    assert issubclass(NotFittedError, ValueError)
    assert issubclass(NotFittedError, AttributeError)


def test_the_picture_in_the_docstring_is_the_tree() -> None:
    """Name by name, each under its parent: the depth of a line is where its name begins."""
    drawn: dict[str, str | None] = {}
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"([│├└─ ]*)([A-Z]\w+(?:Error|Interrupted))\b", line)
        if match:
            depth = len(match[1])
            above = [(column, name) for column, name in above if column < depth]
            drawn[match[2]] = above[-1][1] if above else None
            above.append((depth, match[2]))
    real = {kind.__name__: kind.__bases__[0].__name__ for kind in CLASSES} | {"AnomalyLLMError": None}
    assert drawn == real


@pytest.mark.parametrize("kind", CLASSES)
def test_every_class_says_when_it_is_raised(kind: type[AnomalyLLMError]) -> None:
    assert "__doc__" in vars(kind)
    assert len((kind.__doc__ or "").split()) > 5
