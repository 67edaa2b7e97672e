"""Opening a SQLite file that several processes use."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

from ipaas_dagster.operations.encoding import JSON_TEXT

BUSY_SECONDS = 30
_POLL_SECONDS = 0.02
_CACHE_KIB = 32_000
"""Of SQLite's own pages: a chunk of the outbox fits, so that no page of it is written twice in one transaction."""


def sqlite_engine(url: URL) -> Engine:
    connect = {"timeout": BUSY_SECONDS, "check_same_thread": False}
    engine = create_engine(url, **JSON_TEXT, connect_args=connect)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")  # of a file that is only made now
        prepare_sqlite(connection)
        connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        synced = options.get("ipaas_synced", True)
        connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if synced else 'NORMAL'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("ipaas_write", False) else "BEGIN")

    return engine


def prepare_sqlite(connection: sqlite3.Connection) -> None:
    """Make a driver's connection fit for several writers: WAL, patience, and transactions that we begin ourselves.

    Turning WAL on needs the file alone for a moment and does not wait for it, whatever the time-out: so it is tried
    again here. Raises sqlite3.OperationalError after BUSY_SECONDS.
    """
    connection.isolation_level = None  # the driver must not open transactions of its own
    connection.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() >= deadline:
                raise
            time.sleep(_POLL_SECONDS)
