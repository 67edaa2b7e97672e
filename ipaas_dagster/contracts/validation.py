"""The contract of a collection as a Pandera schema, and the check of one batch of candidates against it.

What cannot be read as a column's type is found while reading (`values`); the schema sees those rows by their
`unreadable` column, and holds the rest: required columns, rules, and (soft) rules over several columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from ipaas_dagster.contracts.base import Collection, Column, Expectation, Type

if TYPE_CHECKING:
    import pandas as pd
    import pandera.pandas as pa

UNREADABLE = "unreadable"
"""The first reason why a row could not be read; null in every row that may pass."""

_DTYPES: dict[Type, str] = {
    Type.TEXT: "str",
    Type.INTEGER: "Int64",
    Type.MONEY: "Int64",
    Type.REAL: "Float64",
    Type.DECIMAL: "str",
    Type.BOOLEAN: "boolean",
    Type.TIME: "datetime64[us, UTC]",
    Type.JSON: "str",
    Type.REFERENCE: "str",
}

_RULES: dict[str, Callable[..., Any]] = {
    "at_least": lambda series, bound: series >= bound,
    "at_most": lambda series, bound: series <= bound,
    "one_of": lambda series, bound: series.isin(bound),
    "contains": lambda series, bound: series.str.contains(bound, regex=False),
    "not_blank": lambda series, bound: series.str.strip() != "",
}
"""Rule kind -> what the values that are there must meet, over a whole series."""

_EXPECTATIONS: dict[str, Callable[..., Any]] = {
    "adds_up": lambda net, discount, tax, total: (net - discount + tax == total) | (net + tax == total),
    "in_order": lambda start, end: start <= end,
}


@cache
def schema(collection: Collection, *, soft: bool = False) -> pa.DataFrameSchema:
    """What a record must be (hard rules) or, with `soft`, what is expected of it, as a Pandera schema.

    Its frames have one column per declared column; hard ones also `unreadable`.
    """
    return _schema(collection, demanding(collection, soft=True) if soft else collection.columns, soft=soft)


@cache
def demands(collection: Collection) -> pa.DataFrameSchema:
    """The hard schema without the columns that nothing is demanded of: reading has given those their type."""
    return _schema(collection, demanding(collection, soft=False), soft=False)


def demanding(collection: Collection, *, soft: bool) -> tuple[Column, ...]:
    """The columns that a record can fail."""
    return tuple(c for c in collection.columns if (c.required and not soft) or any(r.soft is soft for r in c.rules))


def _schema(collection: Collection, wanted: Iterable[Column], *, soft: bool) -> pa.DataFrameSchema:
    import pandera.pandas as pa

    columns = {c.name: _column(c, soft=soft) for c in wanted}
    if not soft:
        must_be_null = pa.Check(lambda s: s.isna(), error=UNREADABLE, ignore_na=False)
        columns[UNREADABLE] = pa.Column("str", must_be_null, nullable=True, coerce=True)
    return pa.DataFrameSchema(columns, name=collection.name, strict=False)


def expectation_schema(expectation: Expectation) -> pa.DataFrameSchema:
    """A soft rule over several columns, as a Pandera schema of those columns alone."""
    import pandera.pandas as pa

    meets = _EXPECTATIONS[expectation.kind]

    def check(frame: pd.DataFrame) -> pd.Series:
        met = meets(*(frame[name] for name in expectation.columns)).astype("boolean").fillna(True).astype(bool)
        result: pd.Series = met
        return result

    return pa.DataFrameSchema(checks=[pa.Check(check, error=expectation.says)], name=expectation.kind)


def _column(column: Column, *, soft: bool) -> pa.Column:
    import pandera.pandas as pa

    rules = [rule for rule in column.rules if rule.soft is soft and rule.kind != "present"]
    present = any(rule.soft is soft and rule.kind == "present" for rule in column.rules)
    nullable = not present if soft else not column.required
    return pa.Column(
        _DTYPES[column.type],
        [pa.Check(partial(_RULES[rule.kind], bound=rule.value), error=rule.says) for rule in rules],
        nullable=nullable,
        coerce=True,
        description=column.description,
    )


def failures(schema: pa.DataFrameSchema, frame: pd.DataFrame) -> pd.DataFrame | None:
    """What of `frame` fails `schema`, each rule and row: columns column, check, failure_case, index.
    None where all is well, which is the usual case."""
    import pandera.pandas as pa

    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases: pd.DataFrame = errors.failure_cases[["column", "check", "failure_case", "index"]]
        return cases
    return None
