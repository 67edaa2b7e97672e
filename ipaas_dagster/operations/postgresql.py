"""Opening an operations store on PostgreSQL, which several machines share.

Writing transactions are READ COMMITTED: what they change is either theirs alone by a lease, or written by statements
that bear company. Reading ones are REPEATABLE READ and read only: one consistent snapshot, as SQLite gives it.
"""

from __future__ import annotations

from sqlalchemy import URL, Connection, Engine, create_engine, text

from ipaas_dagster.operations.encoding import JSON_TEXT
from ipaas_dagster.operations.tables import WHERE, metadata

POOL, MORE_AT_PEAKS = 4, 12
"""Connections that a process keeps, and how many more it may open for a moment: a run needs two or three."""

CONNECT_SECONDS = 10
IDLE_SECONDS = 60
"""A process that is stopped in the middle of a writing transaction holds its rows for no longer than this."""

READING = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

_SET = text(
    "SELECT set_config('idle_in_transaction_session_timeout', :idle, true), "
    "set_config('synchronous_commit', :commit, true)"
)


def postgresql_engine(url: URL) -> Engine:
    for table in metadata.tables.values():
        for index in table.indexes:
            if WHERE in index.info:
                index.dialect_options["postgresql"]["where"] = index.info[WHERE]
    return create_engine(
        url,
        pool_pre_ping=True,  # a connection that the server closed meanwhile is replaced, not used
        pool_size=POOL,
        max_overflow=MORE_AT_PEAKS,
        **JSON_TEXT,
        connect_args={"connect_timeout": CONNECT_SECONDS, "application_name": "ipaas"},
    )


def begin_writing(connection: Connection, *, survives_power_loss: bool) -> None:
    """For this transaction only. Not waiting for the disk loses nothing but in a loss of the server's power."""
    commit = "on" if survives_power_loss else "off"
    connection.execute(_SET, {"idle": f"{IDLE_SECONDS}s", "commit": commit})
