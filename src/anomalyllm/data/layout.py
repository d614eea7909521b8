"""Which column of a table plays which part, held against other parts of the same table: what changes is no column."""

from __future__ import annotations

from typing import Any, NamedTuple

from anomalyllm.data.moments import is_moment, is_number, is_text
from anomalyllm.data.origin import Origin
from anomalyllm.data.tables import Columns
from anomalyllm.errors import WholeError

REVOKED = {  # what is told of a column as long as no value speaks against it, and what is told then
    " was read as labels, not as a channel": (" has a label's name but not only 0 and 1, and was left out",),
    " counts up but gives no date-times, and was left out": (
        " has a time's name but no times, and was left out",
        " has an index's name, and was left out",
    ),
}


class Layout(NamedTuple):
    """Which column plays which part, of what kind those are, and what was told of it."""

    parts: tuple[Any, ...]
    kinds: tuple[str, ...]
    told: tuple[str, ...]

    @classmethod
    def of(cls, table: Any, columns: Columns, told: list[str]) -> Layout:
        """The layout of one part of a table."""
        times, _, channels = columns.parts
        names = list(table.column_names)
        known = [name for name in (*times, *channels) if name in names]  # repeated names are numbered
        return cls(columns.parts, tuple(_kind(table[name].type) for name in known if names.count(name) == 1), (*told,))

    def followed_by(self, other: Layout, origin: Origin) -> Layout:
        """The layout of both.

        Raises:
            WholeError: they do not fit together.
        """
        kinds = tuple(_joined(mine, theirs) for mine, theirs in zip(self.kinds, other.kinds, strict=False))
        told = tuple(_revoked(note, other.told) for note in self.told)
        theirs = tuple(_revoked(note, self.told) for note in other.told)
        if self.parts != other.parts or "" in kinds or told != theirs:
            came = f"others from {origin.at(0)} on"
            raise WholeError("columns that keep their kind, to read a file in blocks", came, "read it whole")
        return Layout(self.parts, kinds, told)


def _revoked(note: str, others: tuple[str, ...]) -> str:
    """What the whole file tells in place of a block's note, where another block knows of a value against it."""
    for ending, revoking in REVOKED.items():
        if note.endswith(ending):
            column = note.removesuffix(ending)
            return next((other for other in others for known in revoking if other == column + known), note)
    return note


def _kind(kind: Any) -> str:
    """What matters of an Arrow type: whether columns of two types can be one."""
    import pyarrow as pa

    if is_number(kind) or is_text(kind):
        return "number"  # text is read as numbers, or refused with its line
    if is_moment(kind):
        return "date" if pa.types.is_date(kind) else "moment"
    return "null" if pa.types.is_null(kind) else str(kind)


def _joined(one: str, other: str) -> str:
    """The kind of a column that is of one kind here and another there; "" where they do not fit."""
    if one == other or other == "null":
        return one
    return other if one == "null" else ""
