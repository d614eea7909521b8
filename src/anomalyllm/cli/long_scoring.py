"""`anomalyllm score` for files of any length: scored in chunks, written chunk by chunk, and resumed after a kill."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from anomalyllm.cli.options import DataOptions, OutputOptions
from anomalyllm.cli.output import announce, scores_csv, summary_of, write_events
from anomalyllm.cli.part_file import PartFile
from anomalyllm.data.blocks import Blocks, open_blocks
from anomalyllm.data.inputs import is_large
from anomalyllm.errors import ConfigError, ScoringInterrupted, UserError
from anomalyllm.scoring.events import Event, EventFinder, flags

if TYPE_CHECKING:
    from anomalyllm.chunking import Chunk
    from anomalyllm.detector import AnomalyLLM
    from anomalyllm.reporting import ReportContext


@dataclasses.dataclass(frozen=True)
class ChunkOptions:
    """How a file is scored: `rows` at a time, 0 for the whole at once, None by its size."""

    rows: int | None = None
    resume: bool = False

    def wanted(self, file: str, output: OutputOptions) -> bool:
        """Whether `file` is scored in chunks.

        Raises:
            ConfigError: options that do not go together.
        """
        whole = output.plot is not None or output.report is not None
        if self.resume and output.scores is None:
            raise ConfigError("--scores, to go on with", "--resume alone", "name the file that was being written")
        if self.rows is not None and self.rows < 0:
            raise ConfigError("--chunk to be a number of rows, or 0", str(self.rows), "choose one")
        if not self.resume and not self.rows:
            large = self.rows is None and is_large(file)
            return large and not whole
        if whole or self.rows == 0:
            came = "--chunk 0" if self.rows == 0 else "--plot or --report"
            raise ConfigError("a file that is scored in chunks", f"{came}, which needs the whole", "leave one out")
        return True


@dataclasses.dataclass
class Progress:
    """What is known of the rows that were scored."""

    finder: EventFinder
    rows: int = 0
    flagged: int = 0
    timed: bool = False
    events: list[Event] = dataclasses.field(default_factory=list)

    def take(self, chunk: Chunk, threshold: float) -> tuple[bytes, dict[str, Any]]:
        """The next chunk: its lines for the file of scores, and what must be kept of it."""
        labels = flags(chunk.scores, threshold)
        by_channel = chunk.channel_scores if chunk.channel_scores.shape[1] else chunk.scores[:, None]
        ended = self.finder.take(chunk.scores, by_channel)
        places = chunk.first_row + np.arange(len(labels)) if chunk.times is None else chunk.times
        lines = scores_csv(places, chunk.scores, labels, header=self.rows == 0)
        self.rows += len(labels)
        self.flagged += int(labels.sum())
        self.timed = chunk.times is not None
        self.events += ended
        kept = {"rows": self.rows, "flagged": self.flagged, "timed": self.timed, "finder": self.finder.state()}
        return lines, {**kept, "events": [dataclasses.asdict(event) for event in ended]}

    def restore(self, notes: list[dict[str, Any]]) -> None:
        """As it was after the chunks that left these notes."""
        for note in notes:
            self.events += [Event(**{**event, "channels": tuple(event["channels"])}) for event in note["events"]]
        if notes:
            self.rows, self.flagged, self.timed = (notes[-1][name] for name in ("rows", "flagged", "timed"))
            self.finder.restore(notes[-1]["finder"])


def score_in_chunks(
    data: DataOptions,
    detector: AnomalyLLM,
    model: Path,
    context: ReportContext,
    output: OutputOptions,
    options: ChunkOptions,
) -> None:
    """Scores a file, prints and writes what `score` does of a whole one.

    Raises:
        WholeError: a file that only makes sense as a whole.
        ScoringInterrupted: Ctrl-C; what was scored is kept where --scores names a file.
    """
    blocks = open_blocks(data.file, **data.reading())
    part = None if output.scores is None else PartFile(output.scores, _identity(data, model, detector))
    progress = _scored(blocks, detector, part, options)
    summary = summary_of(_found(progress, blocks, detector), context)
    if part is not None:
        part.name()
    write_events(output, summary)
    announce(summary, output, timed=progress.timed)
    if part is not None:
        part.forget()


def _found(progress: Progress, blocks: Blocks, detector: AnomalyLLM) -> dict[str, Any]:
    """What `Detection.to_mapping` says of a series that was scored at once."""
    from anomalyllm.result import coverage_notes

    absent = blocks.tally.absent[[name in detector.channels_ for name in blocks.tally.channels]]
    if set(detector.channels_) - set(blocks.tally.channels):  # taken by position
        absent = blocks.tally.absent
    coverage = coverage_notes(progress.rows, detector.window_, missing=bool(absent.any()))
    notes = [*blocks.notes, *coverage]  # before another pass begins anew to count
    return {
        "source": blocks.source,
        "rows": progress.rows,
        "first_row": 0,
        "channels": list(detector.channels_),
        "threshold": detector.threshold_,
        "flagged": progress.flagged,
        "events": _event_mappings(progress, blocks),
        "notes": notes,
    }


def _scored(blocks: Blocks, detector: AnomalyLLM, part: PartFile | None, options: ChunkOptions) -> Progress:
    from anomalyllm.chunking import score_chunks

    names = detector.channels_
    progress = Progress(EventFinder(detector.threshold_, names, detector.window_ // 2))
    if part is not None and options.resume:
        progress.restore(part.resume())
    elif part is not None:
        part.start()
    try:
        for chunk in score_chunks(detector, blocks, options.rows or None, skip=progress.rows, channels=len(names) > 1):
            lines, note = progress.take(chunk, detector.threshold_)
            if part is not None:
                part.append(lines, note)
    except KeyboardInterrupt:
        if part is None or not progress.rows:
            raise
        came = f"a stop after {progress.rows:,}"
        raise ScoringInterrupted("to score all rows", came, f"go on from {part.part} with --resume") from None
    except UserError:
        if part is not None and not options.resume:
            part.forget()
        raise
    progress.events += progress.finder.finish()
    return progress


def _event_mappings(progress: Progress, blocks: Blocks) -> list[dict[str, Any]]:
    """Events as plain JSON; their times are looked up in one more pass over the file."""
    from anomalyllm.result import event_mapping, told_rows

    if not progress.timed or not progress.events:
        return [event_mapping(event, 0, None) for event in progress.events]
    wanted = np.array([told_rows(event) for event in progress.events])
    times = np.zeros(wanted.shape, "datetime64[ns]")
    for block in blocks:
        assert block.times is not None
        here = (wanted >= block.first_row) & (wanted < block.first_row + len(block))
        times[here] = block.times[wanted[here] - block.first_row]
    return [event_mapping(event, 0, list(row)) for event, row in zip(progress.events, times, strict=True)]


def _identity(data: DataOptions, model: Path, detector: AnomalyLLM) -> dict[str, Any]:
    """What decides the scores: the detector, what runs it, the file, and how it is read."""
    state = Path(data.file).stat()
    descriptions = [path.read_bytes() for path in sorted(model.glob("*.json"))]  # they name all else by its hash
    return {
        "detector": hashlib.sha256(b"".join(descriptions)).hexdigest(),
        "judges": [type(judge).__name__ for judge in detector._fitted.judges],
        "input": [Path(data.file).name, state.st_size, state.st_mtime_ns],
        "reading": data.reading(),
    }
