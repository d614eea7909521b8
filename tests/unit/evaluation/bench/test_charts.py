"""The picture of quality against time: names that can be read, points where they belong."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pytest

from anomalyllm.evaluation.bench.charts import DOT, FORMATS, Box, Point, place_labels, scatter
from outline import Outline
from unit.evaluation.bench.page_builders import HOSTILE

ROOM = Box(40, 20, 400, 400)


def dots(places):
    return [Box(x - DOT, y - DOT, x + DOT, y + DOT) for x, y in places]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("spread", [0.0, 10.0, 300.0], ids=["all at one place", "a cluster", "everywhere"])
def test_no_name_meets_another_name_or_a_point_or_leaves_the_picture(seed, spread):
    chance = np.random.default_rng(seed)
    places = [(60 + spread * x, 60 + spread * y) for x, y in chance.random((14, 2))]
    names = ["a-method-name"[: 4 + index % 10] for index in range(14)]
    labels = place_labels(places, names, ROOM)
    assert len(labels) == 14
    assert not any(one.box.meets(other.box) for one, other in combinations(labels, 2))
    assert not any(label.box.meets(dot) for label in labels for dot in dots(places))
    assert all(ROOM.holds(label.box) for label in labels)


def test_a_name_stands_right_of_its_point_where_nothing_is_in_the_way():
    (label,) = place_labels([(100, 100)], ["name"], ROOM)
    assert not label.led
    assert label.box.left == pytest.approx(100 + DOT + 3)
    assert (label.box.top + label.box.bottom) / 2 == 100


def test_a_name_avoids_a_bar_where_it_can_and_only_then():
    bar = Box(110, 0, 112, 400)
    assert not place_labels([(100, 100)], ["name"], ROOM, [bar])[0].box.meets(bar)
    assert place_labels([(100, 100)], ["name"], ROOM, [ROOM])[0].box.left == pytest.approx(100 + DOT + 3)


def test_a_name_that_fits_nowhere_is_still_drawn():
    assert len(place_labels([(100, 100)], ["a name as long as this " * 5], ROOM)) == 1


def test_a_name_that_had_to_give_way_is_led_to_its_point():
    """Fourteen methods at one place: at most the nearest ring has room beside the point itself."""
    crowd = [Point(f"method-{index}", 1.0, 0.5, 0.5, 0.5) for index in range(14)]
    drawn = Outline(scatter(crowd, "x").split("</svg>")[0] + "</svg>")
    starts = {re.match(r"M([\d.]+ [\d.]+)L", d).group(1) for d in drawn.values("d") if "L" in d}
    assert starts == {f"{drawn.values('cx')[0]} {drawn.values('cy')[0]}"}
    assert 4 <= drawn.values("class").count("leader") < 14


def points():
    return [Point("quick", 0.02, 0.3, 0.2, 0.4), Point("slow", 20.0, 0.6, 0.5, 0.8), Point(HOSTILE, 2.0, 0.1, 0.0, 0.2)]


def test_both_formats_hold_every_point_its_interval_and_its_name():
    outline = Outline(scatter(points(), "VUS-PR"))
    assert [kind for kind in outline.values("class") if kind.startswith("scatter")] == [
        f"scatter {kind}" for kind in FORMATS
    ]
    assert outline.tags.count("circle") == 3 * len(FORMATS)
    assert outline.values("class").count("interval") == 3 * len(FORMATS)
    assert outline.words.count("quick") == outline.words.count("slow") == len(FORMATS)
    assert "</script>" not in scatter(points(), "VUS-PR")


def test_better_is_higher_and_slower_is_further_right_in_equal_steps_of_a_factor():
    steps = [Point(str(power), 10.0**power, 0.1 * (power + 3), 0.0, 1.0) for power in (-2, -1, 0, 1)]
    drawn = scatter(steps, "x").split("</svg>")[0]
    found = [(float(x), float(y)) for x, y in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', drawn)]
    across, heights = zip(*sorted(found), strict=True)
    assert np.diff(across) == pytest.approx(np.diff(across)[0], abs=0.2)
    assert list(heights) == sorted(heights, reverse=True)
    for tick in ("0.01", "0.1", "1", "10"):
        assert f">{tick}</text>" in drawn


@pytest.mark.parametrize("seconds", [0.0, 1.0, 3.0, 1e5])
def test_one_point_is_enough(seconds):
    drawn = scatter([Point("only", seconds, 1.0, 1.0, 1.0)], "x")
    assert "nan" not in drawn.lower()
    assert Outline(drawn).tags.count("circle") == len(FORMATS)
