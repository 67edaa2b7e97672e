"""The operations store: SQLite (WAL) or PostgreSQL through SQLAlchemy Core.

Every writing transaction on SQLite begins IMMEDIATE: a deferred one fails when it upgrades, whatever the time-out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError

from ipaas_dagster.crash_points import crash_point, transaction_name
from ipaas_dagster.errors import NotSetUp, StoreDamaged, StoreUnreachable
from ipaas_dagster.operations.postgresql import READING, begin_writing, postgresql_engine
from ipaas_dagster.operations.sqlite import sqlite_engine
from ipaas_dagster.operations.tables import SCHEMA_VERSION, schema_version
from ipaas_dagster.operations.upgrade import upgrade

Fence = Callable[[Connection], None]
"""Asked at the beginning of each writing transaction; raises where this process may not write any more."""


class Operations:
    """One store, made on first use. `write()` and `read()` give a SQLAlchemy connection in a transaction."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self._engine: Engine | None = None
        self._fences: list[Fence] = []

    @property
    def shared(self) -> bool:
        """Whether several machines may work on it, so that file locks keep nobody out."""
        return self.url.get_backend_name() == "postgresql"

    @property
    def shown(self) -> str:
        """The URL as a person may see it: without password, and without its query, which may hold one."""
        return self.url.set(query={}).render_as_string()

    @property
    def engine(self) -> Engine:
        if self._engine is None:
            self._engine = self._connect()
        return self._engine

    @contextmanager
    def write(self, *, survives_power_loss: bool = True) -> Iterator[Connection]:
        """A writing transaction; commits at the end of the block, rolls back on any exception.

        It always survives the end of the process. False: a loss of power may take it back, until the next one that
        survives is committed; that spares SQLite a wait for the disk.
        """
        options = {"ipaas_write": True, "ipaas_synced": survives_power_loss}
        name = transaction_name()
        with self._reached(), self.engine.connect().execution_options(**options) as connection, connection.begin():
            if self.shared:
                begin_writing(connection, survives_power_loss=survives_power_loss)
            for fence in tuple(self._fences):
                fence(connection)
            yield connection
            crash_point(f"{name}: committing")
        crash_point(f"{name}: committed")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A reading transaction: one consistent snapshot; it never blocks a writer."""
        options = READING if self.shared else {}
        with self._reached(), self.engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    @contextmanager
    def fenced(self, fence: Fence) -> Iterator[None]:
        """For the block, every writing transaction, of whatever thread, passes this fence first."""
        self._fences.append(fence)
        try:
            yield
        finally:
            self._fences.remove(fence)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """A connection that is lost in the middle, told in words. What was not committed is rolled back there."""
        try:
            yield
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            raise StoreUnreachable(
                f"the connection to the operations store {self.shown} was lost ({_first_line(error)}); what was "
                "committed stays, the rest is done again: check the database, then run again"
            ) from error

    def dispose(self) -> None:
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _connect(self) -> Engine:
        try:
            if not self.shared and self.url.database:
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
            engine = postgresql_engine(self.url) if self.shared else sqlite_engine(self.url)
            _create(engine)
        except (OperationalError, OSError) as error:
            raise NotSetUp(
                f"the operations store {self.shown} cannot be opened: {_first_line(error)}; "
                "check IPAAS_OPERATIONS_URL, IPAAS_STATE, the folder's permissions and the free space"
            ) from error
        except DatabaseError as error:
            if self.shared:
                raise NotSetUp(
                    f"the operations store {self.shown} cannot be made: {_first_line(error)}; its user must be allowed "
                    "to make tables in its schema"
                ) from error
            raise StoreDamaged(
                f"the operations store {self.shown} is damaged: {_first_line(error)}; "
                "restore it from a backup; landings and hub are separate files and were not touched"
            ) from error
        return engine


def _create(engine: Engine) -> None:
    """Make what is missing; several processes may do so at once."""
    with engine.connect() as connection, connection.begin():
        if engine.dialect.has_table(connection, "schema_version"):
            found = connection.scalar(select(schema_version.c.version))
            if found == SCHEMA_VERSION:
                return
            if found is not None and found > SCHEMA_VERSION:
                raise NotSetUp(
                    f"the operations store has schema {found}, this program knows {SCHEMA_VERSION}: it was written by "
                    "a newer one; install that again"
                )
    with engine.connect().execution_options(ipaas_write=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7206012026)")
        upgrade(connection)
        crash_point("operations.upgraded: committing")
    crash_point("operations.upgraded: committed")


def _first_line(error: BaseException) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0]
