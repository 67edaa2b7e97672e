"""INSERT .. ON CONFLICT DO UPDATE of many rows, past SQLAlchemy's work per row, which would cost more than the
database's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, or_
from sqlalchemy import Table as SqlTable
from sqlalchemy.dialects import postgresql, sqlite

Row = Sequence[Any]
"""Values in the order of the table's columns."""


class Upsert:
    """Made once a table. `guarded`: a row is not overwritten by an older version of the same hub."""

    def __init__(self, dialect: Dialect, table: SqlTable, key: Sequence[str], *, guarded: bool = False) -> None:
        compiled = _statement(dialect, table, key, guarded).compile(dialect=dialect)
        self._statement = str(compiled)
        self._names = tuple(column.name for column in table.columns)
        self._parameters = None if dialect.positional else [_parameter(compiled, name) for name in self._names]
        bound = [column.type.dialect_impl(dialect).bind_processor(dialect) for column in table.columns]
        self._bound: list[tuple[int, Callable[[Any], Any]]] = [(n, b) for n, b in enumerate(bound) if b]

    def write(self, connection: Connection, rows: Iterable[Row]) -> int:
        """Returns how many rows were written: all but those that the guard held back."""
        given: list[Any] = [self._as_driver_takes_it(row) for row in rows]
        if self._parameters is not None:
            given = [dict(zip(self._parameters, row, strict=True)) for row in given]
        return connection.exec_driver_sql(self._statement, given).rowcount

    def write_records(self, connection: Connection, records: Iterable[Mapping[str, Any]]) -> None:
        """Records by column name; a column that one does not have is null."""
        names = self._names
        self.write(connection, ([record.get(name) for name in names] for record in records))

    def _as_driver_takes_it(self, row: Row) -> Row:
        values = list(row)
        for n, bound in self._bound:
            values[n] = bound(values[n])
        return tuple(values)


def _parameter(compiled: Any, name: str) -> str:
    """A column's parameter has its name, less the characters that the driver would not take in one."""
    return str(compiled.escaped_bind_names.get(name, name))


def _statement(dialect: Dialect, table: SqlTable, key: Sequence[str], guarded: bool) -> Any:
    statement = (sqlite if dialect.name == "sqlite" else postgresql).insert(table)
    new = statement.excluded
    others = {column.name: new[column.name] for column in table.columns if column.name not in key}
    if not others:
        return statement.on_conflict_do_nothing(index_elements=list(key))
    where = or_(new.epoch != table.c.epoch, new.version >= table.c.version) if guarded else None
    return statement.on_conflict_do_update(index_elements=list(key), set_=others, where=where)
