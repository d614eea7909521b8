"""The UCR archive: names count from 1, values stand in lines or in a line, families come from names."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import pytest

from anomalyllm.datasets.ucr import FAMILIES, ucr_cases, ucr_family
from anomalyllm.errors import ReadError

NAME = "001_UCR_Anomaly_DISTORTED1sddb40_4_6_8"
NESTED = "AnomalyDatasets_2021/UCR_TimeSeriesAnomalyDatasets2021/FilesAreInHere/UCR_Anomaly_FullData"
LINES = "".join(f"{value}.5000000e+00\n" for value in range(1, 11))


def in_folder(tmp_path: Path, name: str = NAME, text: str = LINES) -> Path:
    folder = tmp_path / NESTED
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.txt").write_text(text)
    return tmp_path


def in_zip(tmp_path: Path, name: str = NAME, text: str = LINES) -> Path:
    path = tmp_path / "UCR_TimeSeriesAnomalyDatasets2021.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{NESTED}/{name}.txt", text)
        archive.writestr(f"__MACOSX/{NESTED}/._{name}.txt", b"\0")
        archive.writestr("AnomalyDatasets_2021/readme.txt", "x")
    return path


@pytest.mark.parametrize("text", [LINES, LINES.replace("\n", "   "), "  1.5 2.5\n" + LINES[28:]])
@pytest.mark.parametrize("place", ["folder", "zip", "folder of the zip"])
def test_begin_and_end_are_counted_from_1_and_both_anomalous(place: str, text: str, tmp_path: Path) -> None:
    """TRAINEND 4, BEGIN 6, END 8: of ten values the first four are for training, the 6th to the 8th anomalous."""
    folder = in_folder(tmp_path, text=text) if place == "folder" else in_zip(tmp_path, text=text)
    (case,) = ucr_cases(tmp_path if place == "folder of the zip" else folder)
    assert (case.dataset, case.name, case.family) == ("UCR", NAME, "ECG")
    data = pickle.loads(pickle.dumps(case)).read()
    assert data.train.tolist() == [[1.5], [2.5], [3.5], [4.5]]
    assert data.test[:, 0].tolist() == [5.5, 6.5, 7.5, 8.5, 9.5, 10.5]
    assert data.labels.tolist() == [0, 1, 1, 1, 0, 0]
    assert data.train_labels is None


def test_of_copies_the_one_least_deep_is_read_and_folders_come_before_zips(tmp_path: Path) -> None:
    in_zip(tmp_path, text="0 " * 10)
    in_folder(tmp_path, text="1 " * 10)
    (tmp_path / f"{NAME}.txt").write_text(" ".join("2346789012"))
    (case,) = ucr_cases(tmp_path)
    assert case.read().train[0, 0] == 2.0


def test_infinite_values_are_missing_with_a_note(tmp_path: Path) -> None:
    (case,) = ucr_cases(in_folder(tmp_path, text="1 2 3 inf 5 6 7 8 9 1"))
    assert "1 value is infinite and taken as missing: channel channel_0" in case.read().notes


@pytest.mark.parametrize("place", [in_folder, in_zip])
@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("1_UCR_Anomaly_a_4_4_8", LINES, "got 4, 4 and 8 for 10 values in"),
        ("1_UCR_Anomaly_a_4_6_11", LINES, "got 4, 6 and 11 for 10 values in"),
        ("1_UCR_Anomaly_a_4_8_6", LINES, "got 4, 8 and 6 for 10 values in"),
        ("1_UCR_Anomaly_a_4_6_8", "1 2 x 4", "got 'x' at value 3 of"),
    ],
    ids=["in the training part", "beyond the end", "backwards", "no number"],
)
def test_a_name_that_does_not_fit_the_values_is_refused(
    place: object, name: str, text: str, sentence: str, tmp_path: Path
) -> None:
    (case,) = ucr_cases(place(tmp_path, name, text))  # type: ignore[operator]
    with pytest.raises(ReadError, match=f"{sentence} {name}.txt"):
        case.read()


def test_damaged_zips_are_named(tmp_path: Path) -> None:
    path = in_zip(tmp_path)
    (case,) = ucr_cases(path)
    content = bytearray(path.read_bytes())
    content[content.find(b"1.5000000")] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(ReadError, match=f"expected a series that can be unpacked, got .*{NAME}.txt in {path}; fetch"):
        case.read()
    path.write_bytes(bytes(content)[:-30])
    for place in (path, tmp_path):
        with pytest.raises(ReadError) as caught:
            ucr_cases(place)
        assert str(caught.value) == (
            f"expected a zip archive, got one that is damaged or something else: {path}; fetch the set again"
        )


def test_a_series_that_would_fill_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anomalyllm.datasets.ucr.LARGEST", 10)
    (case,) = ucr_cases(in_zip(tmp_path))
    with pytest.raises(ReadError, match="expected a series that can be unpacked"):
        case.read()


def test_nothing_of_the_archive_is_no_case(tmp_path: Path) -> None:
    (tmp_path / "UCR_Anomaly_without_numbers.txt").write_text("1")
    with zipfile.ZipFile(tmp_path / "other_UCR.zip", "w") as archive:
        archive.writestr("x.txt", "1")
    assert ucr_cases(tmp_path) == ()


ALL = {
    "ABP": "InternalBleeding10 tiltAPB1 tilt12744mtable tilt12754table",
    "Acceleration": "WalkingAceleration1 MesoplodonDensirostris",
    "AirTemperature": "CIMIS44AirTemperature1",
    "ECG": (
        "1sddb40 BIDMC1 CHARISfive CHARISten ECG4 Fantasia STAFFIIIDatabase apneaecg2 ltstdbs30791AI LTDB"
        " mit14046longtermecg mit14157longtermecg qtdbSel100MLII s20101mML2 sddb49 sel840mECG1 3rdECG"
    ),
    "EPG": "Lab2Cmac011215EPG1 insectEPG1",
    "Gait": "GP711MarkerLFM5z3 gait1 gaitHunt2 park3m taichidbS0715Master weallwalk",
    "NASA": "TkeepFifthMARS TkeepThirdMARS",
    "PowerDemand": "PowerDemand1 Italianpowerdemand",
    "RESP": "resperation2",
}


def test_every_kind_of_name_has_its_family_whatever_its_prefix() -> None:
    assert ALL.keys() == FAMILIES.keys()
    for family, names in ALL.items():
        for name in names.split():
            for prefix in ("", "DISTORTED", "NOISE"):
                assert ucr_family(f"{prefix}{name}_1_2_3") == family, name
    assert ucr_family("something new") == "UCR"


def test_families_agree_with_the_index(shared_data: Path) -> None:
    from anomalyllm.datasets import open_dataset

    cases = open_dataset("ucr", shared_data).cases
    assert {case.name: ucr_family(case.name) for case in cases} == {case.name: case.family for case in cases}
