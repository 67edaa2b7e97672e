"""An operations store of an older program brought up to this one's tables, in the caller's transaction.

Tables only ever gain: new tables, new columns that may be empty, new indexes. So one rule upgrades from every
version: add what is missing. Running it again changes nothing.
"""

from __future__ import annotations

from sqlalchemy import Connection, Index, Table, insert, inspect, select, update
from sqlalchemy.schema import CreateColumn

from ipaas_dagster.operations import (
    care,  # noqa: F401 - declares its tables
    load_tables,  # noqa: F401  # its tables belong to the store
)
from ipaas_dagster.operations.tables import SCHEMA_VERSION, metadata, schema_version


def upgrade(connection: Connection) -> None:
    before = set(inspect(connection).get_table_names())
    metadata.create_all(connection, checkfirst=bool(before))
    for table in metadata.sorted_tables:
        if table.name in before:
            _add_columns(connection, table)
            _add_indexes(connection, table)
    if connection.scalar(select(schema_version.c.version)) is None:
        connection.execute(insert(schema_version).values(version=SCHEMA_VERSION))
    else:
        connection.execute(update(schema_version).values(version=SCHEMA_VERSION))


def _add_columns(connection: Connection, table: Table) -> None:
    there = {column["name"] for column in inspect(connection).get_columns(table.name)}
    for column in table.columns:
        if column.name not in there:
            words = CreateColumn(column).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {words}")


def _add_indexes(connection: Connection, table: Table) -> None:
    there = {index["name"] for index in inspect(connection).get_indexes(table.name)}
    for index in sorted(table.indexes, key=_name):
        if index.name not in there:
            index.create(connection)


def _name(index: Index) -> str:
    return str(index.name)
