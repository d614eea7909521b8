"""Places: where they are found, how far apart, in which order, and what is none."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest

import naive
from anomalyllm import AnomalyLLM
from anomalyllm.errors import ChannelError, ConfigError, NotFittedError
from anomalyllm.locating import APART, NEAREST_RUNS, Curve, Place, curves_of
from anomalyllm.model.retrieval import RUNS
from conftest import fitted_scorer, sine, small_detector

ROWS = 2000


@functools.cache
def detector() -> AnomalyLLM:
    """Fitted on one channel; tests must not change it."""
    return small_detector("default").fit(sine(2400))


def series(*bumps: int, height: float = 2.0, rows: int = ROWS, seed: int = 5) -> np.ndarray:
    """Fresh normal data with ten rows lifted at each of `bumps`."""
    X = sine(rows, seed=seed)
    for bump in bumps:
        X[bump : bump + 10] += height
    return X


def covers(place: Place, row: int) -> bool:
    return place.start <= row < place.end


# --- found


@pytest.mark.parametrize("row", [60, 700, 1333, 1980])
def test_a_planted_anomaly_is_the_strangest_place(row: int) -> None:
    (place,) = detector().locate(series(row))
    assert covers(place, row + 5)
    assert place.peak == place.start + (place.end - place.start) // 2
    assert place.end - place.start in detector().config_.retrieval.place_lengths
    assert place.view in detector().config_.retrieval.place_views
    assert place.evidence > 1


def flattened(X: np.ndarray) -> None:
    X[900:950] = X[900]


def hurried(X: np.ndarray) -> None:
    X[900:980, 0] = np.sin(2 * np.pi * np.arange(80) / 20)


def roughened(X: np.ndarray) -> None:
    X[900:940, 0] += 0.5 * np.random.default_rng(0).standard_normal(40)


@pytest.mark.parametrize("change", [flattened, hurried, roughened])
def test_anomalies_of_other_kinds_are_found(change: object) -> None:
    """No single view sees all of them; which to believe is chosen by how its peak stands out."""
    X = series()
    change(X)  # type: ignore[operator]
    (place,) = detector().locate(X)
    assert 860 < place.peak < 1020


def test_an_anomaly_in_one_of_several_channels_is_found() -> None:
    several = small_detector("default").fit(sine(2400, 3))
    X = sine(ROWS, 3, seed=5)
    X[700:710, 1] += 3
    assert covers(several.locate(X)[0], 705)


def test_scores_of_a_long_series_are_not_needed() -> None:
    """An anomaly at the very end, which no window of the grid reaches, is looked at too."""
    X = series(rows=2011)
    X[-6:] += 3
    (place,) = detector().locate(X)
    assert place.end == 2011


# --- several


def test_of_several_anomalies_each_is_one_place_the_strangest_first() -> None:
    X = series(300, height=3) + series(1100, height=1.5) - series()
    first, second, third = detector().locate(X, 3)
    assert covers(first, 305)
    assert covers(second, 1105)
    assert first.evidence >= second.evidence > third.evidence


@pytest.mark.parametrize("seed", range(4))
def test_places_are_apart_and_in_the_order_of_their_evidence(seed: int) -> None:
    """One anomaly has many strange windows: without a distance, all places would be the first."""
    places = detector().locate(series(300, 1100, seed=seed), 12)
    assert len(places) > 4
    for one, other in itertools.combinations(places, 2):
        first, second = sorted((one, other), key=lambda place: place.start)
        assert second.start - first.end >= APART // 2
    evidence = [place.evidence for place in places]
    assert evidence == sorted(evidence, reverse=True)
    assert all(0 <= place.start < place.end <= ROWS for place in places)


def test_fewer_places_do_not_change_which() -> None:
    X = series(300, 1100)
    assert detector().locate(X, 5)[:2] == detector().locate(X, 2)


def test_a_series_has_only_so_many_places() -> None:
    """At last everything is taken, and the answer is shorter than was asked."""
    assert 1 <= len(detector().locate(series(100, rows=300), 1000)) <= 4


def test_what_recurs_in_the_scored_series_does_not_come_first() -> None:
    """A habit that the training part did not have is new, and not strange; a smaller oddity that came once is."""
    habit = series(*range(120, 1900, 160))
    assert covers(detector().locate(series(920))[0], 925)  # alone, the same bump is the strangest place
    once = habit.copy()
    once[950:956] -= 1.2
    (place,) = detector().locate(once)
    assert covers(place, 953)
    assert place.end - place.start < 160  # not a window that any of the bumps makes strange
    assert place.evidence > detector().locate(habit)[0].evidence


# --- missing values


@pytest.mark.parametrize("channels", [1, 3])
def test_missing_stretches_are_no_places(channels: int) -> None:
    """What stands in for them is flat, and strange in every view; but nothing happened there that is known of."""
    X = np.hstack([series(1400), sine(ROWS, channels, seed=8)[:, 1:]])
    X[500:800, 0] = np.nan
    found = small_detector("default").fit(sine(2400, channels)).locate(X, 8)
    assert covers(found[0], 1405)
    assert all(np.isnan(X[place.start : place.end]).mean(axis=0).max() <= 0.1 for place in found)


def test_a_series_of_which_nothing_is_there_has_no_place() -> None:
    assert detector().locate(np.full((ROWS, 1), np.nan), 3) == ()


def test_a_training_part_with_a_gap_still_tells_what_is_strange() -> None:
    """The gap's own windows are flat: with them among the usual peaks, nothing could stand out."""
    X = sine(2400)
    X[1000:1300] = np.nan
    gappy, whole = small_detector("default").fit(X), small_detector("default").fit(sine(2400))
    for scale, other in zip(gappy._fitted.scales[:2], whole._fitted.scales[:2], strict=True):
        assert (scale.usual < 1.5 * other.usual).all()
    (place,) = gappy.locate(series(700))
    assert covers(place, 705)


