"""A hub copied from one store into another, with its epoch, its numbers and its order of rows, and compared there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ipaas_dagster.errors import NotSetUp, StoreDamaged, UsageError
from ipaas_dagster.hub.digest import Print, print_of
from ipaas_dagster.hub.scratch import spill_of
from ipaas_dagster.hub.store import HubConnection, Store, transaction

Tables = dict[str, dict[str, str]]
"""Qualified table -> column -> its type there."""


@dataclass(frozen=True)
class CopiedTable:
    """`print` is the same in both stores; each computed it of its own rows."""

    table: str
    rows: int
    print: str


def copy_hub(source: Store, target: Store, *, verify: bool = True) -> list[CopiedTable]:
    """Copy everything into an empty `target`, in one transaction there; `source` is only read.

    Disk: once the largest table, beside the target's private database. Raises NotSetUp where the source is missing or
    older than this program, UsageError where the target holds anything, StoreDamaged where the two differ in the end.
    """
    with source.reading() as given:
        if given is None:
            raise NotSetUp(f"there is no hub at {source.shown}; run `ipaas sync` first")
        tables = _tables(given)
        with target.scratch() as scratch, target.receiving(scratch) as taken:
            there = _tables(taken)
            _require_same(tables, there, source, target)
            with transaction(taken):
                _require_empty(taken, tables, target)
                taken.execute("DELETE FROM hub.meta")
                for name in tables:
                    _copy(given, taken, name, there[name], spill_of(scratch))
                prints = _compared(given, taken, tables, source, target) if verify else {}
    return [CopiedTable(name, found.rows, found.digest) for name, found in prints.items()]


def _tables(connection: HubConnection) -> Tables:
    rows = connection.execute("""
        SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns
        WHERE table_schema IN ('hub', 'instagaze') ORDER BY 1, 2, ordinal_position""")
    found: Tables = {}
    for schema, table, column, kind in rows.fetchall():
        found.setdefault(f'{schema}."{table}"', {})[column] = kind
    return found


def _require_same(source_tables: Tables, target_tables: Tables, source: Store, target: Store) -> None:
    """A table or column that only one of them has would be lost, or stay empty."""
    here = {(table, column) for table, columns in source_tables.items() for column in columns}
    there = {(table, column) for table, columns in target_tables.items() for column in columns}
    for hub, missing in ((source, there - here), (target, here - there)):
        if missing:
            table, column = min(missing)
            raise NotSetUp(
                f"the hub {hub.shown} has no column {column} in {table}: it was made by another version of this "
                "program; run `ipaas sync` with this one on it first"
            )


def _require_empty(connection: HubConnection, tables: Tables, target: Store) -> None:
    for table in tables:
        if table != 'hub."meta"' and connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone():
            raise UsageError(f"the hub {target.shown} is not empty ({table} has rows); name another database or file")


def _copy(given: HubConnection, taken: HubConnection, table: str, columns: dict[str, str], folder: Path) -> None:
    file = folder / "copied.csv"
    names = ", ".join(f'"{column}"' for column in columns)
    given.unload(f"SELECT {names} FROM {table} ORDER BY {given.sql.arrival}", file)
    taken.load(table, list(columns.items()), file)
    file.unlink()


def _compared(
    given: HubConnection, taken: HubConnection, tables: Tables, source: Store, target: Store
) -> dict[str, Print]:
    found = {}
    for table, columns in tables.items():
        here, there = print_of(given, table, columns), print_of(taken, table, columns)
        if here != there:
            raise StoreDamaged(
                f"the copy of {table} is not equal ({here.rows} rows in {source.shown}, {there.rows} in "
                f"{target.shown}, prints {here.digest} and {there.digest}); nothing was kept of it"
            )
        found[table] = here
    return found
