"""A landing made of the records a test gives, staged into a database in memory."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ipaas_dagster.contracts.staging import stage

OBSERVED = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)
MICROS = 1795176000123456


class Staged:
    """The tables of one staged landing, as dicts."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con

    def rows(self, table: str) -> list[dict[str, Any]]:
        cursor = self.con.execute(f"SELECT * FROM staged_{table} ORDER BY ALL")
        names = [d[0] for d in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def one(self, table: str) -> dict[str, Any]:
        (row,) = self.rows(table)
        return row

    def reasons(self) -> list[str]:
        """Every reason of every reject, in order of line and element."""
        rejects = sorted(self.rows("rejects"), key=lambda r: (r["line"], r["element"]))
        return [reason for reject in rejects for reason in reject["reasons"]]

    def warnings(self) -> list[str]:
        return [f"{w['field']}: {w['reason']}" for w in self.rows("warnings")]


def line_of(number: int, record: Any) -> bytes:
    body = record if isinstance(record, bytes) else json.dumps(record, ensure_ascii=False).encode()
    return b'{"line":%d,"observed_at":%d,"record":%s}\n' % (number, MICROS, body)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"memory_limit": "300MB", "threads": 1}) as connection:
        yield connection


@pytest.fixture
def staged(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> Callable[..., Staged]:
    """staged(source, *records, batch_rows=...): records are values, or bytes taken as they are."""

    def make(source: str, *records: Any, lines: Sequence[bytes] = (), batch_rows: int = 50_000) -> Staged:
        path = tmp_path / f"{source}.ndjson.gz"
        numbered = [line_of(n, record) for n, record in enumerate(records, start=1)]
        path.write_bytes(gzip.compress(b"".join([*numbered, *lines])))
        stage(con, path, source, batch_rows=batch_rows)
        return Staged(con)

    return make
