"""`anomalyllm detect`: from a file to events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from anomalyllm.cli.options import DataOptions, DetectorOptions, OutputOptions
from anomalyllm.cli.output import check_outputs, deliver, tell, training_progress
from anomalyllm.config import DetectorConfig
from anomalyllm.data.readers import read_recording
from anomalyllm.data.series import Recording, Series
from anomalyllm.data.split import parse_train_end
from anomalyllm.errors import ConfigError, TooShortError

if TYPE_CHECKING:
    from anomalyllm.detector import AnomalyLLM

FIRST_PART = "0.5"  # of a file that does not say where its training part ends


def run_detect(data: DataOptions, train: str | None, settings: DetectorOptions, output: OutputOptions) -> None:
    """Fits on the first part (or on `train`), scores the rest, prints and writes."""
    check_outputs(output, data.file, train)
    arguments = settings.arguments()
    if train is not None and data.train_end is not None:
        raise ConfigError("one of --train and --train-end", "both", "leave one out")
    recording = read_recording(data.file, **data.reading())
    if train is None:
        fit_part, scored, trained_on = split(recording, data.train_end)
    else:
        fit_part = whole_or_training(read_recording(train, **data.reading()))
        scored = scored_rows(recording)
        trained_on = f"{len(fit_part):,} rows of {fit_part.source}"

    from anomalyllm.cli.context import report_context
    from anomalyllm.detector import AnomalyLLM

    detector = AnomalyLLM(**arguments)
    with training_progress(output.quiet) as watcher:
        detector.fit(fit_part, watcher=watcher)
    if not output.quiet:
        tell_fit(detector, trained_on, fit_part.notes)
    deliver(
        detector.detect(scored, explain=output.report is not None),
        report_context(detector, trained_on, data.file),
        output,
    )


def split(recording: Recording, train_end: str | None) -> tuple[Series, Series, str]:
    """Training part, scored part, and the former in words.

    Raises:
        DataError: one of the two would be empty.
    """
    series = recording.series
    if train_end is None and recording.train_end is not None:
        border, how = recording.train_end, ", as the file says"
    elif len(series) < 2:
        came = "; ".join((f"1 row in {series.source}", *series.notes))
        raise TooShortError("rows to train on and rows to score", came, "give a longer series")
    else:
        border = parse_train_end(train_end or FIRST_PART, series)
        how = "" if train_end else ", the first half (--train-end sets it)"
    return series.part(0, border), series.part(border), f"the first {border:,} rows{how}"


def scored_rows(recording: Recording) -> Series:
    """What is scored of a file that was not split by hand: the part after its own split, or all."""
    return recording.series if recording.train_end is None else recording.series.part(recording.train_end)


def whole_or_training(recording: Recording) -> Series:
    """What `--train FILE` fits on: the file's own training part, or all of it."""
    return recording.series if recording.train_end is None else recording.series.part(0, recording.train_end)


def judged_by(config: DetectorConfig, teacher: str) -> str:
    """What scores come from, in a few words; `config` is that of a fitted detector."""
    if config.evidence == "networks":
        return f"window {config.window.length}, teacher {teacher}"
    *shorter, longest = map(str, config.retrieval.lengths)
    windows = f"windows of {', '.join(shorter)} and {longest} rows" if shorter else f"windows of {longest} rows"
    return windows if teacher == "none" else f"{windows}, teacher {teacher}"


def tell_fit(detector: AnomalyLLM, trained_on: str, of_the_file: Sequence[str]) -> None:
    """On standard error: what was found in the training part, and what was handled there and not in the whole file."""
    found = "no period found" if detector.period_ is None else f"period {detector.period_}"
    tell(f"trained on {trained_on}: {found}, {judged_by(detector.config_, detector.teacher_)}")
    for note in detector.notes_:
        if note not in of_the_file:
            tell(f"note on the training part: {note}")
