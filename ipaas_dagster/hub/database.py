"""The hub as one DuckDB file, which one process may open at a time.

So: open late, close early, never during HTTP. Work is prepared in a private in-memory database (`scratch`), and
the hub file is attached to it only for the transaction, behind an OS lock with a time limit.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ipaas_dagster.contracts.cells import literal
from ipaas_dagster.crash_points import crash_point
from ipaas_dagster.errors import NotSetUp, SettingsError, StoreDamaged
from ipaas_dagster.hub.changes import HubHead, read_head
from ipaas_dagster.hub.dialect import Dialect, DuckDB
from ipaas_dagster.hub.noted import note, recall
from ipaas_dagster.hub.noted_head import file_identity, log_path, read_note, write_note
from ipaas_dagster.hub.readers import Readers
from ipaas_dagster.hub.scratch import scratch_database
from ipaas_dagster.hub.store import HubConnection, Rows, transaction
from ipaas_dagster.locks import Locks

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


CATALOG, _SCRATCH = "ipaas", "memory.main"
"""The hub's file, and the tables that are staged beside it: catalogs of one connection, where SQL names neither."""


class FileConnection:
    """An attached hub file."""

    sql: Dialect = DuckDB()

    def __init__(self, duckdb: DuckDBPyConnection) -> None:
        self._duckdb = duckdb

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Rows:
        rows: Rows = self._duckdb.execute(sql, values)
        return rows

    def change(self, sql: str, values: Sequence[Any] = ()) -> int:
        row = self._duckdb.execute(sql, values).fetchone()
        return int(row[0]) if row else 0

    def unload(self, query: str, file: Path) -> None:
        self._duckdb.execute(f"COPY ({query}) TO {literal(str(file))} (FORMAT csv, HEADER false, FORCE_QUOTE *)")

    def load(self, table: str, columns: Sequence[tuple[str, str]], file: Path) -> None:
        names = ", ".join(f'"{name}"' for name, _ in columns)
        types = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in columns)
        self._duckdb.execute(f"""
            INSERT INTO {table} ({names}) SELECT {names} FROM read_csv(
                {literal(str(file))}, columns = {{{types}}}, header = false, auto_detect = false, delim = ',',
                quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false, parallel = false,
                max_line_size = {max(file.stat().st_size, 1_000_000)})""")

    @contextmanager
    def appending(self) -> Iterator[None]:
        """One thread: two of them leave row groups that are not full, which the checkpoint compresses and writes once
        more. That was nearly twice the CPU, and a file half as large again."""
        self._duckdb.execute("SET threads = 1")
        yield  # after an error the transaction takes no statement any more, and the connection ends with it
        self._duckdb.execute("RESET threads")

    def lock(self, name: str) -> None:
        """Whoever has attached the file is alone with it."""


