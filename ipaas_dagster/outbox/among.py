"""`column IN (many values)` as one bound parameter, whatever the store's limit of parameters is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Connection, any_, bindparam, func, select
from sqlalchemy.types import JSON


def among(connection: Connection, column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """A condition true for rows whose `column` is one of `values` (numbers or texts)."""
    if connection.dialect.name == "sqlite":
        given = bindparam(None, list(values), type_=JSON, unique=True)
        return column.in_(select(func.json_each(given).table_valued("value").c.value))
    array = bindparam(None, list(values), type_=ARRAY(column.type), unique=True)
    return column == any_(array)
