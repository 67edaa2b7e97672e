"""What each `Type` is called in DuckDB."""

from __future__ import annotations

from ipaas_dagster.contracts.base import Type

_DUCKDB = {
    Type.TEXT: "VARCHAR",
    Type.INTEGER: "BIGINT",
    Type.MONEY: "BIGINT",
    Type.REAL: "FLOAT8",  # what DuckDB calls DOUBLE, by a name that PostgreSQL knows too
    Type.DECIMAL: "VARCHAR",  # decimal text: a DECIMAL has one scale for all rows, currencies have several
    Type.BOOLEAN: "BOOLEAN",
    Type.TIME: "TIMESTAMPTZ",
    Type.JSON: "JSON",
    Type.REFERENCE: "VARCHAR",
}


def duckdb_type(type_: Type) -> str:
    return _DUCKDB[type_]
