"""The UCR Anomaly Archive: a text file per series whose name says where training ends and where the anomaly lies.

`NNN_UCR_Anomaly_NAME_TRAINEND_BEGIN_END.txt`, BEGIN and END counted from 1 and both anomalous; in a folder
however deep, or in the archive's zip. Values stand one in a line, or many in one line with blanks between.
Source: Wu and Keogh, "Current time series anomaly detection benchmarks are flawed", TKDE 2023.
"""

from __future__ import annotations

import zipfile
from functools import partial
from pathlib import Path

from anomalyllm.data.archives import DAMAGES, UCR_NAME, recording_from_ucr
from anomalyllm.datasets.case import Case, CaseData
from anomalyllm.datasets.folders import AGAIN, content_of, named
from anomalyllm.errors import ReadError

NAME = "UCR"
LARGEST = 1 << 28  # bytes of one series; the archive's largest has about 2 ** 24
FAMILIES = {  # parts of names, in small letters. The families are those that results on the archive are grouped by
    "ABP": ("internalbleeding", "tilt"),
    "Acceleration": ("walkingaceleration", "mesoplodon"),
    "AirTemperature": ("airtemperature",),
    "EPG": ("epg",),
    "Gait": ("gait", "gp711marker", "park3m", "taichi", "weallwalk"),
    "NASA": ("mars",),
    "PowerDemand": ("powerdemand",),
    "RESP": ("resperation",),
    "ECG": (
        *("ecg", "sddb", "bidmc", "charis", "fantasia", "ltstdb", "ltdb", "qtdb", "s20101m", "sel840", "staff"),
        "mit14",
    ),
}


def ucr_cases(folder: Path) -> tuple[Case, ...]:
    """The archive's series below a folder, or in a zip (the one named, or one below the folder with UCR in its name).

    Raises:
        ReadError: a zip that is damaged.
    """
    found = sorted(folder.rglob("*UCR_Anomaly_*.txt"), key=lambda path: (-len(path.parts), str(path)))
    texts = {path.stem: path for path in found if UCR_NAME.fullmatch(path.name)}  # of copies the one least deep
    if texts:
        return tuple(_case(name, partial(read_ucr_text, path)) for name, path in texts.items())
    archives = [folder] if folder.suffix.lower() == ".zip" else sorted(folder.rglob("*UCR*.zip"))
    members = {Path(member).stem: (path, member) for path in archives for member in _members(path)}
    return tuple(_case(name, partial(read_ucr_member, *place)) for name, place in members.items())


def ucr_family(name: str) -> str:
    """ECG, ABP, … of a series' name, whatever prefix (DISTORTED, NOISE) it has; "UCR" for a name never seen."""
    lower = name.lower()
    return next((family for family, parts in FAMILIES.items() if any(part in lower for part in parts)), NAME)


def read_ucr_text(path: Path) -> CaseData:
    """The case in a text file."""
    return _read(content_of(path), path.name)


def read_ucr_member(archive: Path, member: str) -> CaseData:
    """The case in a text file of the zip."""
    try:
        with zipfile.ZipFile(archive) as opened:
            if opened.getinfo(member).file_size > LARGEST:
                raise ValueError
            content = opened.read(member)
    except DAMAGES as error:
        raise ReadError("a series that can be unpacked", f"{member} in {named(archive)}", AGAIN) from error
    return _read(content, Path(member).name)


def _read(content: bytes, name: str) -> CaseData:
    recording = recording_from_ucr(content, name)
    series, end = recording.series, recording.train_end
    assert series.labels is not None
    return CaseData(series.values[:end], series.values[end:], series.labels[end:], notes=series.notes)


def _case(name: str, reader: partial[CaseData]) -> Case:
    return Case(NAME, name, ucr_family(name.partition("UCR_Anomaly_")[2]), reader)


def _members(archive: Path) -> list[str]:
    try:
        with zipfile.ZipFile(archive) as opened:
            return [name for name in opened.namelist() if UCR_NAME.fullmatch(Path(name).name)]
    except DAMAGES as error:
        came = f"one that is damaged or something else: {named(archive)}"
        raise ReadError("a zip archive", came, AGAIN) from error
