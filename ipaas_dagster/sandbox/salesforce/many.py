"""composite/sobjects...: up to two hundred records in one call, done and answered in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from ipaas_dagster.sandbox.exchange import Answer
from ipaas_dagster.sandbox.salesforce.asked import Asked, table_of_id
from ipaas_dagster.sandbox.salesforce.chunk import MOST, Outcome, attempt, insert_each, update_each, upsert_each
from ipaas_dagster.sandbox.salesforce.ids import whole_id
from ipaas_dagster.sandbox.salesforce.org import Writes
from ipaas_dagster.sandbox.salesforce.problems import ALL_OR_NONE, Problem, Refusal, answered, not_found
from ipaas_dagster.sandbox.salesforce.schema import Field
from ipaas_dagster.sandbox.salesforce.shown import attributes, value_of
from ipaas_dagster.sandbox.salesforce.table import Table
from ipaas_dagster.sandbox.salesforce.writing import Reading, Values, Written, no_such_column

Record = dict[str, Any]
FIRST_WITH_UPSERT = 46.0
IDS = ("Id", "id", "ID")


def on_collections(asked: Asked) -> Answer:
    path = asked.rest[2:]
    if not path:
        asked.allow("POST", "PATCH", "DELETE")
        return {"POST": _insert, "PATCH": _update, "DELETE": _delete}[asked.call.method](asked)
    if len(path) == 1:
        asked.allow("GET", "POST")
        return _retrieve(asked, asked.table(path[0]))
    asked.allow("PATCH")
    if float(asked.version) < FIRST_WITH_UPSERT:
        raise not_found()
    table = asked.table(path[0])
    by = table.sobject.find(path[1])
    if by is None or not by.identifies or len(path) > 2:
        raise not_found(f"Provided external ID field does not exist or is not accessible: {path[1]}")
    return _upsert(asked, table, by)


def _insert(asked: Asked) -> Answer:
    def write(writes: Writes, table: Table, records: list[Record]) -> list[Outcome]:
        reading = Reading(asked.org, table.sobject)
        return insert_each(writes, table, attempt(records, lambda one: _without_id(reading, one)))

    return _by_type(asked, write, created=False)


def _update(asked: Asked) -> Answer:
    def write(writes: Writes, table: Table, records: list[Record]) -> list[Outcome]:
        reading = Reading(asked.org, table.sobject)
        return update_each(writes, table, attempt(records, lambda one: _with_id(reading, one)))

    return _by_type(asked, write, created=False)


def _upsert(asked: Asked, table: Table, by: Field) -> Answer:
    reading = Reading(asked.org, table.sobject)

    def read(record: Record) -> Values:
        if record["attributes"]["type"].lower() != table.sobject.name.lower():
            raise Problem(400, "INVALID_INPUT", f"all records must be of type {table.sobject.name}")
        return _with_id(reading, record) if by.name == "Id" else _without_id(reading, record)

    def write(writes: Writes, records: list[Record]) -> list[Outcome]:
        return upsert_each(writes, table, by, attempt(records, read))

    return _written(asked, write, created=True)


def _by_type(asked: Asked, write: Callable[[Writes, Table, list[Record]], list[Outcome]], *, created: bool) -> Answer:
    """Records of one type after another, each stretch of one type at a time."""

    def write_stretches(writes: Writes, records: list[Record]) -> list[Outcome]:
        done: list[Outcome] = []
        for name, stretch in groupby(records, lambda one: str(one["attributes"]["type"])):
            sobject = asked.org.schema.find(name)
            several = list(stretch)
            if sobject is None:
                done += [Refusal("INVALID_TYPE", f"sObject type '{name}' is not supported.")] * len(several)
            else:
                done += write(writes, asked.org.table(sobject), several)
        return done

    return _written(asked, write_stretches, created=created)


def _written(asked: Asked, write: Callable[[Writes, list[Record]], list[Outcome]], *, created: bool) -> Answer:
    """Write the records of the body; if the whole request is refused, none is written."""
    document = asked.json()
    records, writes = _records(document), asked.org.writes()
    try:
        outcomes = write(writes, records)
    except Problem:
        writes.roll_back()
        raise
    return _answer(outcomes, writes, all_or_none=document.get("allOrNone", False), created=created)


def _answer(outcomes: Sequence[Outcome], writes: Writes, *, all_or_none: bool, created: bool) -> Answer:
    if all_or_none is True and any(isinstance(one, Refusal) for one in outcomes):
        writes.roll_back()
        rolled_back = Refusal("ALL_OR_NONE_OPERATION_ROLLED_BACK", ALL_OR_NONE)
        outcomes = [one if isinstance(one, Refusal) else rolled_back for one in outcomes]
    return answered([_shown(one, created=created) for one in outcomes])


def _shown(outcome: Outcome, *, created: bool) -> dict[str, Any]:
    if isinstance(outcome, Refusal):
        return {"success": False, "errors": [outcome.as_json]}
    shown: dict[str, Any] = {"id": outcome.id, "success": True, "errors": []}
    return {**shown, "created": outcome.created} if created else shown


def _records(document: Record) -> list[Record]:
    records = document.get("records")
    if not isinstance(records, list) or not isinstance(document.get("allOrNone", False), bool):
        raise Problem(400, "INVALID_INPUT", "the body needs a list of records, and allOrNone true or false if any")
    _refuse_too_many(len(records))
    for one in records:
        kind = one.get("attributes") if isinstance(one, dict) else None
        if not isinstance(kind, dict) or not isinstance(kind.get("type"), str):
            raise Problem(400, "INVALID_INPUT", "Include a 'type' in the attributes of each record")
    return records


def _refuse_too_many(count: int) -> None:
    if count > MOST:
        message = f"record limit reached. cannot submit more than {MOST} records into this call"
        raise Problem(400, "EXCEEDED_ID_LIMIT", message)


def _without_id(reading: Reading, record: Record) -> Values:
    if any(record.get(name) is not None for name in IDS):
        raise Refusal("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ("Id",))
    return reading.values(record, without=IDS)


def _with_id(reading: Reading, record: Record) -> Values:
    given = next((record[name] for name in IDS if record.get(name) is not None), None)
    if given is None:
        return {"Id": None, **reading.values(record, without=IDS)}
    return {"Id": _checked(given, reading.sobject.prefix), **reading.values(record, without=IDS)}


def _checked(given: Any, prefix: str | None = None) -> str:
    record_id = whole_id(given) if isinstance(given, str) else None
    if record_id is None or prefix not in (None, record_id[:3]):
        raise Refusal("MALFORMED_ID", f"malformed id {given}", ("Id",))
    return record_id


def _delete(asked: Asked) -> Answer:
    ids = [one for one in asked.query.get("ids", "").split(",") if one]
    if not ids:
        raise Problem(400, "MISSING_ARGUMENT", "the ids parameter is required")
    _refuse_too_many(len(ids))
    writes = asked.org.writes()

    def delete(given: str) -> Written:
        record_id = _checked(given)
        table = table_of_id(asked, record_id)
        if table is None:
            raise Refusal("MALFORMED_ID", f"malformed id {given}", ("Id",))
        writes.delete(table, record_id)
        return Written(record_id, False)

    return _answer(attempt(ids, delete), writes, all_or_none=asked.flag("allOrNone"), created=False)


def _retrieve(asked: Asked, table: Table) -> Answer:
    """The fields of several records by id; null for an id that names none."""
    given = asked.json() if asked.call.method == "POST" else None
    ids = given["ids"] if given else asked.query.get("ids", "").split(",")
    names = given["fields"] if given else asked.query.get("fields", "").split(",")
    sobject, found = table.sobject, list[Record | None]()
    for one in ids:
        row = table.rows.get(whole_id(one) or "")
        if row is None:
            found.append(None)
            continue
        shown: dict[str, Any] = {"attributes": attributes(sobject, row["Id"], asked.version)}
        for name in names:
            field = sobject.find(name)
            if field is None:
                raise no_such_column(name, sobject)
            shown[field.name] = value_of(sobject, row, field)
        found.append(shown)
    return answered(found)
