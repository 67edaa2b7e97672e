"""`column IN (many values)` as one bound parameter, whatever the store's limit of parameters is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, BindParameter, ColumnElement, Connection, any_, bindparam, func, select
from sqlalchemy.types import JSON, TypeEngine


def among(connection: Connection, column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """A condition true for rows whose `column` is one of `values` (numbers or texts)."""
    dialect = connection.dialect.name
    return _among(dialect, column, bindparam(None, list(values), type_=_type(dialect, column), unique=True))


def among_given(dialect: str, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """The same for a statement that is made once: the values are given as the parameter `name`, a list."""
    return _among(dialect, column, bindparam(name, type_=_type(dialect, column)))


def _type(dialect: str, column: ColumnElement[Any]) -> TypeEngine[Any]:
    return JSON() if dialect == "sqlite" else ARRAY(column.type)


def _among(dialect: str, column: ColumnElement[Any], given: BindParameter[Any]) -> ColumnElement[bool]:
    if dialect == "sqlite":
        return column.in_(select(func.json_each(given).table_valued("value").c.value))
    return column == any_(given)
