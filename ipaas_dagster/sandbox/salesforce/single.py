"""sobjects/...: one record at a time."""

from __future__ import annotations

from typing import Any

from ipaas_dagster.sandbox.exchange import Answer
from ipaas_dagster.sandbox.salesforce.asked import Asked
from ipaas_dagster.sandbox.salesforce.describe import basic, describe, describe_global
from ipaas_dagster.sandbox.salesforce.ids import whole_id
from ipaas_dagster.sandbox.salesforce.problems import Problem, Refusal, answered, not_found
from ipaas_dagster.sandbox.salesforce.schema import Field, SObject
from ipaas_dagster.sandbox.salesforce.shown import attributes, record_url, value_of, whole
from ipaas_dagster.sandbox.salesforce.table import Table
from ipaas_dagster.sandbox.salesforce.values import text_reader
from ipaas_dagster.sandbox.salesforce.writing import Reading, no_such_column, upsert

FIRST_WITH_BODY = 46.0
"""From this version on an upsert that updated has a body; before, it was 204 and empty."""


def on_sobjects(asked: Asked) -> Answer:
    path = asked.rest[1:]
    if not path:
        asked.allow("GET")
        return answered(describe_global(asked.org.schema, asked.version))
    table = asked.table(path[0])
    if len(path) == 1:
        asked.allow("GET", "POST")
        return _insert(asked, table) if asked.call.method == "POST" else answered(basic(table.sobject, asked.version))
    if path[1:] == ("describe",):
        asked.allow("GET")
        return answered(describe(asked.org.schema, table.sobject, asked.version))
    if len(path) == 2:
        return _by_id(asked, table, path[1])
    return _by_field(asked, table, path[1], "/".join(path[2:]))


def _insert(asked: Asked, table: Table) -> Answer:
    record = asked.json()
    if any(name.lower() == "id" for name in record):
        raise Problem(400, "INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ["Id"])
    values = Reading(asked.org, table.sobject).values(record)
    made = asked.org.writes().insert(table, values)
    return answered({"id": made, "success": True, "errors": []}, 201)


def _by_id(asked: Asked, table: Table, given: str) -> Answer:
    asked.allow("GET", "PATCH", "DELETE")
    record_id = whole_id(given)
    if record_id is None or record_id[:3] != table.sobject.prefix:
        raise not_found()
    if asked.call.method == "GET":
        return _shown(asked, table, record_id)
    if record_id not in table.rows and record_id not in table.deleted:
        raise not_found()
    if asked.call.method == "DELETE":
        asked.org.writes().delete(table, record_id)
    else:
        asked.org.writes().update(table, record_id, _fields(asked, table, "Id"))
    return Answer(204)


def _by_field(asked: Asked, table: Table, name: str, value: str) -> Answer:
    asked.allow("GET", "PATCH", "DELETE")
    field = table.sobject.find(name)
    if field is None or not field.identifies:
        raise not_found(f"Provided external ID field does not exist or is not accessible: {name}")
    if field.name == "Id":
        return _by_id(asked, table, value)
    key = text_reader(field)(value)
    found = table.find(field, key) if key else []
    if len(found) > 1:
        return answered([record_url(table.sobject, one, asked.version) for one in found], 300)
    if asked.call.method == "PATCH":
        return _upsert(asked, table, field, key)
    if not found:
        raise not_found()
    if asked.call.method == "GET":
        return _shown(asked, table, found[0])
    asked.org.writes().delete(table, found[0])
    return Answer(204)


def _upsert(asked: Asked, table: Table, field: Field, key: Any) -> Answer:
    values = _fields(asked, table, "Id", field.name)
    only_update = asked.flag("updateOnly")
    written = upsert(asked.org.writes(), table, field, key, values, only_update=only_update)
    if not written.created and _says_nothing(asked):
        return Answer(204)
    document = {"id": written.id, "success": True, "errors": [], "created": written.created}
    return answered(document, 201 if written.created else 200)


def _says_nothing(asked: Asked) -> bool:
    chosen = asked.server.behaviour.upsert_update
    return chosen == "204" or (chosen == "by_version" and float(asked.version) < FIRST_WITH_BODY)


def _fields(asked: Asked, table: Table, *named_already: str) -> dict[str, Any]:
    """The body's values; what the address names already must not be in it."""
    record, again = asked.json(), {name.lower() for name in named_already}
    for name in record:
        if name.lower() in again:
            raise Refusal("INVALID_FIELD", f"The {name} field should not be specified in the sobject data.")
    return Reading(asked.org, table.sobject).values(record)


def _shown(asked: Asked, table: Table, record_id: str) -> Answer:
    row = table.rows.get(record_id)
    if row is None:
        raise not_found()
    sobject, wanted = table.sobject, asked.query.get("fields")
    fields = whole(sobject, row) if wanted is None else _chosen(sobject, row, wanted)
    return answered({"attributes": attributes(sobject, record_id, asked.version), **fields})


def _chosen(sobject: SObject, row: dict[str, Any], wanted: str) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    for name in ("Id", *wanted.split(",")):
        field = sobject.find(name.strip())
        if field is None:
            raise no_such_column(name, sobject)
        chosen[field.name] = value_of(sobject, row, field)
    return chosen
