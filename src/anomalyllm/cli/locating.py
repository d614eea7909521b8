"""`anomalyllm locate`: the strangest places of a file."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from anomalyllm.cli.detecting import split, tell_fit
from anomalyllm.cli.options import DataOptions, DetectorOptions
from anomalyllm.cli.output import print_json, print_lines, training_progress, where
from anomalyllm.data.readers import read_recording
from anomalyllm.data.series import Series
from anomalyllm.errors import ConfigError


def run_locate(data: DataOptions, count: int, settings: DetectorOptions, *, as_json: bool, quiet: bool) -> None:
    """Fits on the first part, looks for places in the rest, prints them.

    Raises:
        ConfigError: a count below 1, or networks that no place would ever be asked of; told before the work.
    """
    if count < 1:
        raise ConfigError("--count to be at least 1", str(count), "ask for one place or more")
    arguments = settings.arguments()
    fit_part, searched, trained_on = split(read_recording(data.file, **data.reading()), data.train_end)

    from anomalyllm.detector import AnomalyLLM

    detector = AnomalyLLM(**arguments)
    if detector.resolved_config().finetune:
        raise ConfigError("places, which distances alone decide", "finetune = true", "leave it out of the settings")
    with training_progress(quiet) as watcher:
        detector.fit(fit_part, watcher=watcher)
    if not quiet:
        tell_fit(detector, trained_on, fit_part.notes)
    places = [_plain(asdict(place), searched) for place in detector.locate(searched, count)]
    if as_json:
        print_json({"source": searched.source, "rows": len(searched), "places": places})
        return
    _print_places(places)


def _plain(place: dict[str, Any], series: Series) -> dict[str, Any]:
    """A place in the rows of the file, with times where it has them."""
    values = {**place, "evidence": round(place["evidence"], 4)}
    if series.times is not None:
        rows = {"start_time": place["start"], "last_time": place["end"] - 1, "peak_time": place["peak"]}
        values |= {name: str(series.times[row]) for name, row in rows.items()}
    return values | {name: place[name] + series.first_row for name in ("start", "end", "peak")}


def _print_places(places: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    timed = bool(places) and "start_time" in places[0]
    for name in ("#", "start", "last" if timed else "end", "peak"):
        table.add_column(name, justify="left" if timed and name != "#" else "right")
    table.add_column("evidence", justify="right")
    table.add_column("seen in")
    for number, (place, cells) in enumerate(zip(places, where(places, timed), strict=True), 1):
        table.add_row(str(number), *cells, f"{place['evidence']:.2f}", place["view"])
    print_lines("The strangest places" if places else "No strange place", *([table] if places else []))
