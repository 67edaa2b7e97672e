"""The v2/External family, which every data API serves for its own tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ipaas_dagster.sandbox.exchange import Answer, Call
from ipaas_dagster.sandbox.ipaas_com.answers import load, success
from ipaas_dagster.sandbox.ipaas_com.listing import page
from ipaas_dagster.sandbox.ipaas_com.models import BY_NAME, COMPANY, MODELS, Model
from ipaas_dagster.sandbox.ipaas_com.problems import invalid, missing, no_resource, no_table, not_found, not_linked
from ipaas_dagster.sandbox.ipaas_com.records import ON_CHANGE

if TYPE_CHECKING:
    from ipaas_dagster.sandbox.ipaas_com.state import IpaasCom

_OF_API = {"customers": ("customer", "company"), "products": ("product",), "transactions": ("transaction",)}


def respond(server: IpaasCom, call: Call, api: str, rest: tuple[str, ...]) -> Answer:
    """`rest` is the path below v2/External."""
    what, more = rest[:1], rest[1:]
    if call.method == "POST" and what == ("LookupSpecial",) and not more:
        return _lookup_special(server, call, api)
    if call.method == "POST" and what == ("UpdateExternalId",) and not more:
        return _update(server, call, api)
    if call.method == "GET" and what == ("LookupSpaceport",) and len(more) == 3:
        return _answered(server, api, _number(more[0], "systemId"), more[1], more[2])
    if call.method == "GET" and what == ("LookupExternal",) and len(more) == 3:
        return _lookup_external(server, api, more)
    if call.method == "GET" and what == ("Missing",) and len(more) == 2:
        return _missing(server, call, api, more)
    if call.method == "DELETE" and len(rest) == 3:
        return _delete(server, api, rest)
    raise no_resource()


def _lookup_special(server: IpaasCom, call: Call, api: str) -> Answer:
    given = body_of(call)
    return _answered(server, api, _system(given), _text(given, "table_name"), _text(given, "external_id"))


def _answered(server: IpaasCom, api: str, system_id: int, table: str, external_id: str) -> Answer:
    link = server.records.links.find(system_id, _table(server, api, table), external_id)
    if link is None:
        raise not_linked()
    return success(link.answered)


def _lookup_external(server: IpaasCom, api: str, more: tuple[str, ...]) -> Answer:
    number, system_id, table = _number(more[0], "id"), _number(more[1], "systemId"), _table(server, api, more[2])
    for link in server.records.links.of(table, number):
        if link.system_id == system_id:
            return success(f"DELETED:{link.external_id}" if link.deleted else link.external_id)
    raise not_linked()


def _missing(server: IpaasCom, call: Call, api: str, more: tuple[str, ...]) -> Answer:
    system_id, records = _number(more[0], "systemId"), server.records
    model = _model(_table(server, api, more[1]))
    found = [
        one
        for one in records.tables[model.table].values()
        if all(link.system_id != system_id for link in records.links.of(model.table, one["id"]))
    ]
    return page(found, call.query, server.settings, lambda one: records.shown(model, one))


def _update(server: IpaasCom, call: Call, api: str) -> Answer:
    given = body_of(call)
    system_id, external_id = _system(given), _text(given, "external_id")
    table, number = (
        _table(server, api, _text(given, "table_name")),
        _number(str(given.get("internal_id")), "internal_id"),
    )
    if not _exists(server, table, number):
        raise not_found(f"Record {number}")
    server.records.links.check(system_id, table, external_id, number, ON_CHANGE, server.settings)
    link = server.records.links.put(system_id, table, external_id, number)
    return success({**link.as_json(), "table_name": given["table_name"], "internal_id": str(number)})


def _delete(server: IpaasCom, api: str, rest: tuple[str, ...]) -> Answer:
    """DELETE External/{id}/{systemId}/{table}: as LookupExternal has it; the real path is not documented."""
    number, system_id, table = _number(rest[0], "id"), _number(rest[1], "systemId"), _table(server, api, rest[2])
    if not server.records.links.forget(table, number, system_id):
        raise not_linked()
    return success(None)


def _exists(server: IpaasCom, table: str, number: int) -> bool:
    if table in server.records.tables:
        return number in server.records.tables[table]
    return any(
        one["id"] == number
        for model in MODELS
        for name, below in model.lists.items()
        if below.table == table
        for record in server.records.tables[model.table].values()
        for one in record[name]
    )


def _table(server: IpaasCom, api: str, name: str) -> str:
    """As it is kept; an API knows its own tables only."""
    wanted = name.lower()
    own = server.settings.company_table.lower()
    for model in (BY_NAME[one] for one in _OF_API[api]):
        tables = [own if model is COMPANY else model.table, *(below.table for below in model.lists.values())]
        if wanted in tables:
            return COMPANY.table if model is COMPANY else wanted
    raise no_table(name)


def _model(table: str) -> Model:
    for model in MODELS:
        if model.table == table:
            return model
    raise no_table(table)


def body_of(call: Call) -> dict[str, Any]:
    try:
        found = load(call.body)
    except ValueError as problem:
        raise invalid(f"The body is not valid JSON: {problem}") from None
    if not isinstance(found, dict):
        raise invalid("The body must be a JSON object.")
    return found


def _text(given: dict[str, Any], name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value:
        raise missing(name)
    return value


def _system(given: dict[str, Any]) -> int:
    value = given.get("system_id")
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise invalid("system_id must be a whole number above 0.")
    return value


def _number(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise invalid(f"{name} must be a whole number.")
    return int(text)
