"""One connection to a PostgreSQL hub: the store's words in those of psycopg."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from psycopg.adapt import Loader

from ipaas_dagster.hub.dialect import Dialect, PostgreSQL
from ipaas_dagster.hub.store import Rows

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.abc import Buffer

# Compiling a plan costs a merge more than it saves; ten samples a column are enough to tell large tables from small.
CONNECTED = """
    SET TIME ZONE 'UTC'; SET jit = off; SET work_mem = '64MB'; SET temp_buffers = '32MB';
    SET default_statistics_target = 10; SET client_min_messages = warning"""

_CHUNK = 1 << 18
_QUOTED_OR_MARK = re.compile(r"'[^']*'|\"[^\"]*\"|\?")
_NEW_TABLE = re.compile(r"\s*CREATE TEMP TABLE (\w+)")


class ServerConnection:
    """An open connection that commits each statement by itself where the caller began no transaction."""

    sql: Dialect = PostgreSQL()

    def __init__(self, raw: Connection[Any]) -> None:
        self._raw = raw
        raw.adapters.register_loader("json", _AsText)

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Rows:
        found = self._raw.execute(_numbered(sql).encode(), values or None)
        made = _NEW_TABLE.match(sql)
        if made:  # of a temporary table nobody else gathers what the planner must know
            self._raw.execute(f"ANALYZE {made[1]}".encode())
        return cast(Rows, found)

    def change(self, sql: str, values: Sequence[Any] = ()) -> int:
        return self._raw.execute(_numbered(sql).encode(), values or None).rowcount

    def appending(self) -> AbstractContextManager[None]:
        return nullcontext()

    def lock(self, name: str) -> None:
        self.execute("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", [f"ipaas hub {name}"])

    def unload(self, query: str, file: Path) -> None:
        copy = f"COPY ({query}) TO STDOUT (FORMAT csv, FORCE_QUOTE *)"
        with self._raw.cursor().copy(copy.encode()) as rows, file.open("wb") as out:
            for chunk in rows:
                out.write(chunk)

    def load(self, table: str, columns: Sequence[tuple[str, str]], file: Path) -> None:
        names = ", ".join(f'"{name}"' for name, _ in columns)
        copy = f"COPY {table} ({names}) FROM STDIN (FORMAT csv)"
        with file.open("rb") as given, self._raw.cursor().copy(copy.encode()) as rows:
            while chunk := given.read(_CHUNK):
                rows.write(chunk)
        self._raw.execute(f"ANALYZE {table}".encode())

    def columns(self) -> set[tuple[str, str]]:
        """(table, column) of the hub's schemas."""
        return set(
            self.execute("""
                SELECT t.relname, c.attname FROM pg_attribute c JOIN pg_class t ON t.oid = c.attrelid
                WHERE t.relnamespace IN (to_regnamespace('hub'), to_regnamespace('instagaze'))
                AND t.relkind = 'r' AND c.attnum > 0 AND NOT c.attisdropped""").fetchall()
        )

    def end(self) -> None:
        """End the reader's transaction, whatever became of it."""
        if not self._raw.closed:
            self._raw.execute(b"ROLLBACK")


class _AsText(Loader):
    """JSON as the text that is stored: numbers keep their digits."""

    def load(self, data: Buffer) -> str:
        return bytes(data).decode()


@lru_cache(maxsize=512)
def _numbered(sql: str) -> str:
    """`$1`, `$2` for each `?` that stands in no quotes."""
    count = 0

    def mark(found: re.Match[str]) -> str:
        nonlocal count
        if found[0] != "?":
            return found[0]
        count += 1
        return f"${count}"

    return _QUOTED_OR_MARK.sub(mark, sql)
