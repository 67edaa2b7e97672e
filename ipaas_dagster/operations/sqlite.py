"""Opening a SQLite file that several processes use."""

from __future__ import annotations

import sqlite3
import time

BUSY_SECONDS = 30
_POLL_SECONDS = 0.02


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
