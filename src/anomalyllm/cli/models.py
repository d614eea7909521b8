"""`anomalyllm fit`, `score` and `inspect`: detectors on disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from anomalyllm.cli.detecting import scored_rows, split, tell_fit, whole_or_training
from anomalyllm.cli.long_scoring import ChunkOptions, score_in_chunks
from anomalyllm.cli.options import DataOptions, DetectorOptions, OutputOptions
from anomalyllm.cli.output import (
    check_outputs,
    deliver,
    print_facts,
    print_json,
    require_writable,
    tell,
    training_progress,
)
from anomalyllm.data.blocks import Blocks, open_blocks
from anomalyllm.data.inputs import is_large
from anomalyllm.data.readers import read_recording
from anomalyllm.data.series import Series
from anomalyllm.errors import ConfigError, TrainingInterrupted, WholeError

if TYPE_CHECKING:
    from anomalyllm.detector import AnomalyLLM

NATIVE, RUNTIMES = "native", ("native", "onnx")


def run_fit(data: DataOptions, model: Path, settings: DetectorOptions, *, resume: bool, quiet: bool) -> None:
    """Fits on a file's training part and saves the detector; a stopped training leaves `MODEL.checkpoint`."""
    arguments = settings.arguments()
    require_writable(model)
    checkpoint = checkpoint_of(model)
    in_blocks = data.train_end is None and is_large(data.file)
    part: Blocks | Series = open_blocks(data.file, **data.reading()) if in_blocks else _training_series(data)

    from anomalyllm.artifact import require_place
    from anomalyllm.detector import AnomalyLLM

    require_place(model)
    detector = AnomalyLLM(**arguments)
    try:
        with training_progress(quiet) as watcher:
            try:
                detector.fit(part, checkpoint=checkpoint, resume=resume, watcher=watcher)
            except WholeError:
                part = _training_series(data)
                detector.fit(part, checkpoint=checkpoint, resume=resume, watcher=watcher)
        detector.save(model)
    except KeyboardInterrupt:
        if checkpoint.is_file():  # training was done, what follows it was not
            raise TrainingInterrupted("a whole fit", "a stop", f"go on from {checkpoint} with --resume") from None
        raise
    checkpoint.unlink(missing_ok=True)
    if not quiet:
        for note in part.notes:
            tell(f"note: {note}")
        rows = part.tally.rows if isinstance(part, Blocks) else len(part)
        tell_fit(detector, f"{rows:,} rows", part.notes)
        tell(f"saved to {model}, threshold {detector.threshold_:.4g}")


def _training_series(data: DataOptions) -> Series:
    """The training part of a file, held at once."""
    recording = read_recording(data.file, **data.reading())
    return whole_or_training(recording) if data.train_end is None else split(recording, data.train_end)[0]


def checkpoint_of(model: Path) -> Path:
    """Where a stopped training of the detector in `model` is kept: beside the folder, whatever way it was named."""
    named = model if model.name not in ("", "..") else model.resolve()
    return named.parent / f"{named.name}.checkpoint"


def run_score(
    data: DataOptions, model: Path, device: str, output: OutputOptions, chunks: ChunkOptions, runtime: str = NATIVE
) -> None:
    """Scores a file with a saved detector, prints and writes."""
    check_outputs(output, data.file)
    in_chunks = chunks.wanted(data.file, output)
    from anomalyllm.cli.context import report_context

    scored = None if in_chunks else scored_rows(read_recording(data.file, **data.reading()))
    detector = _loaded(model, device, runtime)
    facts = detector._fitted.training
    context = report_context(detector, f"{facts.rows:,} rows of {Path(facts.source).name}", data.file)
    if scored is None:
        try:
            score_in_chunks(data, detector, model, context, output, chunks)
            return
        except WholeError as error:
            if chunks.rows is not None or chunks.resume:
                raise WholeError(error.expected, error.came, f"{error.remedy} (--chunk 0)") from error
        scored = scored_rows(read_recording(data.file, **data.reading()))
    deliver(detector.detect(scored, explain=output.report is not None), context, output)


def _loaded(model: Path, device: str, runtime: str) -> AnomalyLLM:
    """The detector in a folder, run by the library's own networks or by onnxruntime."""
    if runtime not in RUNTIMES:
        raise ConfigError(f"--runtime to be {' or '.join(RUNTIMES)}", repr(runtime), "choose one")
    if runtime == NATIVE:
        from anomalyllm.detector import AnomalyLLM

        return AnomalyLLM.load(model, device=device)  # type: ignore[arg-type]  # checked by load
    if device == "cuda":
        raise ConfigError("--device cpu for --runtime onnx", repr(device), "leave one of them out")
    from anomalyllm.runtime import Scorer

    return Scorer(model).detector


def run_inspect(model: Path, *, as_json: bool) -> None:
    """Prints what a saved detector is; its tensors are checked as in loading."""
    from anomalyllm.artifact import load_artefact, read_manifest

    load_artefact(model)
    manifest = read_manifest(model)
    if as_json:
        print_json(manifest)
        return
    print_facts(f"Detector in {model}", _facts(manifest))


def _facts(manifest: dict[str, Any]) -> dict[str, Any]:
    training, config = manifest["training"], manifest["config"]
    names = manifest["channels"]
    shown = ", ".join(names[:8]) + (f" … ({len(names)} in all)" if len(names) > 8 else "")
    file = manifest["file"]
    rate = str(config["scoring"]["alarms_per"])
    alarms = f"{rate} alarms" if "/" in rate else f"a share of {rate} points"
    return {
        "preset": config["preset"],
        "teacher": manifest["teacher"]["label"],
        "trained on": f"{training['rows']:,} rows of {training['source']}",
        "training data": f"sha256 {training['sha256'][:16]}…",
        "channels": shown,
        "period": manifest["period"] or "none found",
        "window": f"{config['window']['length']} rows, stride {config['window']['stride']}",
        **_evidence(config, training["record"], manifest["teacher"]["label"]),
        "threshold": f"{manifest['threshold']:.6g} for {alarms}",
        "seed": manifest["seed"],
        "tensors": f"{len(manifest['tensors'])} in {file['name']}, {file['bytes'] / 1e6:.1f} MB",
        "versions": ", ".join(f"{name} {number}" for name, number in manifest["versions"].items()),
        "handled": "; ".join(training["notes"]) or "nothing",
    }


def _evidence(config: dict[str, Any], record: dict[str, Any], teacher: str) -> dict[str, str]:
    """What scores come from."""
    retrieval, student, facts = config["retrieval"], config["student"], {}
    if config["evidence"] == "retrieval":
        facts = {
            "compared with": f"normal windows of {', '.join(map(str, retrieval['lengths']))} rows",
            "views": ", ".join(retrieval["views"]),
        }
    if teacher == "none":
        return facts
    return facts | {
        "prototypes": f"{student['prototypes']} per channel, {student['prototype_source']}",
        "training": f"{record['steps']} steps, best at {record['best_step']}",
    }
