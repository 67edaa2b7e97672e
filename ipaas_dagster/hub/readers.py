"""Private databases through which the hub's file is read, kept between readings: to open one costs more than most
questions do."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ipaas_dagster.hub.scratch import scratch_database
from ipaas_dagster.locks import Locks

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

READERS_SHARE = 0.5
"""Of the memory limit. A reader needs less than a merge, and DuckDB would fill what it may with blocks that are read
once."""


class Readers:
    """As many as were ever in use at once; they end with this object. They spill `beside` the hub."""

    def __init__(self, beside: Path, locks: Locks, memory_limit: str) -> None:
        self._beside, self._locks, self._memory_limit = beside, locks, memory_limit
        self._idle: list[DuckDBPyConnection] = []
        self._opened = ExitStack()
        weakref.finalize(self, self._opened.close)

    @contextmanager
    def reader(self) -> Iterator[DuckDBPyConnection]:
        """One that nobody else uses; the block must leave nothing attached. What fails in it is not used again."""
        kept = self._take()
        connection = kept.cursor()
        yield connection  # after an error nobody knows what it is left with
        connection.close()
        self._idle.append(kept)

    def _take(self) -> DuckDBPyConnection:
        try:
            return self._idle.pop()
        except IndexError:
            database = scratch_database(self._beside, self._locks, self._memory_limit, READERS_SHARE)
            return self._opened.enter_context(database)
