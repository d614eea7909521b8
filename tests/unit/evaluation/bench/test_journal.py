"""The file of rows: whole after any kill, for one writer at a time, and refused where it is something else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from anomalyllm.errors import ConfigError, ReadError, StorageError
from anomalyllm.evaluation.bench.journal import NAME, Journal, parse
from anomalyllm.evaluation.bench.rows import COLUMNS, failed_row, number, written
from unit.evaluation.bench.small import task


def row(folder: Path, number: int = 0, status: str = "done") -> dict[str, str]:
    return {**failed_row(task(folder, number), 'why, "exactly"\nand so on'), "status": status}


def read_rows(path: Path) -> list[dict[str, str]]:
    return parse(path.read_bytes(), path)


def filled(folder: Path, count: int = 3) -> bytes:
    with Journal(folder) as journal:
        for index in range(count):
            journal.append(row(folder, index))
    return (folder / NAME).read_bytes()


def test_rows_come_back_as_they_were(tmp_path: Path) -> None:
    filled(tmp_path)
    assert read_rows(tmp_path / NAME) == [row(tmp_path, index) for index in range(3)]
    with Journal(tmp_path) as journal:
        assert journal.rows == read_rows(tmp_path / NAME)


def test_a_row_is_on_the_disk_when_append_returns(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.append(row(tmp_path))
        assert read_rows(tmp_path / NAME) == [row(tmp_path)]


@pytest.mark.parametrize("share", np.linspace(0, 1, 41))
def test_a_kill_at_any_byte_loses_only_the_row_that_was_being_written(tmp_path: Path, share: float) -> None:
    content = filled(tmp_path)
    left = content[: round(share * len(content))]
    (tmp_path / NAME).write_bytes(left)
    whole = [row(tmp_path, index) for index in range(max(0, left.count(b"\n") - 1))]
    with Journal(tmp_path) as journal:
        assert journal.rows == whole
        journal.append(row(tmp_path, 9))
    assert read_rows(tmp_path / NAME) == [*whole, row(tmp_path, 9)]


def test_one_bench_at_a_time(tmp_path: Path) -> None:
    with Journal(tmp_path), pytest.raises(ConfigError, match="got one that is still running there; choose another"):
        Journal(tmp_path)
    Journal(tmp_path).__exit__()


def test_failed_tasks_are_not_finished_and_count_by_their_last_row(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.append(row(tmp_path, status="failed"))
        assert not journal.finished
        journal.append(row(tmp_path))
        assert list(journal.finished) == [task(tmp_path).key]
        assert [one["status"] for one in journal.latest] == ["done"]
    assert [one["status"] for one in read_rows(tmp_path / NAME)] == ["done"]


HEAD = ",".join(COLUMNS).encode() + b"\n"


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\n1,2\n",
        b"a,b\n1,2\n3,4",
        b"my only copy",
        HEAD + b"1,2\n",
        b"\xff\xfe\n",
        HEAD + b'"' + b"x" * 200_000 + b'"\n',
    ],
)
def test_another_table_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(ReadError, match="expected a table written by this version's bench"):
        Journal(tmp_path)
    assert (tmp_path / NAME).read_bytes() == content


def test_names_of_files_that_are_no_letters_come_back(tmp_path: Path) -> None:
    odd = {**row(tmp_path), "case": b"caf\xe9".decode("utf-8", "surrogateescape")}
    with Journal(tmp_path) as journal:
        journal.append(odd)
    assert read_rows(tmp_path / NAME) == [odd]


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="expected to write"):
        Journal(tmp_path / "file" / "below")


def test_numbers_keep_six_digits_and_the_undefined_is_empty() -> None:
    assert written(0.123456789) == "0.123457"
    assert written(float("nan")) == ""
    assert number(written(1234567.0)) == 1234570.0
    assert number("") != number("")
