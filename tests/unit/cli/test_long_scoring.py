"""Which files are scored in chunks, and what does not go with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from anomalyllm.cli.long_scoring import ChunkOptions
from anomalyllm.cli.options import OutputOptions
from anomalyllm.data import inputs
from anomalyllm.errors import ConfigError


def output(**files: str) -> OutputOptions:
    named = {name: Path(files[name]) if name in files else None for name in ("out", "scores", "plot", "report")}
    return OutputOptions(False, named["out"], named["scores"], named["plot"], named["report"], False)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(inputs, "LARGE", 10)
    Path("small.csv").write_text("a\n1\n")
    Path("large.csv").write_text("a\n" + "1\n" * 10)
    Path("large.npz").write_text("1" * 20)
    return tmp_path


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("rows", "resume", "file", "named", "wanted"),
    [
        (None, False, "small.csv", {}, False),
        (None, False, "large.csv", {}, True),
        (None, False, "large.npz", {}, False),
        (None, False, "absent.csv", {}, False),  # told where files are read
        (None, False, "-", {}, False),
        (None, False, "large.csv", {"plot": "p.png"}, False),  # a picture needs the whole series
        (0, False, "large.csv", {}, False),
        (0, False, "large.csv", {"report": "r.html"}, False),
        (5, False, "small.csv", {}, True),
        (None, True, "small.csv", {"scores": "s.csv"}, True),
    ],
)
def test_large_files_are_scored_in_chunks(
    rows: int | None, resume: bool, file: str, named: dict[str, str], wanted: bool
) -> None:
    assert ChunkOptions(rows, resume).wanted(file, output(**named)) is wanted


@pytest.mark.parametrize(
    ("rows", "resume", "named", "said"),
    [
        (-1, False, {}, "expected --chunk to be a number of rows, or 0, got -1; choose one"),
        (None, True, {}, "expected --scores, to go on with, got --resume alone; name the file that was being written"),
        (
            0,
            True,
            {"scores": "s.csv"},
            "a file that is scored in chunks, got --chunk 0, which needs the whole",
        ),
        (5, False, {"plot": "p.png"}, "got --plot or --report, which needs the whole; leave one out"),
    ],
)
def test_what_does_not_go_together(rows: int | None, resume: bool, named: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        ChunkOptions(rows, resume).wanted("x.csv", output(**named))
