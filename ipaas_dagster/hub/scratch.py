"""The private database in memory where landings are staged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ipaas_dagster.errors import SettingsError
from ipaas_dagster.hub.spill import spill_folder
from ipaas_dagster.locks import Locks

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_UNITS = {"": 1, "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
_UNITS |= {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}


@contextmanager
def scratch_database(beside: Path, locks: Locks, memory_limit: str, factor: float) -> Iterator[DuckDBPyConnection]:
    """A DuckDB that spills into a folder in `beside`; nothing of it outlives the block. It may use `factor` times the
    memory limit, which is written as DuckDB writes it (300MB)."""
    import duckdb

    with spill_folder(beside, locks) as spill:
        settings = {"memory_limit": memory_limit, "temp_directory": spill, "TimeZone": "UTC"}
        settings |= {"autoinstall_known_extensions": "false"}
        connection = duckdb.connect(":memory:", config=settings)
        try:
            if factor != 1.0:
                connection.execute(f"SET memory_limit = '{_bytes(memory_limit) * factor:.0f}B'")
            yield connection
        finally:
            connection.close()


def spill_of(scratch: DuckDBPyConnection) -> Path:
    """The folder that a scratch database spills into."""
    row = scratch.execute("SELECT current_setting('temp_directory')").fetchone()
    assert row is not None  # a setting always has a value
    return Path(row[0])


def _bytes(limit: str) -> float:
    number = limit.rstrip("BbGgIiKkMmTt ")
    unit = limit[len(number) :].strip().upper()
    try:
        return float(number) * _UNITS[unit]
    except (ValueError, KeyError):
        raise SettingsError(f"IPAAS_MEMORY_LIMIT={limit!r} is not a size; write 300MB") from None
