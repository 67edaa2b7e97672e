"""Giving the space of deleted rows back to the disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipaas_dagster.operations.store import Operations

PAGES = 2_000
"""Given back in one transaction: 8 MB, so that nobody waits long."""


def give_back(operations: Operations) -> int:
    """Bytes by which the file became smaller. SQLite's are files that were made to do so (`auto_vacuum`); an older one
    keeps its free pages and fills them again. PostgreSQL's autovacuum does it by itself."""
    if operations.url.get_backend_name() != "sqlite" or not operations.url.database:
        return 0
    file, free = Path(operations.url.database), 1
    before = file.stat().st_size
    while free:
        with operations.write(survives_power_loss=False) as connection:
            if connection.exec_driver_sql("PRAGMA auto_vacuum").scalar() != 2:
                return 0
            cursor = connection.connection.cursor()  # a page each row: SQLAlchemy would stop at the first
            cursor.execute(f"PRAGMA incremental_vacuum({PAGES})").fetchall()
            free = connection.exec_driver_sql("PRAGMA freelist_count").scalar() or 0
    raw = operations.engine.raw_connection()  # outside of any transaction
    try:
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        raw.close()
    return max(before - file.stat().st_size, 0)
