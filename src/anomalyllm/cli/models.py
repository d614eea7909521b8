"""`anomalyllm fit`, `score` and `inspect`: detectors on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from anomalyllm.cli.detecting import scored_rows, split, tell_fit, whole_or_training
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
from anomalyllm.data.readers import read_recording
from anomalyllm.errors import TrainingInterrupted


def run_fit(data: DataOptions, model: Path, settings: DetectorOptions, *, resume: bool, quiet: bool) -> None:
    """Fits on a file's training part and saves the detector; a stopped training leaves `MODEL.checkpoint`."""
    arguments = settings.arguments()
    require_writable(model)
    checkpoint = checkpoint_of(model)
    recording = read_recording(data.file, **data.reading())
    series = whole_or_training(recording) if data.train_end is None else split(recording, data.train_end)[0]

    from anomalyllm.artifact import require_place
    from anomalyllm.detector import AnomalyLLM

    require_place(model)
    detector = AnomalyLLM(**arguments)
    try:
        with training_progress(quiet) as watcher:
            detector.fit(series, checkpoint=checkpoint, resume=resume, watcher=watcher)
        detector.save(model)
    except KeyboardInterrupt:
        if checkpoint.is_file():  # training was done, what follows it was not
            raise TrainingInterrupted("a whole fit", "a stop", f"go on from {checkpoint} with --resume") from None
        raise
    checkpoint.unlink(missing_ok=True)
    if not quiet:
        for note in series.notes:
            tell(f"note: {note}")
        tell_fit(detector, f"{len(series):,} rows", series.notes)
        tell(f"saved to {model}, threshold {detector.threshold_:.4g}")


def checkpoint_of(model: Path) -> Path:
    """Where a stopped training of the detector in `model` is kept: beside the folder, whatever way it was named."""
    named = model if model.name not in ("", "..") else model.resolve()
    return named.parent / f"{named.name}.checkpoint"


def run_score(data: DataOptions, model: Path, device: str, output: OutputOptions) -> None:
    """Scores a file with a saved detector, prints and writes."""
    check_outputs(output, data.file)
    from anomalyllm.artifact import read_manifest
    from anomalyllm.cli.context import report_context
    from anomalyllm.detector import AnomalyLLM

    recording = read_recording(data.file, **data.reading())
    scored = scored_rows(recording)
    detector = AnomalyLLM.load(model, device=device)  # type: ignore[arg-type]  # checked by load
    facts = read_manifest(model)["training"]
    trained_on = f"{facts['rows']:,} rows of {Path(facts['source']).name}"
    deliver(
        detector.detect(scored, explain=output.report is not None),
        report_context(detector, trained_on, data.file),
        output,
    )


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
        **_evidence(config, training["record"]),
        "threshold": f"{manifest['threshold']:.6g} for {alarms}",
        "seed": manifest["seed"],
        "tensors": f"{len(manifest['tensors'])} in {file['name']}, {file['bytes'] / 1e6:.1f} MB",
        "versions": ", ".join(f"{name} {number}" for name, number in manifest["versions"].items()),
        "handled": "; ".join(training["notes"]) or "nothing",
    }


def _evidence(config: dict[str, Any], record: dict[str, Any]) -> dict[str, str]:
    """What scores come from."""
    if config["evidence"] == "retrieval":
        retrieval = config["retrieval"]
        return {
            "compared with": f"normal windows of {', '.join(map(str, retrieval['lengths']))} rows",
            "views": ", ".join(retrieval["views"]),
        }
    student = config["student"]
    return {
        "prototypes": f"{student['prototypes']} per channel, {student['prototype_source']}",
        "training": f"{record['steps']} steps, best at {record['best_step']}",
    }
