"""Opening the hub: one DuckDB file that one process may open at a time.

So: open late, close early, never during HTTP. Work is prepared in a private in-memory database (`scratch`), and
the hub file is attached to it only for the transaction, behind an OS lock with a time limit.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ipaas_dagster.crash_points import crash_point, transaction_name
from ipaas_dagster.errors import NotSetUp, SettingsError, StoreDamaged
from ipaas_dagster.hub.changes import read_head
from ipaas_dagster.hub.noted_head import write_note
from ipaas_dagster.hub.spill import spill_folder
from ipaas_dagster.locks import Locks
from ipaas_dagster.records import new_id

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


READERS_SHARE = 0.5
"""A reader needs less than a merge, and DuckDB would fill what it may with blocks that are read once."""


class HubFile:
    """The hub's DuckDB file. `memory_limit` is DuckDB's own; what exceeds it spills into a temporary folder."""

    def __init__(self, url: str, locks: Locks, *, memory_limit: str = "300MB") -> None:
        scheme, separator, path = url.partition(":///")
        if scheme != "duckdb" or not separator or not path:
            raise SettingsError(f"IPAAS_HUB_URL={url!r} is not understood; write duckdb:////folder/ipaas.duckdb")
        self.path = Path("/" + path.lstrip("/")) if path.startswith("/") else Path(path).absolute()
        self._locks, self._memory_limit = locks, memory_limit

    def exists(self) -> bool:
        return self.path.exists()

    @contextmanager
    def scratch(self, memory_factor: float = 1.0) -> Iterator[DuckDBPyConnection]:
        """A private in-memory database that spills beside the hub; nothing of it outlives the block. It may use
        `memory_factor` times the memory limit."""
        import duckdb

        with spill_folder(self.path.parent, self._locks) as spill:
            settings = {"memory_limit": self._memory_limit, "temp_directory": spill, "TimeZone": "UTC"}
            settings |= {"autoinstall_known_extensions": "false"}
            connection = duckdb.connect(":memory:", config=settings)
            try:
                if memory_factor != 1.0:
                    connection.execute(f"SET memory_limit = '{self._memory_bytes() * memory_factor:.0f}B'")
                yield connection
            finally:
                connection.close()

    @contextmanager
    def attached(self, connection: DuckDBPyConnection, *, read_only: bool = False) -> Iterator[None]:
        """The hub as catalog `ipaas` of `connection`, alone on this machine for the block."""
        with self._locks.hold("hub"):
            self._attach(connection, read_only=read_only)
            head = None
            try:
                if not read_only:
                    _create(connection)
                yield
                head = None if read_only else read_head(connection)
            finally:
                connection.execute("DETACH ipaas")
            crash_point("hub.detached")
            if head is not None:
                write_note(self.path, head)

    @contextmanager
    def reading(self) -> Iterator[DuckDBPyConnection | None]:
        """A connection that reads the hub, or None where there is no hub yet."""
        if not self.exists():
            yield None
            return
        with self.scratch(READERS_SHARE) as connection, self.attached(connection, read_only=True):
            yield connection

    def copy_to(self, file: Path) -> None:
        """The hub's file as it is now, copied while nobody writes it. There must be a hub."""
        log = self.path.with_name(self.path.name + ".wal")
        with self._locks.hold("hub"):
            shutil.copyfile(self.path, file)
            crash_point("hub.copied")
            if log.exists():  # a process was killed between its commit and the end of its checkpoint
                shutil.copyfile(log, file.with_name(file.name + ".wal"))

    def _memory_bytes(self) -> float:
        number = self._memory_limit.rstrip("BbGgIiKkMmTt ")
        unit = self._memory_limit[len(number) :].strip().upper()
        units = {"": 1, "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
        units |= {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
        try:
            return float(number) * units[unit]
        except (ValueError, KeyError):
            raise SettingsError(f"IPAAS_MEMORY_LIMIT={self._memory_limit!r} is not a size; write 300MB") from None

    def _attach(self, connection: DuckDBPyConnection, *, read_only: bool) -> None:
        import duckdb

        quoted = str(self.path).replace("'", "''")
        mode = " (READ_ONLY)" if read_only else ""
        try:
            connection.execute(f"ATTACH '{quoted}' AS ipaas{mode}")
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


def _create(connection: DuckDBPyConnection) -> None:
    """Make what is missing: all of a new hub, or the tables and columns that declarations have gained since."""
    from ipaas_dagster.hub.tables import CATALOG, SCHEMA_VERSION, declared_columns, statements

    rows = connection.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = ?", [CATALOG]
    ).fetchall()
    tables, columns = {table for table, _ in rows}, set(rows)
    declared = declared_columns()
    if {"holds", "sightings"} <= tables and all((table, column) in columns for table, column, _ in declared):
        return
    with transaction(connection):
        for statement in statements():
            connection.execute(statement)
        for table, column, statement in declared:
            if table in tables and (table, column) not in columns:
                connection.execute(statement)
        if "merged_landings" in tables and "sightings" not in tables:
            connection.execute(
                f"INSERT INTO {CATALOG}.hub.unsighted_landings SELECT landing_id FROM {CATALOG}.hub.merged_landings"
            )
        if not connection.execute(f"SELECT 1 FROM {CATALOG}.hub.meta WHERE name = 'epoch'").fetchone():
            pairs = [["epoch", new_id()], ["schema_version", str(SCHEMA_VERSION)]]
            connection.executemany(f"INSERT INTO {CATALOG}.hub.meta VALUES (?, ?)", pairs)


@contextmanager
def transaction(connection: DuckDBPyConnection) -> Iterator[None]:
    """All of the block or nothing of it."""
    name = transaction_name(__name__)
    connection.execute("BEGIN")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    crash_point(f"{name}: committing")
    connection.execute("COMMIT")
    crash_point(f"{name}: committed")
