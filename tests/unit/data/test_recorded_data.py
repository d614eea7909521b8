"""One file of each benchmark set reads as NumPy loads it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from anomalyllm.data import read_recording


@pytest.mark.parametrize("dataset", ["ASD", "GECCO", "MSCloud", "MSL", "NAB", "SMAP", "SMD", "UCR"])
def test_a_file_of_each_dataset_equals_numpys_reading(shared_data: Path, dataset: str) -> None:
    path = min((shared_data / dataset).glob("*.npz"))
    recording = read_recording(path)
    with np.load(path) as arrays:
        values = np.concatenate([arrays["train"], arrays["test"]]).astype(np.float64)
        np.testing.assert_array_equal(recording.series.values, values)
        assert recording.train_end == len(arrays["train"])
        labels = recording.series.labels
        assert labels is not None
        np.testing.assert_array_equal(labels[recording.train_end :], arrays["test_label"])
        if "train_label" in arrays:
            np.testing.assert_array_equal(labels[: recording.train_end], arrays["train_label"])
    assert recording.series.source == path.name
    assert len(recording.series.notes) <= 5
