"""Everything that can go wrong, as a tree.

AnomalyLLMError
├── UserError                 the user can mend it; the command line exits with 2
│   ├── ConfigError           a setting that is unknown, of the wrong kind or out of range
│   │   └── LibraryError      what was asked for needs a library that is not installed
│   ├── DataError             a series that cannot be used as it is
│   │   ├── ReadError         a file that is absent, empty or not what its name says
│   │   │   └── WholeError    a file that can be read whole, but not block by block
│   │   ├── TooShortError     fewer rows than the work needs
│   │   └── ChannelError      channels absent, too many, or other than those fitted
│   ├── NotFittedError        a question asked before `fit`
│   ├── TeacherError          a teacher's weights cannot be found or do not fit
│   └── ArtefactError         a model folder or checkpoint that is damaged, foreign or cut short
├── StorageError              the machine refused to write; what was there before is unchanged
├── TrainingInterrupted       training was stopped from outside; a checkpoint was left
└── ScoringInterrupted        scoring was stopped from outside; the rows that are done were left

Every message has three parts: what was expected, what came, and what to do.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path


class AnomalyLLMError(Exception):
    """Root of every error that this library raises on purpose.

    Args:
        expected: what would have been right, as a noun phrase.
        came: what was found instead.
        remedy: what the reader can do now, as an imperative.
    """

    def __init__(self, expected: str, came: str, remedy: str) -> None:
        super().__init__(expected, came, remedy)  # args as given: the error survives pickling between processes
        self.expected = expected
        self.came = came
        self.remedy = remedy

    def __str__(self) -> str:
        return f"expected {self.expected}, got {self.came}; {self.remedy}"


class UserError(AnomalyLLMError):
    """Something in the call, the file or the settings that the user can mend."""


class ConfigError(UserError, ValueError):
    """A setting is unknown, of the wrong kind or out of range."""


class LibraryError(ConfigError):
    """What was asked for needs a library that is not installed."""


class DataError(UserError, ValueError):
    """A series cannot be used as it is."""


class ReadError(DataError):
    """A file is absent, empty or not what its name says."""


class WholeError(ReadError):
    """A file can only be understood as a whole, and was asked for block by block."""


class TooShortError(DataError):
    """A series has fewer rows than the work needs."""


class ChannelError(DataError):
    """Channels are absent, too many, or other than those the detector was fitted on."""


class NotFittedError(UserError, ValueError, AttributeError):
    """A fitted detector was needed (the two extra bases are the ones scikit-learn's own has)."""


class TeacherError(UserError):
    """A teacher's weights cannot be found or do not fit."""


class ArtefactError(UserError):
    """A model folder or a checkpoint is damaged, foreign or cut short."""


class StorageError(AnomalyLLMError):
    """The machine refused to write; what was there before is unchanged."""


class TrainingInterrupted(AnomalyLLMError):  # noqa: N818 - an interruption is no error
    """Training was stopped from outside.

    Attributes:
        checkpoint: the file from which the same training goes on, or None where none was asked for.
    """

    checkpoint: Path | None = None


class ScoringInterrupted(AnomalyLLMError):  # noqa: N818 - an interruption is no error
    """Scoring into a file was stopped from outside; the part that is done is kept."""


@contextlib.contextmanager
def saying_which(name: str) -> Iterator[None]:
    """Of several series one is at fault: an error that is raised inside says of which, `name`, it speaks."""
    try:
        yield
    except UserError as error:
        raise type(error)(error.expected, f"{error.came} in {name}", error.remedy) from error
