"""`anomalyllm export`: a saved detector as a folder that scores without torch."""

from __future__ import annotations

from pathlib import Path

from anomalyllm.cli.output import print_facts, print_json, require_writable, tell
from anomalyllm.errors import ConfigError

FORMATS = ("onnx",)


def run_export(model: Path, form: str, out: Path, *, int8: bool, check: str | None, as_json: bool, quiet: bool) -> None:
    """Exports a detector and says how far its scores are from what they were."""
    if form not in FORMATS:
        raise ConfigError(f"--format to be {' or '.join(FORMATS)}", repr(form), "choose one")
    require_writable(out)
    from anomalyllm.artifact import load_artefact
    from anomalyllm.exporting import export_onnx
    from anomalyllm.exporting.writing import require_export_place

    require_export_place(out)
    fitted = load_artefact(model)
    if int8 and len(fitted.retrieval) == len(fitted.judges):
        remedy = "leave --int8 out: nothing of this detector is a matrix of a network"
        raise ConfigError("networks, for --int8", "a detector that only retrieves", remedy)
    found = export_onnx(fitted, out, int8=int8, check=check)
    facts = {
        "precision": "int8" if int8 else "float32",
        "compared on": f"{found.data} ({found.rows:,} rows)",
        "largest relative difference of a score": f"{found.largest:.2g}",
        "flags that differ": found.flags,
        "events": "the same" if found.events else "others",
    }
    if as_json:
        print_json({"model": str(model), "folder": str(out), **facts})
        return
    print_facts(f"Exported to {out}", facts)
    if not quiet and not found.events:
        tell("note: the exported detector tells other events on these data")
