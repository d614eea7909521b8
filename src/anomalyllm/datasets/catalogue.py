"""Which sets there are and in which forms each is known; a name and a folder in, a `Dataset` out.

One line of `FORMS` is one set: its name as tables print it, the folder names that its own downloads use, and its
published forms. Every set may also lie in a folder with `index.json`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from anomalyllm.data.wording import nearest, short
from anomalyllm.datasets.asd import asd_cases
from anomalyllm.datasets.case import Case
from anomalyllm.datasets.folders import named
from anomalyllm.datasets.gecco import CASE as GECCO_CASE
from anomalyllm.datasets.gecco import FILE as GECCO_FILE
from anomalyllm.datasets.gecco import gecco_cases
from anomalyllm.datasets.indexed import INDEX, indexed_cases, indexed_names
from anomalyllm.datasets.nab import nab_cases
from anomalyllm.datasets.nips_ts import nips_ts_cases
from anomalyllm.datasets.smd import smd_cases
from anomalyllm.datasets.telemanom import TABLE, telemanom_cases
from anomalyllm.datasets.tsb_ad import tsb_ad_cases
from anomalyllm.datasets.ucr import ucr_cases
from anomalyllm.errors import ConfigError, ReadError


@dataclass(frozen=True)
class Form:
    """A way in which a set is kept on a disk.

    Attributes:
        title: what its files are, in a few words.
        find: the cases below a folder; none where the form is not there.
    """

    title: str
    find: Callable[[Path], tuple[Case, ...]]


@dataclass(frozen=True)
class Dataset:
    """A benchmark set in a folder, with nothing read but names.

    Attributes:
        name: as tables print it, such as "SMD".
        cases: sorted by name.
        form: how it is kept, in a few words.
        folder: where it was found.
    """

    name: str
    cases: tuple[Case, ...]
    form: str
    folder: Path


def _nips_ts(dataset: str, word: str, case: str) -> Form:
    return Form(f"NIPS_TS_{word}_train.npy, …_test.npy, …_test_label.npy", partial(nips_ts_cases, dataset, word, case))


def _telemanom(spacecraft: str) -> Form:
    return Form(f"train/*.npy, test/*.npy and {TABLE}", partial(telemanom_cases, spacecraft))


def _tsb_ad(dataset: str) -> Form:
    return Form("tables NNN_…_tr_TRAIN_1st_FIRST.csv", partial(tsb_ad_cases, dataset))


FORMS: dict[str, tuple[Form, ...]] = {
    "UCR": (Form("NNN_UCR_Anomaly_….txt files, or a zip of them", ucr_cases),),
    "SMD": (Form("train, test and test_label with machine-….txt", smd_cases),),
    "MSL": (_telemanom("MSL"),),
    "SMAP": (_telemanom("SMAP"),),
    "ASD": (Form("omi-N_train, _test and _test_label as .pkl or .npy", asd_cases),),
    "GECCO": (_nips_ts("GECCO", "Water", GECCO_CASE), Form(GECCO_FILE, gecco_cases)),
    "SWAN": (_nips_ts("SWAN", "Swan", "swan_nips_ts_split"),),
    "NAB": (Form("data/*/*.csv and labels/combined_windows.json", nab_cases),),
    "MSCloud": (),
    "TSB-AD-U": (_tsb_ad("TSB-AD-U"),),
    "TSB-AD-M": (_tsb_ad("TSB-AD-M"),),
}
OTHER_FOLDERS = {"MSL": ("telemanom", "SMAP_MSL"), "SMAP": ("telemanom", "SMAP_MSL")}  # they come in one archive


def dataset_name(text: str, names: tuple[str, ...] = tuple(FORMS)) -> str:
    """The set's name as tables print it, of a name in any case.

    Raises:
        ConfigError: no set is called so.
    """
    known = {name.lower(): name for name in names}
    if text.lower() not in known:
        remedy = nearest(text.lower(), tuple(known)) or f"choose from {', '.join(names)}"
        raise ConfigError("the name of a dataset", short(repr(text)), remedy)
    return known[text.lower()]


def open_dataset(name: str, folder: str | Path) -> Dataset:
    """The set in a folder, whichever of its forms lies there; only names are read.

    A set that is not in `FORMS` is found too where the folder's index lists it.

    Args:
        name: "ucr", "SMD", … in any case.
        folder: the set's folder, one that has it in a subfolder called like it, or (UCR) the zip.

    Raises:
        ConfigError: no set is called so.
        ReadError: no folder, none of the set's forms in it, or a table of labels that is damaged.
    """
    name = _known_name(name, Path(folder))
    found = find_dataset(name, folder)
    if found is None:
        known = "; ".join(form.title for form in _forms(name))
        came = f"none in {named(Path(folder))}"
        raise ReadError(f"{name} in a form that is known ({known})", came, "name the set's own folder")
    return found


def find_dataset(name: str, folder: str | Path) -> Dataset | None:
    """As `open_dataset`, but None where no form of the set lies in the folder."""
    place = Path(folder)
    name = _known_name(name, place)
    if not place.exists():
        raise ReadError(f"a folder that holds {name}", f"no folder {named(place)}", "check the path")
    for base in (*_subfolders(place, name), place):
        for form in _forms(name):
            cases = form.find(base)
            if cases:
                return Dataset(name, _sorted(cases, base), form.title, base)
    return None


def _forms(name: str) -> tuple[Form, ...]:
    return (Form(f"{INDEX} with NPZ files", partial(indexed_cases, name)), *FORMS.get(name, ()))


def _known_name(text: str, place: Path) -> str:
    """The name of a set that has readers, or that the folder's index lists."""
    return dataset_name(text, tuple(dict.fromkeys((*FORMS, *indexed_names(place)))))


def _subfolders(folder: Path, name: str) -> list[Path]:
    """The folders in `folder` that are called like the set."""
    called = {word.lower() for word in (name, *OTHER_FOLDERS.get(name, ()))}
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    return [entry for entry in entries if entry.name.lower() in called and entry.is_dir()]


def _sorted(cases: tuple[Case, ...], base: Path) -> tuple[Case, ...]:
    name, count = Counter(case.name for case in cases).most_common(1)[0]
    if count > 1:
        raise ReadError("each case once", f"{short(name, 80)} {count} times in {named(base)}", "mend the index")
    return tuple(sorted(cases, key=lambda case: case.name))