# --- where scores are all there is


@pytest.mark.parametrize("rows", [20, 31])
def test_series_shorter_than_every_length_of_places_fall_back_on_the_scores(rows: int) -> None:
    X = series(rows=rows)
    X[8:12] += 3
    scores = detector().decision_function(X)
    (place,) = detector().locate(X)
    assert (place.view, place.end - place.start) == ("score", 1)
    assert place.peak == place.start == scores.argmax()


def test_series_shorter_than_every_window_have_no_places() -> None:
    assert detector().locate(series(rows=10), 3) == ()


@pytest.mark.parametrize("preset", ["trained", "paper"])
def test_detectors_that_do_not_retrieve_give_the_highest_scores(preset: str) -> None:
    networks: AnomalyLLM = fitted_scorer(preset)
    X = sine(800, 2, seed=5)
    X[400:410] += 3
    places = networks.locate(X, 2)
    assert {place.view for place in places} == {"score"}
    assert places[0].peak == networks.decision_function(X).argmax()
    assert abs(places[0].peak - places[1].peak) > APART // 2


def test_where_no_channel_moves_new_values_are_the_places() -> None:
    constant = small_detector("default").fit(np.full((500, 1), 5.0))
    X = np.full((400, 1), 5.0)
    assert constant.locate(X) == ()
    X[123] = 6
    (place,) = constant.locate(X, 3)
    assert (place.peak, place.view) == (123, "score")


# --- curves


def test_the_curves_are_of_every_length_that_fits_and_every_view() -> None:
    fitted = detector()._fitted
    for rows, lengths in ((2000, [32, 64, 128, 256, 512]), (511, [32, 64, 128, 256]), (32, [32]), (31, [1])):
        curves = curves_of(fitted, fitted.prepare(series(rows=rows)))
        views = fitted.config.retrieval.place_views if rows > 31 else ("score",)
        assert [(curve.length, curve.view) for curve in curves] == list(itertools.product(lengths, views))
        for curve in curves:
            assert curve.starts[-1] == rows - curve.length
            assert len(curve.heights) == len(curve.starts)


