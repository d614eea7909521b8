"""A folder of NPZ files with `index.json`: {"series": [{"dataset", "family", "name", "file", …}, …]}.

Each file holds `train` and `test` (T, C), `test_label` (T,) and, where the source labels its training part,
`train_label`. `n_train`, `n_test` and `dims` of the entry, where given, must be those of the file.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from anomalyllm.data.archives import npz_arrays
from anomalyllm.data.wording import listed
from anomalyllm.datasets.assembling import case_data
from anomalyllm.datasets.case import Case, CaseData
from anomalyllm.datasets.folders import AGAIN, content_of, json_of, named
from anomalyllm.errors import ReadError

INDEX = "index.json"
NEEDED = ("train", "test", "test_label")
Shape = tuple[int | None, int | None, int | None]


def indexed_cases(dataset: str, folder: Path) -> tuple[Case, ...]:
    """The entries of a set in the folder's index; none without one.

    Raises:
        ReadError: an index that is damaged, or names a file outside its folder.
    """
    with _shaped_as_said(folder):
        wanted = [entry for entry in _entries(folder) if entry["dataset"].lower() == dataset.lower()]
        return tuple(_case(dataset, entry, folder) for entry in wanted)


def indexed_names(folder: Path) -> tuple[str, ...]:
    """The names of all sets in the folder's index, sorted; none without one. Errors are those of `indexed_cases`."""
    with _shaped_as_said(folder):
        return tuple(sorted({str(entry["dataset"]) for entry in _entries(folder)}))


def read_indexed(path: Path, shape: Shape) -> CaseData:
    """The arrays of a file.

    Args:
        path: the NPZ file.
        shape: rows of train, rows of test and channels as the index says; None where it says nothing.

    Raises:
        ReadError: absent, damaged, without its arrays, or of another shape.
    """
    arrays = npz_arrays(content_of(path), path.name)
    if not all(name in arrays for name in NEEDED):
        came = f"{listed(list(arrays)) or 'none'} in {named(path)}"
        raise ReadError(f"the arrays {', '.join(NEEDED)}", came, AGAIN)
    train, test, labels = (arrays[name] for name in NEEDED)
    data = case_data(path.name, train, test, labels, arrays.get("train_label"))
    found = (len(data.train), len(data.test), data.test.shape[1])
    if any(said not in (None, came) for said, came in zip(shape, found, strict=True)):
        said = "{} and {} rows of {} channels".format(*shape)
        came = "{} and {} rows of {} channels in {}".format(*found, named(path))
        raise ReadError(f"{said}, as {INDEX} says", came, AGAIN)
    return data


def _entries(folder: Path) -> list[Any]:
    """What the index lists; nothing without one."""
    entries: list[Any] = json_of(folder / INDEX)["series"] if (folder / INDEX).is_file() else []
    return entries


@contextlib.contextmanager
def _shaped_as_said(folder: Path) -> Iterator[None]:
    """Turns what a foreign index leads to into a ReadError."""
    try:
        yield
    except (LookupError, TypeError, AttributeError) as error:
        came = f"something else in {named(folder / INDEX)}"
        raise ReadError("a list `series` of entries with dataset, name and file", came, AGAIN) from error


def _case(dataset: str, entry: Mapping[str, Any], folder: Path) -> Case:
    path = folder / entry["file"]
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ReadError(f"files in the folder of {INDEX}", named(path), "move the file there")
    shape = entry.get("n_train"), entry.get("n_test"), entry.get("dims")
    return Case(dataset, str(entry["name"]), str(entry.get("family", dataset)), partial(read_indexed, path, shape))
