"""Times as SQL counts them: hours of UTC and seconds between, alike in SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Float, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

HOUR = "%Y-%m-%d %H"


class hour_of(FunctionElement[str]):
    """`2026-11-27 09` of a time column."""

    type = String()
    inherit_cache = True


class seconds_from(FunctionElement[float]):
    """From the first time column to the second."""

    type = Float()
    inherit_cache = True


@compiles(hour_of, "sqlite")
def _hour_sqlite(element: Any, compiler: Any, **given: Any) -> str:
    return f"substr({compiler.process(element.clauses, **given)}, 1, 13)"


@compiles(hour_of, "postgresql")
def _hour_postgresql(element: Any, compiler: Any, **given: Any) -> str:
    return f"to_char(({compiler.process(element.clauses, **given)}) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24')"


@compiles(seconds_from, "sqlite")
def _seconds_sqlite(element: Any, compiler: Any, **given: Any) -> str:
    first, second = (compiler.process(one, **given) for one in element.clauses)
    return f"((julianday({second}) - julianday({first})) * 86400.0)"


@compiles(seconds_from, "postgresql")
def _seconds_postgresql(element: Any, compiler: Any, **given: Any) -> str:
    first, second = (compiler.process(one, **given) for one in element.clauses)
    return f"extract(epoch from ({second}) - ({first}))"


def hour(at: datetime) -> str:
    return at.astimezone(UTC).strftime(HOUR)
