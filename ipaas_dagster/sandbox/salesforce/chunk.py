"""Several records of one object in one call: all read first, then written in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TypeVar

from ipaas_dagster.sandbox.salesforce.org import Writes
from ipaas_dagster.sandbox.salesforce.problems import Refusal
from ipaas_dagster.sandbox.salesforce.schema import Field
from ipaas_dagster.sandbox.salesforce.table import Table
from ipaas_dagster.sandbox.salesforce.writing import Values, Written, upsert

MOST = 200
"""Records in one call; a bulk job's rows are done so many at a time too."""
Outcome = Written | Refusal
Given = TypeVar("Given")
Made = TypeVar("Made")


def attempt(given: Iterable[Given | Refusal], make: Callable[[Given], Made]) -> list[Made | Refusal]:
    """Make something of each, in order; a refusal stays one, or becomes what is made."""
    made: list[Made | Refusal] = []
    for one in given:
        if isinstance(one, Refusal):
            made.append(one)
            continue
        try:
            made.append(make(one))
        except Refusal as refusal:
            made.append(refusal)
    return made


def insert_each(writes: Writes, table: Table, chunk: Iterable[Values | Refusal]) -> list[Outcome]:
    return attempt(chunk, lambda values: Written(writes.insert(table, values), True))


def upsert_each(writes: Writes, table: Table, by: Field, chunk: Iterable[Values | Refusal]) -> list[Outcome]:
    """By the value that each has of the field; those that share one are refused."""

    def write(values: Values) -> Written:
        given = {name: value for name, value in values.items() if name != by.name}
        return upsert(writes, table, by, values.get(by.name), given)

    return attempt(_without_repeats(chunk, by), write)


def update_each(writes: Writes, table: Table, chunk: Iterable[Values | Refusal]) -> list[Outcome]:
    """Each by its own Id."""

    def write(values: Values) -> Written:
        record_id = values.pop("Id")
        if record_id is None:
            raise Refusal("MISSING_ARGUMENT", "Id not specified in an update call", ("Id",))
        writes.update(table, record_id, values)
        return Written(record_id, False)

    return attempt(chunk, write)


def _without_repeats(chunk: Iterable[Values | Refusal], by: Field) -> list[Values | Refusal]:
    """Records that share their external id are all refused: no order says which of them is right."""
    given = list(chunk)
    values = (one.get(by.name) for one in given if not isinstance(one, Refusal))
    counts = Counter(by.key(value) for value in values if value is not None)

    def check(one: Values) -> Values:
        value = one.get(by.name)
        if value is not None and counts[by.key(value)] > 1:
            raise Refusal("DUPLICATE_VALUE", f"Duplicate external id specified: {value}", (by.name,))
        return one

    return attempt(given, check)