class HubFile:
    """The hub's DuckDB file. `memory_limit` is DuckDB's own; what exceeds it spills into a temporary folder."""

    def __init__(self, url: str, locks: Locks, *, memory_limit: str = "300MB") -> None:
        scheme, separator, path = url.partition(":///")
        if scheme != "duckdb" or not separator or not path:
            raise SettingsError(
                "IPAAS_HUB_URL is not understood; write duckdb:////folder/ipaas.duckdb "
                "or postgresql+psycopg://user:password@host/database"
            )
        self.path = Path("/" + path.lstrip("/")) if path.startswith("/") else Path(path).absolute()
        self._locks, self._memory_limit = locks, memory_limit
        self._readers = Readers(self.path.parent, locks, memory_limit)

    @property
    def shown(self) -> str:
        return str(self.path)

    def exists(self) -> bool:
        return self.path.exists()

    @contextmanager
    def scratch(self, memory_factor: float = 1.0) -> Iterator[DuckDBPyConnection]:
        """It spills beside the hub."""
        with scratch_database(self.path.parent, self._locks, self._memory_limit, memory_factor) as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[HubConnection | None]:
        if not self.exists():
            yield None
            return
        with self._readers.reader() as reader, self._attached(reader, read_only=True) as connection:
            yield connection if _tables(connection) else None

    @contextmanager
    def writing(self) -> Iterator[HubConnection]:
        with self.scratch() as scratch, self.receiving(scratch) as connection:
            yield connection

    @contextmanager
    def receiving(self, scratch: DuckDBPyConnection) -> Iterator[HubConnection]:
        with self._attached(scratch, read_only=False) as connection:
            yield connection

    def head(self) -> HubHead:
        """Opens the hub only where the note beside it does not tell."""
        noted = read_note(self.path)
        if noted is not None:
            return noted
        with self.reading() as connection:
            return HubHead("", 0) if connection is None else read_head(connection)

    def remembered(self, name: str, read: Callable[[HubConnection], Any]) -> Any | None:
        """Opens the hub only where it was written since it was asked for this last."""
        noted = recall(self.path, name) if self.exists() else None
        if noted is not None:
            return noted
        with self.reading() as connection:
            if connection is None:
                return None
            found, identity, whole = read(connection), file_identity(self.path), not log_path(self.path).exists()
        if whole:
            note(self.path, name, found, identity)
        return found

    def copy_to(self, file: Path) -> None:
        """Copied while nobody writes it."""
        log = self.path.with_name(self.path.name + ".wal")
        with self._locks.hold("hub"):
            shutil.copyfile(self.path, file)
            crash_point("hub.copied")
            if log.exists():  # a process was killed between its commit and the end of its checkpoint
                shutil.copyfile(log, file.with_name(file.name + ".wal"))

    @contextmanager
    def _attached(self, scratch: DuckDBPyConnection, *, read_only: bool) -> Iterator[HubConnection]:
        """The hub beside the tables of `scratch`, alone on this machine for the block."""
        with self._locks.hold("hub"):
            self._attach(scratch, read_only=read_only)
            connection, head = FileConnection(scratch), None
            try:
                if not read_only:
                    _create(connection)
                if _tables(connection):
                    scratch.execute(f"SET search_path = '{_SCRATCH},{CATALOG}.hub,{CATALOG}.instagaze'")
                yield connection
                head = None if read_only else read_head(connection)
            finally:
                scratch.execute(f"SET search_path = '{_SCRATCH}'")
                scratch.execute(f"DETACH {CATALOG}")
            crash_point("hub.detached")
            if head is not None:
                write_note(self.path, head)

    def _attach(self, connection: DuckDBPyConnection, *, read_only: bool) -> None:
        import duckdb

        quoted = str(self.path).replace("'", "''")
        mode = " (READ_ONLY)" if read_only else ""
        try:
            connection.execute(f"ATTACH '{quoted}' AS {CATALOG}{mode}")
        except (duckdb.IOException, duckdb.SerializationException, duckdb.InternalException) as error:
            reason = str(error).splitlines()[0]
            if "lock" in reason.lower():
                raise NotSetUp(f"the hub {self.path} is open in another program ({reason}); close it there") from error
            if "Permission denied" in reason or "Read-only file system" in reason:
                raise NotSetUp(f"the hub {self.path} cannot be opened: {reason}; check its permissions") from error
            raise StoreDamaged(
                f"the hub {self.path} cannot be read: {reason}; move it away (or restore a backup) and run "
                "`ipaas sync`: the landings are merged again from the beginning"
            ) from error


def _tables(connection: HubConnection) -> set[str]:
    found = connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = ?", [CATALOG])
    return {name for (name,) in found.fetchall()}


def _create(connection: HubConnection) -> None:
    """Make what is missing: all of a new hub, or the tables and columns that declarations have gained since."""
    from ipaas_dagster.hub.tables import OWN_TABLES, declared_columns, make

    rows = connection.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = ?", [CATALOG]
    ).fetchall()
    tables, columns = {table for table, _ in rows}, set(rows)
    if tables >= OWN_TABLES and all((table, column) in columns for table, column, _ in declared_columns("VARCHAR")):
        return
    connection.execute(f"SET search_path = '{CATALOG}.main'")
    with transaction(connection):
        make(connection, tables, columns)
