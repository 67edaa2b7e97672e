"""The tables of the `sql` destination: one per route with its fields' types, and the record of deliveries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Double,
    Engine,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    inspect,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateColumn
from sqlalchemy.types import TypeDecorator, TypeEngine

from ipaas_dagster.contracts.base import Type
from ipaas_dagster.crash_points import crash_point
from ipaas_dagster.destinations.base import Shape

DELIVERIES = "ipaas_deliveries"


class UtcTime(TypeDecorator[datetime]):
    """TIMESTAMPTZ, or in SQLite ISO 8601 text with its offset (`2026-01-31T12:00:00.000000+00:00`)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(UTC)


class Exact(TypeDecorator[Decimal]):
    """NUMERIC of any scale, or in SQLite, whose numbers are floats, decimal text (`12.50`)."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else Numeric())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        return value if value is None or dialect.name != "sqlite" else f"{value:f}"

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


def column_type(type_: Type) -> TypeEngine[Any]:
    made: TypeEngine[Any] = _TYPES[type_]()
    return made


_TYPES: dict[Type, Any] = {
    Type.TEXT: Text,
    Type.INTEGER: BigInteger,
    Type.MONEY: BigInteger,
    Type.REAL: Double,
    Type.DECIMAL: Exact,
    Type.BOOLEAN: lambda: Boolean(create_constraint=False),
    Type.TIME: UtcTime,
    Type.JSON: lambda: JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql"),
    Type.REFERENCE: Text,
}


def dumps(value: Any) -> str:
    """JSON as it is stored: unicode as it is, decimals as text."""
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be stored as JSON")


def record_table(metadata: MetaData, shape: Shape) -> Table:
    """The table of one route. Its key column is the primary key and holds the hub id."""
    key = shape.key or "hub_id"
    columns = [Column(key, Text, primary_key=True)]
    columns += [Column(name, column_type(t)) for name, t in shape.fields.items() if name != key]
    return Table(shape.object, metadata, *columns)


def deliveries_table(metadata: MetaData) -> Table:
    """The last delivery of each record, written with it: it answers what became of a send whose answer was lost,
    and holds older versions back, also those of records deleted since. One row a record, so it does not grow."""
    return Table(
        DELIVERIES,
        metadata,
        Column("collection", Text, primary_key=True),
        Column("hub_id", Text, primary_key=True),
        Column("request_key", String(36), nullable=False),
        Column("operation", String(6), nullable=False),
        Column("epoch", Text, nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("version", Integer, nullable=False),
        Column("at", UtcTime, nullable=False),
    )


def prepare(engine: Engine, tables: Mapping[str, Table], schema: str | None) -> None:
    """Make missing tables and add missing columns; nothing is ever dropped or altered. Several may do so at once:
    who comes second finds it done."""
    for table in tables.values():
        try:
            _make(engine, table, schema)
        except DBAPIError:
            _make(engine, table, schema)


def _make(engine: Engine, table: Table, schema: str | None) -> None:
    with engine.begin() as connection:
        found = inspect(connection)
        if not found.has_table(table.name, schema=schema):
            table.create(connection)
            crash_point("sql.table_made")
            return
        existing = {column["name"] for column in found.get_columns(table.name, schema=schema)}
        quoted = connection.dialect.identifier_preparer.format_table(table)
        for column in table.columns:
            if column.name not in existing:
                words = CreateColumn(column).compile(dialect=connection.dialect)
                connection.exec_driver_sql(f"ALTER TABLE {quoted} ADD COLUMN {words}")
