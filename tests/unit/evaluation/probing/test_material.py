"""What is diagnosed: the training part that an artefact still holds, to the last bit, or rows that are not marked."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from anomalyllm.data.series import as_series
from anomalyllm.errors import DataError, TooShortError
from anomalyllm.evaluation.probing.material import FEWEST_WINDOWS, material_of, rebuilt
from conftest import sine, small_detector
from unit.evaluation.probing.probed import case, detector


@pytest.mark.parametrize("preset", ["default", "pretrained", "trained"])
def test_the_training_part_comes_back_to_the_last_bit(preset: str) -> None:
    """Judges say the same of it then; what no window covered is missing and never made up."""
    fitted = detector(preset)._fitted
    found, expected = rebuilt(fitted), fitted.prepare(case().train)
    assert found is not None
    held = np.ones((1600, 1), bool) if found.missing is None else ~found.missing
    assert held.mean() > 0.5
    assert (found.values[held] == expected.values[held]).all()
    if preset == "trained":  # 32 prototypes of 40 rows cannot cover 1,600
        assert not held.all()


@pytest.mark.parametrize("preset", ["default", "trained"])
def test_windows_that_the_detector_holds_are_whole_and_none_was_trained_on(preset: str) -> None:
    fitted = detector(preset)._fitted
    found = material_of(fitted, None)
    assert found.own
    assert found.begin == (1280 if preset == "trained" else 0)  # a bank is compared without a window's own points
    assert found.starts.min() >= found.begin
    assert len(found.starts) >= FEWEST_WINDOWS
    if found.prepared.missing is not None:
        assert not any(found.prepared.missing[start : start + fitted.window].any() for start in found.starts)


@pytest.mark.parametrize("after", [0, 300])
def test_a_series_that_begins_with_the_training_part_is_known(after: int) -> None:
    """Its windows must not meet themselves in the bank; names do not matter where an array came without."""
    series = as_series(np.concatenate([case().train, sine(after + 1, seed=3)[:after]]))
    found = material_of(detector("trained")._fitted, series)
    assert found.own
    assert len(found.prepared.values) == 1600


def test_another_series_is_looked_at_from_its_beginning_but_for_marked_rows() -> None:
    series = dataclasses.replace(as_series(case().test), labels=case().labels)
    found = material_of(detector("trained")._fitted, series)
    assert not found.own
    assert found.begin == found.starts.min() == 0
    window = detector("trained")._fitted.window
    assert max(case().labels[start : start + window].max() for start in found.starts) == 0
    assert found.prepared.missing is not None
    assert (found.prepared.missing[:, 0] == (case().labels != 0)).all()


def test_marked_rows_of_the_training_part_are_not_normal_either() -> None:
    """It is known by its values; its labels come beside."""
    labels = np.zeros(1600, np.int8)
    labels[1400:1420] = 1
    found = material_of(detector("trained")._fitted, dataclasses.replace(as_series(case().train), labels=labels))
    window = detector("trained")._fitted.window
    assert found.own
    assert found.begin == 1280
    assert not any(labels[start : start + window].any() for start in found.starts)
    assert found.prepared.missing is not None
    assert (found.prepared.missing[:, 0] == (labels != 0)).all()
    every = np.arange(1600 - 30 + 1)
    assert list(found.normal(every, 30)) == [start for start in every if not labels[start : start + 30].any()]


def test_k_means_centres_are_no_rows_of_the_series() -> None:
    with pytest.raises(DataError, match=r"holds windows of its training part.*give a file with normal rows.*\(array\)"):
        material_of(detector("paper")._fitted, None)


def test_a_detector_that_holds_too_little_says_so() -> None:
    few = small_detector("trained", max_steps=1, settings={"student.prototypes": 4}).fit(sine(1600))
    with pytest.raises(DataError, match=r"holds 12 whole windows .* training rows, got \d+; give a file"):
        material_of(few._fitted, None)


def test_a_short_series_is_refused() -> None:
    with pytest.raises(TooShortError, match=r"at least 12 normal windows of 40 rows, got 6 in rows of array"):
        material_of(detector("trained")._fitted, as_series(sine(45, seed=2)))
