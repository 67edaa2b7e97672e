from __future__ import annotations

import errno

import pytest

from ipaas_dagster.errors import unexpected


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EFBIG, "File too large"),
        RuntimeError("(sqlite3.OperationalError) disk I/O error\n[SQL: COMMIT]"),
        RuntimeError("IO Error: Detached database, but CHECKPOINT during DETACH failed. \nmore"),
    ],
)
def test_a_full_disk_is_told_by_its_name_and_what_to_do(error: Exception) -> None:
    assert "free space where IPAAS_STATE is" in unexpected(error)
    assert "\n" not in unexpected(error)


@pytest.mark.parametrize(
    "words", ["Corrupt database file: computed checksum 1 ...", 'Could not read enough bytes from file "x.duckdb": ...']
)
def test_a_damaged_hub_is_told_by_its_name_and_what_to_do(words: str) -> None:
    assert "move its file away" in unexpected(RuntimeError(words))


def test_other_errors_keep_their_kind_and_first_line() -> None:
    assert unexpected(KeyError("x\ny")).startswith("unexpected KeyError: ")
    assert unexpected(ValueError("one\ntwo")) == "unexpected ValueError: one"
    assert unexpected(ValueError()) == "unexpected ValueError: no words"
