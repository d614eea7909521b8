"""The picture: what is on it, that it is drawn for any series, and that a full disk costs nothing."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from anomalyllm.errors import StorageError
from anomalyllm.reporting import save_plot
from anomalyllm.reporting.figures import draw, drawable
from unit.reporting.builders import HOSTILE, detection, series

PNG = b"\x89PNG\r\n\x1a\n"


def words(figure):
    from matplotlib.text import Text

    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def test_the_file_is_a_png_whatever_its_name(tmp_path):
    path = save_plot(detection(), tmp_path / "plot.out")
    assert path == tmp_path / "plot.out"
    assert path.read_bytes().startswith(PNG)
    assert list(tmp_path.iterdir()) == [path]


def test_one_panel_for_the_series_and_one_for_the_score():
    figure = draw(detection(), None)
    assert len(figure.axes) == 2
    said = words(figure)
    assert "2 events in 600 rows; 3.5 % of points flagged" in said
    assert {"sensor 0", "score", "- - threshold 2", "1", "2", "row"} <= set(said)


def test_labels_of_the_source_get_a_strip_and_times_an_axis():
    figure = draw(detection(series(times=True, labelled=True)), "My title")
    assert len(figure.axes) == 3
    assert {"My title", "labels", "time"} <= set(words(figure))
    assert "2024-03-15" in words(figure)


def test_of_many_channels_six_are_drawn_and_the_rest_are_counted():
    figure = draw(detection(series(channels=38)), None)
    assert len(figure.axes) == 7
    assert any("32 more are not drawn" in said for said in words(figure))
    assert figure.axes[0].texts[0].get_text() == "sensor 37"


def test_missing_values_are_gaps_and_a_channel_without_values_says_so():
    scored = series(channels=2)
    values = scored.values.copy()
    values[:, 0] = np.nan
    values[200:300, 1] = np.nan
    values[250, 1] = 0.5
    figure = draw(detection(replace(scored, values=values)), None)
    assert "no values" in words(figure)
    drawn, lone = figure.axes[0].lines[:2]
    assert np.isnan(drawn.get_ydata()[200:250]).all()
    assert lone.get_xdata().tolist() == [250]  # a value alone between two gaps is a dot


def test_a_spike_among_many_rows_is_drawn():
    scored = series(200_000)
    scored.values[123_456, 0] = 9.0
    began = time.perf_counter()
    figure = draw(detection(scored), None)
    assert time.perf_counter() - began < 5
    line = figure.axes[0].lines[0]
    assert np.nanmax(line.get_ydata()) == 9.0
    assert len(line.get_ydata()) < 5_000


def test_a_far_peak_makes_the_score_logarithmic():
    found = detection()
    scores = found.scores.copy()
    scores[110] = 4_000.0
    figure = draw(replace(found, scores=scores), None)
    assert figure.axes[1].get_yscale() == "log"
    assert "score (logarithmic)" in words(figure)


def test_numbers_of_events_side_by_side_do_not_lie_on_each_other():
    spans = tuple((start, start + 1) for start in range(100, 160, 3))
    written = [text.get_text() for text in draw(detection(spans=spans), None).axes[0].texts]
    numbers = [text for text in written if text.isdigit()]
    assert numbers == ["1", "5", "9", "13", "17"]


@pytest.mark.parametrize("rows", [1, 2])
def test_a_very_short_series_is_drawn(tmp_path, rows):
    for times in (False, True):
        save_plot(detection(series(rows, times=times), ((0, 1),), explain=False), tmp_path / "plot.png")


def test_no_threshold_and_no_events(tmp_path):
    found = replace(detection(spans=()), threshold=float("inf"))
    save_plot(found, tmp_path / "plot.png")
    assert not any("threshold" in said for said in words(draw(found, None)))


def test_names_are_drawn_as_they_are_written(tmp_path):
    scored = replace(series(channels=2), channels=(HOSTILE, "温度 \n $\\frac"))
    save_plot(detection(scored), tmp_path / "plot.png", title="$broken_{ 温")
    assert drawable("温度 a\nb") == "?? a b"
    assert drawable("long " * 30, 20) == "long long long long…"


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = save_plot(detection(), tmp_path / "plot.png")
    before = path.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(StorageError, match=r"plot\.png.*no space left.*"):
        save_plot(detection(spans=()), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_importing_the_package_loads_neither_matplotlib_nor_torch():
    code = "import sys, anomalyllm.reporting; sys.exit(bool({'matplotlib', 'torch'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_drawing_leaves_pyplot_and_the_settings_alone():
    code = (
        "import sys, matplotlib\n"
        "before = matplotlib.rcParams.copy()\n"
        "from unit.reporting.builders import detection\n"
        "from anomalyllm.reporting.figures import draw\n"
        "draw(detection(), None)\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        "assert dict.__eq__(matplotlib.rcParams, before)\n"  # plain ==  would choose a backend by itself
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
