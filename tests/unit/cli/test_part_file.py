"""A file that grows piece by piece: after a stop at any byte it goes on from its last whole piece."""

from __future__ import annotations

from pathlib import Path

import pytest

from anomalyllm.cli.part_file import PartFile
from anomalyllm.errors import ConfigError, StorageError

PIECES = [b"row,score\n0,1\n", b"1,2\n", b"2,3\n"]


def left(folder: Path, pieces: int) -> PartFile:
    """A part with its first pieces."""
    file = PartFile(folder / "scores.csv", {"detector": "a"})
    file.start()
    for number in range(pieces):
        file.append(PIECES[number], {"number": number})
    return file


def finished(folder: Path) -> bytes:
    """What another process makes of what is there."""
    file = PartFile(folder / "scores.csv", {"detector": "a"})
    notes = file.resume()
    assert [note["number"] for note in notes] == list(range(len(notes)))
    for number in range(len(notes), len(PIECES)):
        file.append(PIECES[number], {"number": number})
    file.name()
    file.forget()
    assert [path.name for path in folder.iterdir()] == ["scores.csv"]
    return (folder / "scores.csv").read_bytes()


@pytest.mark.parametrize("pieces", range(4))
def test_it_goes_on_after_any_piece(tmp_path: Path, pieces: int) -> None:
    left(tmp_path, pieces)
    assert finished(tmp_path) == b"".join(PIECES)


def test_a_stop_at_any_byte_of_the_part_or_the_journal(tmp_path: Path) -> None:
    """The part is written before the line that speaks of it, so either may be cut short, or the part run ahead."""
    file = left(tmp_path, 3)
    part, journal = file.part.read_bytes(), file.journal.read_bytes()
    first_line = journal.index(b"\n") + 1
    states = [(part, journal[:cut]) for cut in range(first_line, len(journal))]
    states += [(part[:cut], journal) for cut in range(len(part))] + [(part + b"3,4", journal)]
    for content, lines in states:
        file.part.write_bytes(content)
        file.journal.write_bytes(lines)
        assert finished(tmp_path) == b"".join(PIECES)
        (tmp_path / "scores.csv").unlink()


def test_a_stop_after_the_part_has_got_its_name(tmp_path: Path) -> None:
    left(tmp_path, 3).name()
    assert finished(tmp_path) == b"".join(PIECES)


def test_a_fresh_start_forgets_what_was_left_and_keeps_the_old_file_until_the_end(tmp_path: Path) -> None:
    (tmp_path / "scores.csv").write_text("old")
    left(tmp_path, 3)
    file = left(tmp_path, 1)
    assert file.part.read_bytes() == PIECES[0]
    assert (tmp_path / "scores.csv").read_text() == "old"
    assert finished(tmp_path) == b"".join(PIECES)


def test_nothing_to_go_on_with_or_something_else(tmp_path: Path) -> None:
    other = PartFile(tmp_path / "scores.csv", {"detector": "b"})
    with pytest.raises(ConfigError, match="a part of .* to go on with, got no file .*; start without --resume"):
        other.resume()
    left(tmp_path, 2)
    with pytest.raises(ConfigError, match="got that of another detector, another input or other options; resume with"):
        other.resume()
    other.journal.write_bytes(b"")
    with pytest.raises(ConfigError, match="that of another detector"):
        other.resume()


def test_a_place_that_refuses(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        PartFile(tmp_path / "file" / "scores.csv", {}).start()
