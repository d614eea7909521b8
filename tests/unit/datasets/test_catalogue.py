"""A name and a folder in, cases out: which folders are looked into, and that nothing but names is kept."""

from __future__ import annotations

import gc
import json
import pickle
import tracemalloc
import weakref
from pathlib import Path

import numpy as np
import pytest

from anomalyllm.datasets import FORMS, open_dataset
from anomalyllm.datasets.catalogue import dataset_name
from anomalyllm.errors import ConfigError, ReadError

TEXT = " ".join(map(str, range(20)))


def ucr(folder: Path, *names: str, text: str = TEXT) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or ("001_UCR_Anomaly_ECG1_5_9_11",):
        (folder / f"{name}.txt").write_text(text)
    return folder


@pytest.mark.parametrize("where", ["", "UCR", "ucr", "Ucr/deeper"])
def test_the_folder_may_be_the_set_s_own_or_hold_it(where: str, tmp_path: Path) -> None:
    ucr(tmp_path / where)
    dataset = open_dataset("uCr", str(tmp_path))
    assert (dataset.name, len(dataset.cases)) == ("UCR", 1)
    assert dataset.folder == tmp_path / where.partition("/")[0]
    assert dataset.form == "NNN_UCR_Anomaly_….txt files, or a zip of them"


def test_cases_are_sorted_by_name(tmp_path: Path) -> None:
    ucr(tmp_path, "2_UCR_Anomaly_b_5_9_11", "10_UCR_Anomaly_a_5_9_11", "1_UCR_Anomaly_c_5_9_11")
    names = [case.name for case in open_dataset("ucr", tmp_path).cases]
    assert names == sorted(names)
    assert len(names) == 3


def test_the_spacecraft_are_found_in_the_folder_of_both(tmp_path: Path) -> None:
    base = tmp_path / "telemanom" / "data"
    for part in ("train", "test"):
        (base / part).mkdir(parents=True)
        np.save(base / part / "M-1.npy", np.zeros((3, 55)))
    (base.parent / "labeled_anomalies.csv").write_text(
        'chan_id,spacecraft,anomaly_sequences,class,num_values\nM-1,MSL,"[[1, 1]]",[point],3\n'
    )
    dataset = open_dataset("msl", tmp_path)
    assert dataset.folder == tmp_path / "telemanom"
    assert dataset.cases[0].read().labels.tolist() == [0, 1, 0]


def test_an_index_may_hold_sets_of_any_name(tmp_path: Path) -> None:
    """Your own labelled series need no reader: an index and NPZ files will do."""
    entries = [{"dataset": name, "name": "one", "file": "one.npz"} for name in ("Boilers", "pumps")]
    (tmp_path / "index.json").write_text(json.dumps({"series": entries}))
    np.savez(tmp_path / "one.npz", train=np.zeros(4), test=np.ones(3), test_label=np.array([0, 1, 0]))
    dataset = open_dataset("boilers", tmp_path)
    assert (dataset.name, [case.name for case in dataset.cases]) == ("Boilers", ["one"])
    assert dataset.cases[0].read().labels.tolist() == [0, 1, 0]
    with pytest.raises(ConfigError, match="did you mean 'pumps'"):
        open_dataset("pump", tmp_path)


def test_a_name_that_is_not_known_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        open_dataset("smapp", tmp_path)
    assert str(caught.value) == "expected the name of a dataset, got 'smapp'; did you mean 'smap'?"
    with pytest.raises(
        ConfigError, match="got 'w'; choose from UCR, SMD, MSL, SMAP, ASD, GECCO, SWAN, NAB, MSCloud, TSB"
    ):
        dataset_name("w")


def test_a_folder_without_the_set_is_told_which_forms_were_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ReadError) as caught:
        open_dataset("gecco", tmp_path)
    assert str(caught.value) == (
        "expected GECCO in a form that is known (index.json with NPZ files; NIPS_TS_Water_train.npy, …_test.npy, "
        f"…_test_label.npy; 1_gecco2018_water_quality.csv), got none in {tmp_path}; name the set's own folder"
    )
    with pytest.raises(ReadError) as caught:
        open_dataset("mscloud", tmp_path / "nothing")
    assert (
        str(caught.value)
        == f"expected a folder that holds MSCloud, got no folder {tmp_path / 'nothing'}; check the path"
    )


@pytest.mark.parametrize("name", FORMS)
def test_no_set_is_found_in_an_empty_folder_or_in_a_file(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for place in (tmp_path, tmp_path / "file"):
        with pytest.raises(ReadError, match=f"expected {name} in a form that is known"):
            open_dataset(name, place)


def test_two_cases_of_one_name_are_refused(tmp_path: Path) -> None:
    entry = {"dataset": "SMD", "name": "m", "file": "m.npz"}
    (tmp_path / "index.json").write_text(json.dumps({"series": [entry, entry]}))
    with pytest.raises(ReadError) as caught:
        open_dataset("smd", tmp_path)
    assert str(caught.value) == f"expected each case once, got m 2 times in {tmp_path}; mend the index"


def test_a_case_keeps_nothing_of_what_it_read(tmp_path: Path) -> None:
    """Reading a whole set holds one case in memory at a time."""
    values = " ".join(["0.25"] * 200_000)
    names = [f"{number}_UCR_Anomaly_ECG1_5_9_11" for number in range(6)]
    dataset = open_dataset("ucr", ucr(tmp_path, *names, text=values))
    data = dataset.cases[0].read()
    watched = weakref.ref(data.test)
    del data
    gc.collect()
    assert watched() is None
    tracemalloc.start()
    dataset.cases[0].read()
    _, once = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    for case in dataset.cases:
        case.read()
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.3 * once
    assert kept < 0.1 * once


def test_cases_of_every_set_go_to_another_process(shared_data: Path) -> None:
    for name in ("ucr", "smd", "nab"):
        for case in open_dataset(name, shared_data).cases:
            content = pickle.dumps(case)
            assert len(content) < 1000
            there = pickle.loads(content)
            assert (there.dataset, there.name, there.family) == (case.dataset, case.name, case.family)
            assert (there.reader.func, there.reader.args) == (case.reader.func, case.reader.args)  # type: ignore[attr-defined]
