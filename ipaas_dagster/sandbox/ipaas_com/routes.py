"""A request: which API, who asks, within which limits, and for what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ipaas_dagster.sandbox.exchange import Answer, Call
from ipaas_dagster.sandbox.ipaas_com import answers, external_calls, sso
from ipaas_dagster.sandbox.ipaas_com.listing import page, search
from ipaas_dagster.sandbox.ipaas_com.models import COMPANY, CUSTOMER, PRODUCT, TRANSACTION, Model
from ipaas_dagster.sandbox.ipaas_com.problems import Problem, no_permission, no_resource, not_deletable, not_found

if TYPE_CHECKING:
    from ipaas_dagster.sandbox.ipaas_com.state import IpaasCom

PREFIX = "ipaas-com"
SINGLE: dict[tuple[str, ...], Model] = {
    ("customers", "Customer", "Company"): COMPANY,
    ("customers", "Customer"): CUSTOMER,
    ("products", "Catalog", "Product"): PRODUCT,
    ("transactions", "Transaction"): TRANSACTION,
}
MANY: dict[tuple[str, ...], Model] = {
    ("customers", "Customer", "Companies"): COMPANY,
    ("customers", "Customers"): CUSTOMER,
    ("products", "Catalog", "Products"): PRODUCT,
    ("transactions", "Transactions"): TRANSACTION,
}


def respond(server: IpaasCom, call: Call) -> Answer:
    try:
        return _respond(server, call)
    except Problem as problem:
        return answers.error(problem, server.settings.errors)


def _respond(server: IpaasCom, call: Call) -> Answer:
    api = server.settings.api_of(call.path[1]) if len(call.path) > 1 else None
    if api is None or call.path[2:3] != ("v2",):
        return Answer(404)
    rest = call.path[3:]
    if api == "sso":
        return sso.respond(server, call, rest)
    company = server.tokens.company(call.headers.get("authorization", ""), server.settings, server.clock.now())
    server.limits.admit(server.settings, server.clock.now())
    if company != server.settings.companies[0][0]:
        raise no_permission("This company has no plan for this API.")
    if api == "subscriptions":
        return _subscriptions(server, call, rest)
    if api in ("customers", "products", "transactions") and rest[:1] == ("External",):
        return external_calls.respond(server, call, api, rest[1:])
    return _records(server, call, (api, *rest))


def _records(server: IpaasCom, call: Call, path: tuple[str, ...]) -> Answer:
    records = server.records
    if call.method == "GET" and path in MANY:
        return search(records, MANY[path], call.query, server.settings)
    if path in SINGLE and call.method in ("POST", "PUT"):
        return _write(server, call, SINGLE[path], None)
    if path[:-1] in SINGLE and _is_number(path[-1]):
        model, number = SINGLE[path[:-1]], int(path[-1])
        if call.method == "GET":
            return answers.success(records.shown(model, records.find(model, number)))
        if call.method == "PUT":
            return _write(server, call, model, number)
        if call.method == "DELETE":
            return _delete(server, model, number)
    raise no_resource()


def _write(server: IpaasCom, call: Call, model: Model, number: int | None) -> Answer:
    given = external_calls.body_of(call)
    if call.method == "POST":
        if number is not None:
            raise no_resource()
        record = server.records.create(model, given)
        server.note(model, record["id"], "Create")
        return answers.success(server.records.shown(model, record), server.settings.created_status)
    in_path = server.settings.put_path == "id"
    if in_path != (number is not None):
        raise no_resource()
    named = number if number is not None else given.get("id")
    if not isinstance(named, int):
        raise not_found(f"{model.name} {named}")
    record = server.records.change(model, named, given)
    server.note(model, named, "Update")
    return answers.success(server.records.shown(model, record))


def _delete(server: IpaasCom, model: Model, number: int) -> Answer:
    if not server.settings.deletes:
        raise not_deletable()
    server.records.delete(model, number)
    server.note(model, number, "Delete")
    return answers.success(None)


def _subscriptions(server: IpaasCom, call: Call, rest: tuple[str, ...]) -> Answer:
    """A subscription is a connected integration; its id is the system's."""
    settings = server.settings
    shown = {"id": settings.system_id, "name": "Instagaze", "status": "Active"}
    if call.method == "GET" and rest == ("Subscriptions",):
        return page([shown], call.query, settings, dict)
    if call.method == "GET" and len(rest) == 2 and rest[0] == "Subscription":
        if rest[1] != str(settings.system_id):
            raise not_found(f"Subscription {rest[1]}")
        return answers.success(shown)
    if call.method == "GET" and rest == ("Events",) and settings.events:
        return page(list(reversed(server.events)), call.query, settings, dict)
    raise no_resource()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
