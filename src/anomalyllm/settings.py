"""Settings that check themselves: the base class of every configuration group. Knows no group by name."""

from __future__ import annotations

import difflib
import sys
import types
from collections.abc import Callable, Iterable, Mapping
from numbers import Integral, Real
from typing import Any, Literal, Self, Union, get_args, get_origin, get_type_hints

from anomalyllm.errors import ConfigError


class Settings:
    """Base of the groups below: values are checked against their annotations, then against `_rules`."""

    def __post_init__(self) -> None:
        for name, annotation in get_type_hints(type(self)).items():
            if not name.startswith("_"):
                object.__setattr__(self, name, _coerced(name, getattr(self, name), annotation))
        for name, holds, rule in self._rules():
            if not holds:
                raise ConfigError(f"{name} {rule}", repr(getattr(self, name)), "change the setting")

    def _rules(self) -> list[tuple[str, bool, str]]:
        """(field, whether the rule holds, the rule as 'to be …') for each thing that must be true."""
        return []

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """Builds the group from a dictionary; groups inside it may be dictionaries too.

        Raises:
            ConfigError: unknown key (with the nearest known one), wrong kind, value out of range.
        """
        if not isinstance(values, Mapping):
            raise ConfigError(f"a table of settings for {cls.__name__}", repr(values), "write it as [section]")
        hints = {name: hint for name, hint in get_type_hints(cls).items() if not name.startswith("_")}
        built: dict[str, Any] = {}
        for key, value in values.items():
            if key not in hints:
                raise unknown_name("setting", key, hints)
            inner = hints[key]
            is_group = isinstance(inner, type) and issubclass(inner, Settings)
            built[key] = inner.from_mapping(value) if is_group and not isinstance(value, inner) else value
        return cls(**built)


def unknown_name(what: str, name: object, known: Iterable[str]) -> ConfigError:
    """The error for a name that nothing has, with the nearest one that something has."""
    known = sorted(known)
    near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
    remedy = f"did you mean {near[0]!r}?" if near else f"choose one of {', '.join(known)}"
    return ConfigError(f"a known {what}", repr(name), remedy)


def _coerced(name: str, value: Any, annotation: Any) -> Any:
    """`value` as its annotation wants it (a list becomes a tuple, an int a float), or a ConfigError."""
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        is_none = value is None or value == "none"  # TOML has no null
        return None if is_none else _coerced(name, value, get_args(annotation)[0])
    if origin is Literal:
        if value not in get_args(annotation):
            raise ConfigError(f"{name} to be one of {list(get_args(annotation))}", repr(value), "change the setting")
        return value
    if origin is tuple:
        return _coerced_tuple(name, value, get_args(annotation))
    convert, accepts = _KINDS.get(annotation, (None, (annotation,)))
    is_kind = isinstance(value, accepts) and not (isinstance(value, bool) and annotation is not bool)
    if not is_kind or (annotation in (int, float) and not abs(value) <= sys.float_info.max):  # also refuses NaN
        raise ConfigError(f"{name} to be {annotation.__name__}", repr(value), "change the setting")
    return convert(value) if convert else value


def _coerced_tuple(name: str, value: Any, kinds: tuple[Any, ...]) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise ConfigError(f"{name} to be a list", repr(value), "change the setting")
    open_ended = kinds[-1] is Ellipsis
    if not open_ended and len(value) != len(kinds):
        raise ConfigError(f"{name} to have {len(kinds)} values", repr(value), "change the setting")
    each = (kinds[0],) * len(value) if open_ended else kinds
    return tuple(_coerced(name, item, kind) for item, kind in zip(value, each, strict=True))


_KINDS: dict[Any, tuple[Callable[[Any], Any] | None, tuple[type, ...]]] = {
    float: (float, (Real,)),
    int: (int, (Integral,)),  # also NumPy's
    str: (None, (str,)),
    bool: (None, (bool,)),
}
