"""The made samples are the same for the same seed and tell the truth about their anomalies."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from anomalyllm.data import Sample, machines, multibeat, read_recording
from anomalyllm.data.synthetic import machines_sample, multibeat_sample
from anomalyllm.errors import ConfigError

EXAMPLES = Path(__file__).parents[3] / "examples"
Maker = Callable[..., Sample]
both = pytest.mark.parametrize("maker", [multibeat_sample, machines_sample])


@both
def test_a_seed_gives_one_sample_and_leaves_the_global_state_alone(maker: Maker) -> None:
    before = np.random.get_state()[1].tobytes()  # noqa: NPY002 - the state that must not move
    first, again, other = maker(3), maker(3), maker(4)
    assert first.series.values.tobytes() == again.series.values.tobytes()
    assert first.anomalies == again.anomalies
    assert first.series.values.tobytes() != other.series.values.tobytes()
    assert np.random.get_state()[1].tobytes() == before  # noqa: NPY002


@both
@pytest.mark.parametrize("rows", [2000, 3001, None])
def test_labels_mark_the_anomalies_and_nothing_else(maker: Maker, rows: int | None) -> None:
    sample = maker(1) if rows is None else maker(1, rows)
    expected = np.zeros(len(sample.series), int)
    for anomaly in sample.anomalies:
        assert 0.4 * len(expected) < anomaly.start < anomaly.end <= len(expected)
        assert not expected[anomaly.start : anomaly.end].any(), "anomalies do not touch"
        assert set(anomaly.channels) <= set(sample.series.channels)
        expected[anomaly.start : anomaly.end] = 1
    np.testing.assert_array_equal(sample.series.labels, expected)
    assert 4 <= len(sample.anomalies) <= 5
    assert 0.01 < expected.mean() < 0.25


@both
def test_samples_are_clean_series_with_even_times(maker: Maker) -> None:
    series = maker().series
    assert series.notes == ()
    assert np.isfinite(series.values).all()
    assert series.times is not None
    assert len(np.unique(np.diff(series.times))) == 1


@both
def test_too_few_rows_are_refused(maker: Maker) -> None:
    with pytest.raises(ConfigError, match="expected at least 2000 rows, got 1999; ask for more rows"):
        maker(0, 1999)


def test_sizes_are_those_promised() -> None:
    assert multibeat().values.shape == (6000, 1)
    assert machines().values.shape == (4000, 6)
    assert machines().spacing == 300.0


def test_the_heart_beats_about_once_in_a_hundred_rows() -> None:
    values = multibeat().values[:2400, 0]
    spectrum = np.abs(np.fft.rfft(values - values.mean()))
    strongest = 1 + int(np.argmax(spectrum[1:200] * (np.arange(1, 200) < 30) * (np.arange(1, 200) > 20)))
    assert 80 <= 2400 / strongest <= 120


def test_machines_share_a_day_and_what_goes_out_follows_what_comes_in() -> None:
    sample = machines_sample()
    values = sample.series.values
    broken = next(anomaly for anomaly in sample.anomalies if anomaly.kind == "broken correlation")
    normal = slice(0, 1600)
    together = np.corrcoef(values[normal, 2], values[normal, 3])[0, 1]
    apart = np.corrcoef(values[broken.start : broken.end, 2], values[broken.start : broken.end, 3])[0, 1]
    assert together > 0.9
    assert apart < 0.5
    assert np.corrcoef(values[3 * 288 : 5 * 288, 0], values[4 * 288 : 6 * 288, 0])[0, 1] > 0.8


@pytest.fixture(scope="module")
def examples() -> ModuleType:
    specification = importlib.util.spec_from_file_location("make_examples", EXAMPLES / "make_examples.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_committed_examples_are_what_the_script_writes(examples: ModuleType, tmp_path: Path) -> None:
    written = examples.write(tmp_path)
    assert sorted(path.name for path in written) == ["machines.csv", "multibeat.csv"]
    for path in written:
        assert path.read_bytes() == (EXAMPLES / path.name).read_bytes(), "run examples/make_examples.py"


@pytest.mark.parametrize(("name", "maker"), [("multibeat", multibeat), ("machines", machines)])
def test_the_examples_read_as_the_series_they_were_made_from(name: str, maker: Callable[[], object]) -> None:
    recording, made = read_recording(EXAMPLES / f"{name}.csv"), maker()
    np.testing.assert_allclose(recording.series.values, made.values, atol=5.1e-5)
    np.testing.assert_array_equal(recording.series.labels, made.labels)
    np.testing.assert_array_equal(recording.series.times, made.times)
    assert recording.series.channels == made.channels
    assert recording.series.notes == ("column label was read as labels, not as a channel",)
