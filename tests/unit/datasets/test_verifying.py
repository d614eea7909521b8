"""A set that is whole has no damages; each damage is named once, and the rest is still read."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from anomalyllm.datasets.catalogue import open_dataset
from anomalyllm.datasets.checksums import Record, record, sha256_of
from anomalyllm.datasets.sources import SOURCES
from anomalyllm.datasets.unpacking import unpack
from anomalyllm.datasets.verifying import damages

NAMES = [f"00{number}_UCR_Anomaly_ECG1_5_9_11" for number in (1, 2, 3)]
TEXT = " ".join(map(str, range(20)))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """As `download` leaves it: the archive, its record, the unpacked files."""
    (file,) = SOURCES["UCR"].files
    archive = tmp_path / "UCR" / file.name
    archive.parent.mkdir()
    with zipfile.ZipFile(archive, "w") as opened:
        for name in NAMES:
            opened.writestr(f"deep/{name}.txt", TEXT)
    unpack(archive, archive.parent, file.wanted)
    record(archive.parent, file.name, Record(archive.stat().st_size, sha256_of(archive), file.address))
    return archive.parent


def found(place: Path) -> dict[str, str]:
    return {damage.name: damage.reason for damage in damages(open_dataset("ucr", place.parent))}


def test_a_set_that_is_whole_is_read_case_by_case(place: Path) -> None:
    told: list[str] = []
    assert list(damages(open_dataset("ucr", place), told.append)) == []
    assert told == NAMES
    assert found(place) == {}


def test_each_damaged_case_is_named_and_the_others_are_read(place: Path) -> None:
    (place / "deep" / f"{NAMES[1]}.txt").write_text("1 2 x")
    said = found(place)
    assert said.keys() == {f"deep/{NAMES[1]}.txt", NAMES[1]}
    assert "got 'x' at value 3" in said[NAMES[1]]


def test_a_digit_that_changed_is_found_by_the_archive_that_was_kept(place: Path) -> None:
    """Such a file can still be read."""
    (place / "deep" / f"{NAMES[1]}.txt").write_text(TEXT.replace("17", "18"))
    assert found(place) == {f"deep/{NAMES[1]}.txt": "absent, or not as in UCR_TimeSeriesAnomalyDatasets2021.zip"}


def test_an_archive_that_changed_is_named_and_not_believed(place: Path) -> None:
    archive = place / "UCR_TimeSeriesAnomalyDatasets2021.zip"
    archive.write_bytes(archive.read_bytes()[:-1])
    assert found(place) == {archive.name: "absent, or not the bytes that were downloaded"}


def test_a_zip_by_itself_is_verified_too(place: Path) -> None:
    assert list(damages(open_dataset("ucr", place / "UCR_TimeSeriesAnomalyDatasets2021.zip"))) == []
