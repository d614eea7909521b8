"""The table of sources: complete, over https, and silent where nothing is known."""

from __future__ import annotations

import re

import pytest

from anomalyllm.datasets.catalogue import FORMS, OTHER_FOLDERS
from anomalyllm.datasets.sources import SOURCES, Source, is_readable, source_of
from anomalyllm.errors import ConfigError


def test_every_set_that_can_be_read_has_a_source() -> None:
    assert set(FORMS) <= set(SOURCES)
    assert [name for name, source in SOURCES.items() if not is_readable(source)] == ["SWaT", "WADI", "Yahoo-S5"]


@pytest.mark.parametrize("source", SOURCES.values(), ids=list(SOURCES))
def test_a_source_says_what_a_user_must_know(source: Source) -> None:
    assert source.title
    assert source.licence
    assert source.citation
    assert source.home.startswith("https://")
    ways = [source.forbidden is not None, source.by_hand is not None, bool(source.files)]
    assert ways.count(True) == 1, "fetched, by hand, or on request: one of them"
    for file in source.files:
        assert file.address.startswith("https://")
        assert re.fullmatch(r"[\w.-]+\.(zip|csv)", file.name)
        assert file.sha256 is None or re.fullmatch("[0-9a-f]{64}", file.sha256)


def test_what_is_downloaded_is_where_it_is_looked_for() -> None:
    for name, source in SOURCES.items():
        assert source.place in (name, *OTHER_FOLDERS.get(name, ()))


def test_names_in_any_case() -> None:
    assert source_of("swat").name == "SWaT"
    with pytest.raises(ConfigError, match="expected the name of a dataset, got 'yahoo'; did you mean 'yahoo-s5'"):
        source_of("yahoo")
