"""The operations store: SQLite (WAL) or PostgreSQL through SQLAlchemy Core.

Every writing transaction on SQLite begins IMMEDIATE: a deferred one fails when it upgrades, whatever the time-out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, create_engine, event, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, OperationalError

from ipaas_dagster.crash_points import crash_point, transaction_name
from ipaas_dagster.errors import NotSetUp, StoreDamaged
from ipaas_dagster.operations.sqlite import BUSY_SECONDS, prepare_sqlite
from ipaas_dagster.operations.tables import SCHEMA_VERSION, schema_version
from ipaas_dagster.operations.upgrade import upgrade

_CACHE_KIB = 32_000
"""Of SQLite's own pages: a chunk of the outbox fits, so that no page of it is written twice in one transaction."""


class Operations:
    """One store, made on first use. `write()` and `read()` give a SQLAlchemy connection in a transaction."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self._engine: Engine | None = None

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
        name = transaction_name(__name__)
        with self.engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection
            crash_point(f"{name}: committing")
        crash_point(f"{name}: committed")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A reading transaction: one consistent snapshot; it never blocks a writer."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    def dispose(self) -> None:
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _connect(self) -> Engine:
        is_sqlite = self.url.get_backend_name() == "sqlite"
        try:
            if is_sqlite and self.url.database:
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
            engine = _sqlite_engine(self) if is_sqlite else create_engine(self.url)
            _create(engine)
        except (OperationalError, OSError) as error:
            raise NotSetUp(
                f"the operations store {self.shown} cannot be opened: {_first_line(error)}; "
                "check IPAAS_OPERATIONS_URL, IPAAS_STATE and the folder's permissions"
            ) from error
        except DatabaseError as error:
            raise StoreDamaged(
                f"the operations store {self.shown} is damaged: {_first_line(error)}; "
                "restore it from a backup; landings and hub are separate files and were not touched"
            ) from error
        return engine


def _sqlite_engine(store: Operations) -> Engine:
    connect = {"timeout": BUSY_SECONDS, "check_same_thread": False}
    engine = create_engine(
        store.url, json_serializer=_dumps, json_deserializer=msgspec.json.decode, connect_args=connect
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        prepare_sqlite(connection)
        connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        synced = options.get("ipaas_synced", True)
        connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if synced else 'NORMAL'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("ipaas_write", False) else "BEGIN")

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


def _dumps(value: Any) -> str:
    """JSON text; msgspec is several times as fast as the standard library, and every batch passes lists of ids."""
    return msgspec.json.encode(value).decode()


def _first_line(error: BaseException) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0]
