"""Secrets that are kept: readable with the key, by nobody without."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from ipaas_dagster.errors import SettingsError
from ipaas_dagster.sealed import Sealed


def test_what_was_written_last_is_read(tmp_path: Path) -> None:
    sealed = Sealed(tmp_path / "secrets", "quickbooks-1", "client secret")
    assert sealed.read() is None
    sealed.write("refresh-1")
    sealed.write("refresh-2")
    assert Sealed(tmp_path / "secrets", "quickbooks-1", "client secret").read() == "refresh-2"


def test_the_file_tells_nothing_and_is_the_users_own(tmp_path: Path) -> None:
    Sealed(tmp_path, "one", "client secret").write("refresh-token-of-a-company")
    (file,) = tmp_path.glob("*.sealed")
    assert b"refresh" not in file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_another_key_says_what_to_do(tmp_path: Path) -> None:
    Sealed(tmp_path, "one", "client secret").write("refresh")
    with pytest.raises(SettingsError, match="sealed with other credentials") as error:
        Sealed(tmp_path, "one", "another").read()
    assert error.value.__context__ is None or "refresh" not in str(error.value.__context__)
