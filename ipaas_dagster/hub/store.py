"""Where the hub is kept: what every store of it gives, and how its SQL is written.

The same SQL runs in every store. It names tables as `hub.changes` or `instagaze.objects`, and puts `?` where a value
goes. A store gives the tables that were staged beside the hub's own, by the same names (`staged_customers`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ipaas_dagster.crash_points import crash_point, transaction_name

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from ipaas_dagster.hub.changes import HubHead
    from ipaas_dagster.hub.dialect import Dialect


class Rows(Protocol):
    """What a query found. `description` names its columns, first in each item."""

    @property
    def description(self) -> Sequence[Any]: ...

    def fetchone(self) -> tuple[Any, ...] | None: ...

    def fetchall(self) -> list[tuple[Any, ...]]: ...


class HubConnection(Protocol):
    """The opened hub. Times come aware, JSON comes as the text that is stored. `sql` writes what stores write
    differently."""

    @property
    def sql(self) -> Dialect: ...

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Rows:
        """Run one statement; a value that is a list is a list there too."""

    def change(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run an INSERT, UPDATE or DELETE; returns how many rows it concerned."""

    def unload(self, query: str, file: Path) -> None:
        """Write what a query finds into `file`, as CSV without header: null is empty, text stands in quotes."""

    def load(self, table: str, columns: Sequence[tuple[str, str]], file: Path) -> None:
        """Append the rows of such a file to these columns, each with its type there, of a table."""

    def appending(self) -> AbstractContextManager[None]:
        """In the block many rows may be appended, in the way that costs this store least."""

    def lock(self, name: str) -> None:
        """Until its transaction ends, this one alone holds `name`; waits for the others."""


class Store(Protocol):
    """One hub. A block that opened it is short and makes no call to another system."""

    @property
    def shown(self) -> str:
        """Where it is, as a person may see it: without password."""

    def exists(self) -> bool:
        """Whether anything was ever written; a hub that does not exist yet reads as empty."""

    def head(self) -> HubHead:
        """Where the changes end, asked in the cheapest way."""

    def scratch(self, memory_factor: float = 1.0) -> AbstractContextManager[DuckDBPyConnection]:
        """A private in-memory DuckDB, where landings are staged; nothing of it outlives the block. It may use
        `memory_factor` times the memory limit, and what exceeds that spills to the disk."""

    def reading(self) -> AbstractContextManager[HubConnection | None]:
        """The hub as it is at one moment, or None where there is none yet."""

    def remembered(self, name: str, read: Callable[[HubConnection], Any]) -> Any | None:
        """What `read` finds, plain JSON values under a name of their own, asked in the cheapest way; None where there
        is no hub yet."""

    def writing(self) -> AbstractContextManager[HubConnection]:
        """The hub, made where it is missing. The caller begins and ends its transactions."""

    def receiving(self, scratch: DuckDBPyConnection) -> AbstractContextManager[HubConnection]:
        """As `writing`, and the connection also sees every table `staged_...` of `scratch`."""

    def copy_to(self, file: Path) -> None:
        """The hub as it is at one moment, as a DuckDB file. There must be a hub; the file must be new."""


@contextmanager
def transaction(connection: HubConnection) -> Iterator[None]:
    """All of the block or nothing of it."""
    name = transaction_name()
    connection.execute("BEGIN")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    crash_point(f"{name}: committing")
    connection.execute("COMMIT")
    crash_point(f"{name}: committed")