@pytest.mark.parametrize("view", ["shape", "roughness"])
def test_heights_equal_the_slow_version(view: str) -> None:
    """Nearest of each run in training, and of each run of windows around that share no point: the mean of the least."""
    small = small_detector("default", settings={"retrieval.bank": 64}).fit(sine(400))
    X, fitted = series(200, rows=300), small._fitted
    prepared, bank = fitted.prepare(X), fitted.scales[0].bank
    (curve,) = (c for c in curves_of(fitted, prepared) if (c.length, c.view) == (32, view))
    values, still = prepared.values[:, 0].astype(float), float(bank.stillness[0])
    rows = {start: naive.view(view, values[start : start + 32], still) for start in range(269)}
    stride = max(32 // fitted.config.retrieval.bank_strides, -(-300 // 128))
    others = np.arange(0, 269, stride)
    for start, height in list(zip(curve.starts, curve.heights, strict=True))[::9]:
        train = naive.nearest_of_runs(rows[start], bank.rows(view, 0), RUNS)
        here = [rows[other] for other in others]
        around = naive.nearest_of_runs(rows[start], here, RUNS, start=start, starts=others, length=32)
        assert height == pytest.approx(naive.rarity(train + around, NEAREST_RUNS), abs=2e-3)


def test_usual_peaks_are_of_training_windows_that_do_not_meet_themselves() -> None:
    """Whoever met himself would be usual: every fresh window would then stand out against the training part."""
    X = sine(400)
    small = small_detector("default").fit(X)
    scale = small._fitted.scales[0]
    values = small._fitted.prepare(X).values[:, 0].astype(float)
    normal, starts = scale.bank.rows("shape", 0), scale.bank.starts
    peaks = [
        naive.rarity(
            naive.nearest_of_runs(
                naive.view("shape", values[start : start + 32]), normal, RUNS, start=start, starts=starts, length=32
            ),
            NEAREST_RUNS,
        )
        for start in range(0, 369, 4)
    ]
    assert small.config_.retrieval.place_views[0] == "shape"
    assert scale.usual[0] == pytest.approx(max(peaks), abs=2e-3)


def test_channels_are_averaged() -> None:
    """A channel twice is as strange as once: what is strange in one channel of many weighs its part."""
    single, twice = sine(800), series(200, rows=600)
    one, two = (small_detector("default").fit(np.hstack([single] * count))._fitted for count in (1, 2))
    pairs = zip(curves_of(one, one.prepare(twice)), curves_of(two, two.prepare(np.hstack([twice] * 2))), strict=True)
    assert all(np.allclose(first.heights, second.heights, atol=1e-3) for first, second in pairs)


def curve(*heights: float, length: int = 50, step: int = 100, usual: float = 1.0) -> Curve:
    return Curve(length, "shape", np.arange(len(heights)) * step, np.array(heights), usual)


def test_evidence_is_against_the_second_peak_and_against_training() -> None:
    """Twice the second and four times the usual: both count, and being small does not."""
    place = curve(2, 4, 2).place()
    assert (place.start, place.end, place.peak) == (100, 150, 125)
    assert place.evidence == pytest.approx(0.6 * np.log(2) + 0.4 * np.log(4))
    assert curve(1, 1, 1).place().evidence == pytest.approx(0)
    small = curve(1e-6, 1e-3, 1e-6, usual=1e-6).place()
    assert small.evidence == 0


def test_flanks_of_a_peak_are_not_its_second() -> None:
    beside = curve(1, 3.9, 4, 3.9, 1, step=APART // 2)
    assert beside.place().evidence == pytest.approx(curve(1, 0, 4, 0, 1, step=APART // 2).place().evidence)


def test_where_nothing_else_is_left_the_usual_peak_stands_in() -> None:
    """A series with room for one window does not make every curve of it certain."""
    assert curve(4, usual=2).place().evidence == pytest.approx(np.log(2))


def test_a_place_that_was_found_is_forgotten_in_every_curve() -> None:
    short, long = curve(*range(1, 11), length=20), curve(*range(1, 11), length=300)
    place = Place(400, 450, 425, 1.0, "shape")
    short.forget(place)
    long.forget(place)
    assert np.flatnonzero(short.heights == 0).tolist() == [4]  # 50 rows on either side
    assert np.flatnonzero(long.heights == 0).tolist() == [0, 1, 2, 3, 4, 5]  # a window of 300 there shares points


# --- refused


@pytest.mark.parametrize("k", [0, -1, 1.0, "2", None])
def test_a_number_of_places_below_1_is_refused(k: object) -> None:
    with pytest.raises(ConfigError) as caught:
        detector().locate(series(), k)  # type: ignore[arg-type]
    expected = f"expected k, the number of places, to be at least 1, got {k!r}; ask for one place or more"
    assert str(caught.value) == expected


def test_places_are_asked_of_a_fitted_detector_with_its_channels() -> None:
    with pytest.raises(NotFittedError, match="call fit, or AnomalyLLM.load"):
        small_detector("default").locate(series())
    with pytest.raises(ChannelError, match="the 1 channels that were fitted"):
        detector().locate(sine(200, 2))


def test_asking_for_places_changes_no_score() -> None:
    X = series(300)
    before = detector().decision_function(X)
    assert detector().locate(X, 3) == detector().locate(X, 3)
    assert np.array_equal(detector().decision_function(X), before)
