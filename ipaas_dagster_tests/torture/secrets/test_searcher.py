"""The searcher finds what it is to find; else its silence would tell nothing."""

from __future__ import annotations

import base64
import gzip
import html
import json
import sqlite3
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import duckdb
import pytest
import zstandard

from ipaas_dagster_tests.torture.secrets.searcher import Searcher

SECRET = 'p@ss/"wörd"+&<100%>'
TEXTS: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "JSON": lambda s: json.dumps({"a": s}).encode(),
    "JSON in JSON": lambda s: json.dumps({"a": json.dumps([s])}).encode(),
    "a URL": lambda s: f"https://u:{quote(s, safe='')}@h/".encode(),
    "a form": lambda s: b"a=" + quote_plus(s).encode(),
    "XML": lambda s: f"<p>{html.escape(s, quote=False)}</p>".encode(),
    "hex": lambda s: s.encode().hex().encode(),
    "UTF-16": lambda s: s.encode("utf-16-le"),
    "a repr": lambda s: repr({"password": s}).encode(),
    **{
        f"Base64 after {n} bytes": lambda s, n=n: base64.b64encode(b"u" * n + s.encode() + b":end")  # type: ignore[misc]
        for n in range(3)
    },
    "URL-safe Base64": lambda s: base64.urlsafe_b64encode(b"id:" + s.encode()),
}
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda data: b"before " + data + b" after",
    "zstd": lambda data: zstandard.compress(b"before " + data),
    "gzip": lambda data: gzip.compress(b"before " + data),
    "zlib": lambda data: zlib.compress(b"before " + data),
    "gzip in zstd": lambda data: zstandard.compress(gzip.compress(data)),
}


def found(folder: Path) -> set[str]:
    return {hit.secret for hit in Searcher({"it": SECRET, "other": "never-written"}).below(folder)}


@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("text", TEXTS)
def test_in_a_file(tmp_path: Path, text: str, packed: str) -> None:
    (tmp_path / "file").write_bytes(PACKED[packed](TEXTS[text](SECRET)))
    assert found(tmp_path) == {"it"}


@pytest.mark.parametrize("packed", PACKED)
def test_in_a_sqlite_database(tmp_path: Path, packed: str) -> None:
    with sqlite3.connect(tmp_path / "some.db") as connection:
        connection.execute("CREATE TABLE t (filler TEXT, body BLOB)")
        connection.execute("INSERT INTO t VALUES (?, ?)", ["x" * 9000, PACKED[packed](SECRET.encode() * 3)])
    assert found(tmp_path) == {"it"}


def test_in_a_duckdb_database_that_compresses_texts(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "some.duckdb")) as connection:
        connection.execute("CREATE SCHEMA hub")
        connection.execute("CREATE TABLE hub.t AS SELECT 'row ' || range AS name FROM range(100000)")
        connection.execute("INSERT INTO hub.t VALUES (?)", [json.dumps({"a": SECRET})])
    assert found(tmp_path) == {"it"}


def test_in_the_name_of_a_file_and_nowhere_where_it_is_not(tmp_path: Path) -> None:
    (tmp_path / "clean").write_text("nothing here")
    assert found(tmp_path) == set()
    (tmp_path / quote(SECRET, safe="")).write_text("nothing here")
    assert found(tmp_path) == {"it"}
