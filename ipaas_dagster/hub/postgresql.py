"""The hub in a PostgreSQL database: schemas `hub` and `instagaze`, read and written by many processes at once.

Readers lock nothing and see one moment. A merge stages its landing in a private DuckDB, as it does for a file, sends
the staged rows by COPY into temporary tables of the same names, and decides there by the same SQL.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from ipaas_dagster.errors import NotSetUp, SettingsError, StoreUnreachable
from ipaas_dagster.hub.changes import HubHead, read_head
from ipaas_dagster.hub.scratch import scratch_database
from ipaas_dagster.hub.server import CONNECTED, ServerConnection
from ipaas_dagster.hub.store import HubConnection, transaction
from ipaas_dagster.locks import Locks

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from psycopg import Connection

DRIVERS = ("postgresql+psycopg", "postgresql")

_STALLED_SECONDS = 600
"""A writer that stands still for longer, its process stopped for example, loses its transaction and its locks."""


class HubServer:
    """The hub's database. `folder` is where what does not fit into memory goes on this machine."""

    def __init__(self, url: str, locks: Locks, *, memory_limit: str, folder: Path | None = None) -> None:
        try:
            self._url = make_url(url)
        except ArgumentError:  # its words hold the URL
            raise SettingsError(
                "IPAAS_HUB_URL is not understood; write postgresql+psycopg://user:password@host/database"
            ) from None
        self._locks, self._memory_limit = locks, memory_limit
        self._folder = folder or Path(tempfile.gettempdir())
        self._idle: list[Connection[Any]] = []

    @property
    def shown(self) -> str:
        return self._url.set(query={}).render_as_string()

    def exists(self) -> bool:
        with self._reader() as connection:
            return _exists(connection)

    def head(self) -> HubHead:
        with self.reading() as connection:
            return HubHead("", 0) if connection is None else read_head(connection)

    @contextmanager
    def scratch(self, memory_factor: float = 1.0) -> Iterator[DuckDBPyConnection]:
        with scratch_database(self._folder, self._locks, self._memory_limit, memory_factor) as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[HubConnection | None]:
        with self._reader() as connection:
            if not _exists(connection):
                yield None
                return
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try:
                yield connection
            finally:
                connection.end()

    def remembered(self, name: str, read: Callable[[HubConnection], Any]) -> Any | None:
        with self.reading() as connection:
            return None if connection is None else read(connection)

    @contextmanager
    def writing(self) -> Iterator[HubConnection]:
        with self._told(), self._connect() as raw:
            connection = ServerConnection(raw)
            connection.execute(f"SET idle_in_transaction_session_timeout = '{_STALLED_SECONDS}s'")
            _make(connection)
            yield connection

    @contextmanager
    def receiving(self, scratch: DuckDBPyConnection) -> Iterator[HubConnection]:
        from ipaas_dagster.hub.travel import send_staged

        with self.writing() as connection:
            send_staged(scratch, connection)
            yield connection

    def copy_to(self, file: Path) -> None:
        from ipaas_dagster.hub.copying import copy_hub
        from ipaas_dagster.hub.database import HubFile

        with self.writing():
            pass  # one of an older program gains its columns first
        target = HubFile(f"duckdb:///{file}", self._locks, memory_limit=self._memory_limit)
        copy_hub(self, target, verify=False)

    @contextmanager
    def _reader(self) -> Iterator[ServerConnection]:
        """A connection that is kept for the next reader; a broken one is not."""
        with self._told():
            raw = self._idle.pop() if self._idle else self._connect()
            try:
                yield ServerConnection(raw)
            except BaseException:
                raw.close()
                raise
            self._idle.append(raw)

    def _connect(self) -> Connection[Any]:
        import psycopg

        url = self._url
        given: dict[str, Any] = {"host": url.host, "port": url.port, "user": url.username, "dbname": url.database}
        given = {name: value for name, value in (given | {"password": url.password}).items() if value is not None}
        try:
            raw = psycopg.connect(
                **given | {"connect_timeout": 30} | dict(url.query),
                autocommit=True,
                prepare_threshold=None,  # a plan is made for the tables as they are now
                cursor_factory=psycopg.RawCursor,
                application_name="ipaas hub",
            )
        except psycopg.Error as error:
            raise NotSetUp(
                f"the hub {self.shown} cannot be opened: {_first_line(error)}; check IPAAS_HUB_URL and the server"
            ) from None
        raw.execute(CONNECTED)
        return raw

    @contextmanager
    def _told(self) -> Iterator[None]:
        """A server that goes away stops the run, in words; what it had committed stays."""
        import psycopg

        try:
            yield
        except psycopg.errors.InsufficientPrivilege as error:
            raise NotSetUp(f"the hub {self.shown} refuses: {_first_line(error)}; grant it to this user") from error
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise StoreUnreachable(
                f"the hub {self.shown} broke off: {_first_line(error)}; what was committed stays, run again"
            ) from error


def _exists(connection: ServerConnection) -> bool:
    return connection.execute("SELECT to_regclass('hub.meta') IS NOT NULL").fetchall() == [(True,)]


def _make(connection: ServerConnection) -> None:
    """Make what is missing: all of a new hub, or what declarations have gained since. Several may do so at once."""
    from ipaas_dagster.hub.tables import INDEXES, make

    if _is_complete(connection):
        return
    with transaction(connection):
        connection.lock("make")
        columns = connection.columns()
        make(connection, {table for table, _ in columns}, columns)
        for index in INDEXES:
            connection.execute(index)


def _is_complete(connection: ServerConnection) -> bool:
    from ipaas_dagster.hub.tables import OWN_TABLES, declared_columns

    columns = connection.columns()
    tables = {table for table, _ in columns}
    return tables >= OWN_TABLES and all((table, column) in columns for table, column, _ in declared_columns("VARCHAR"))


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
