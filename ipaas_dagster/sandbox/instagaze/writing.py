"""What a POST or a PATCH makes of a record: what has to be there, what the server adds, what it hides."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ipaas_dagster.sandbox.instagaze.answers import Problem
from ipaas_dagster.sandbox.instagaze.documented import refuse_undocumented
from ipaas_dagster.sandbox.instagaze.resources import Resource

Record = dict[str, Any]
PORTAL = 1
SERVER_SETS = ("id", "portal_id", "created_at", "updated_at")
FREQUENCIES = {1: "once", 2: "daily", 3: "weekly", 4: "biweekly", 5: "monthly", 6: "quarterly", 7: "yearly"}
WHOLE = (
    "price",
    "quantity",
    "net_amount",
    "discount",
    "tax",
    "total",
    "product_quantity",
    "paid_amount",
    "refund",
)
MASKED = ("password", "sender_password", "user_password")
STAMPED = ("salesforce_instances", "pipelines")
"""Collections whose records show when they were created and updated."""

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "accounts": {
        "portal_id": PORTAL,
        "account_name": None,
        "in_account_id": None,
        "in_updated_at": None,
        "account_owner": None,
        "account_owner_email": None,
        "invoice_prefix": "",
        "billing_address": {},
        "account_number": None,
        "autopay_only": False,
        "is_autopay": False,
        "contacts": [],
    },
    "products": {
        "in_product_id": None,
        "product_name": None,
        "product_description": None,
        "price": None,
        "product_code": None,
        "product_quantity": 1,
        "currency": "$",
        "is_active": True,
        "tax_code": None,
        "tax_description": None,
    },
    "invoices": {
        "portal_id": PORTAL,
        "account_id": None,
        "number": None,
        "products": [],
        "currency": "$",
        "salesperson": None,
        "contract_start_date": None,
        "contract_end_date": None,
        "payment_due_date": None,
        "forgiven": False,
        "paid": False,
        "custom": {},
    },
    "subscriptions": {"portal_id": PORTAL, "currency": "$", "discount": 0, "tax": 0},
    "salesforce_instances": {"portal_id": PORTAL},
    "intacct_instances": {"portal_id": PORTAL},
    "pipelines": {
        "portal_id": PORTAL,
        "pull_status": None,
        "last_pull": None,
        "push_status": None,
        "last_push": None,
        "is_active": False,
    },
}


@dataclass(frozen=True)
class Surroundings:
    """What writing a record needs to know of the others, and of the time."""

    now: str
    find: Callable[[str, int], Record | None]
    next_child: Callable[[str], int]
    """The next id of a kind of nested record: contacts, mappings."""
    portal: int = PORTAL
    strict: bool = False
    """Only what the document shows in a POST or PATCH of the record may be given, and in that form."""


def read_body(body: bytes) -> Record:
    """The object that was sent; an empty body is an empty object, as the document's own examples send it."""
    try:
        given = json.loads(body) if body.strip() else {}
    except ValueError as cause:
        raise Problem(400, f"The body is not JSON: {cause}") from cause
    if not isinstance(given, dict):
        raise Problem(422, "The body has to be an object.")
    return given


def create(resource: Resource, number: int, given: Record, around: Surroundings) -> Record:
    """The record that a POST makes. Raises Problem 422 naming the field that cannot be accepted."""
    for name in resource.required:
        if given.get(name) in (None, ""):
            raise Problem(422, f"{name} is required.", name)
    if around.strict:
        refuse_undocumented(resource.name, given)
    stamps = {"created_at": around.now, "updated_at": around.now} if resource.name in STAMPED else {}
    base = {"id": number, **DEFAULTS[resource.name], **stamps}
    if "portal_id" in base:
        base["portal_id"] = around.portal
    return _write(resource, base, given, around)


def change(resource: Resource, old: Record, given: Record, around: Surroundings) -> Record:
    """The record that a PATCH makes: what is given replaces what was there, nested objects as a whole."""
    for name in resource.required:
        if name in given and given[name] in (None, ""):
            raise Problem(422, f"{name} is required.", name)
    if around.strict:
        refuse_undocumented(resource.name, given)
        if resource.name == "invoices" and not isinstance(given.get("products", ""), str):
            raise Problem(422, "products of a change have to be a text.", "products")
    stamps = {"updated_at": around.now} if resource.name in STAMPED and given else {}
    return _write(resource, {**old, **stamps}, given, around)


def _write(resource: Resource, base: Record, given: Record, around: Surroundings) -> Record:
    _check_whole(given)
    record: Record = {**base, **given}
    record.update({name: base[name] for name in SERVER_SETS if name in base})
    complete = _COMPLETE.get(resource.name)
    return complete(record, base, given, around) if complete else record


def _check_whole(given: Record) -> None:
    for name in WHOLE:
        value = given.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise Problem(422, f"{name} has to be an integer.", name)


def _account(record: Record, base: Record, given: Record, around: Surroundings) -> Record:
    if "contacts" in given:
        record["contacts"] = _contacts(record["id"], base.get("contacts") or [], given["contacts"], around)
    return record


def _contacts(account: int, old: list[Record], given: Any, around: Surroundings) -> list[Record]:
    """Contacts are a set: what is not given is no longer there. Who is known, by id or by name and e-mail,
    keeps the id. The document's table shows a single object where its example shows a list."""
    wanted = [given] if isinstance(given, dict) else given
    if not isinstance(wanted, list) or not all(isinstance(one, dict) for one in wanted):
        raise Problem(422, "contacts has to be a list of objects.", "contacts")
    left, contacts = list(old), []
    for one in wanted:
        known = next((other for other in left if _same_contact(one, other)), None)
        if known is not None:
            left.remove(known)
        contacts.append(_contact(account, known, one, around))
    return contacts


def _same_contact(given: Record, known: Record) -> bool:
    if "id" in given:
        return bool(given["id"] == known.get("id"))
    return (given.get("name"), given.get("email")) == (known.get("name"), known.get("email"))


def _contact(account: int, known: Record | None, given: Record, around: Surroundings) -> Record:
    fresh = {"portal_id": around.portal, "is_deleted": False, "created_at": around.now, "updated_at": around.now}
    fixed = {"id": known["id"] if known else around.next_child("contacts"), "account_id": account}
    if known and all(known.get(name) == value for name, value in given.items()):
        return known
    defaults = {"name": None, "email": None, "is_active": True, "is_enrolled": False}
    return {
        "id": 0,
        **fresh,
        "account_id": account,
        **defaults,
        **(known or {}),
        **given,
        "updated_at": around.now,
        **fixed,
    }


def _invoice(record: Record, base: Record, given: Record, around: Surroundings) -> Record:
    if "account_id" in given:
        _existing("accounts", "account_id", given, around)
    if isinstance(record["products"], str):
        record["products"] = _parse(record["products"])
    if not isinstance(record["products"], list):
        raise Problem(422, "products has to be a list.", "products")
    return record


def _parse(text: str) -> Any:
    """The document's PATCH sends the list of products as a JSON text."""
    try:
        return json.loads(text)
    except ValueError as cause:
        raise Problem(422, f"products is not JSON: {cause}", "products") from cause


def _subscription(record: Record, base: Record, given: Record, around: Surroundings) -> Record:
    account = _existing("accounts", "account_id", record, around)
    product = _existing("products", "product_id", record, around)
    frequency = record.get("billing_frequency")
    if isinstance(frequency, dict):
        name = FREQUENCIES.get(frequency.get("id", 0), "monthly")
        record["billing_frequency"] = {"id": frequency.get("id", 5), "name": name}
    embedded = {name: value for name, value in account.items() if name != "contacts"}
    start = {
        "id": record["id"],
        "portal_id": around.portal,
        "account": {**embedded, "is_active": True},
        "product": product,
    }
    return {**start, **{name: value for name, value in record.items() if name not in start}}


def _existing(collection: str, name: str, record: Record, around: Surroundings) -> Record:
    number = record.get(name)
    found = around.find(collection, number) if isinstance(number, int) else None
    if found is None:
        raise Problem(422, f"There is no record {number!r} for {name}.", name)
    return found


def _instance(record: Record, base: Record, given: Record, around: Surroundings) -> Record:
    """Passwords are never answered: as many stars as it had characters."""
    hidden = {name: "*" * len(str(given[name])) for name in MASKED if given.get(name)}
    return {**record, **hidden}


def _pipeline(record: Record, base: Record, given: Record, around: Surroundings) -> Record:
    integration = record.get("integration")
    if not isinstance(integration, dict):
        raise Problem(422, "integration has to be an object.", "integration")
    if "mappings" in given:
        record["mappings"] = [_mapping(one, around) for one in given["mappings"] or []]
    return {**record, "module": integration.get("name", record.get("module"))}


def _mapping(given: Record, around: Surroundings) -> Record:
    fresh = {"id": around.next_child("mappings"), "external": None, "read_only": False, "is_custom": False}
    modifiers = {"pull_modifier": None, "push_modifier": None}
    field = given.get("pp_field") or {}
    known = around.find("schemas", field["id"]) if isinstance(field.get("id"), int) else None
    described = {name: value for name, value in (known or field).items() if name != "ppobject_id"}
    return {**fresh, **modifiers, **given, "pp_field": described}


_COMPLETE: Mapping[str, Callable[[Record, Record, Record, Surroundings], Record]] = {
    "accounts": _account,
    "invoices": _invoice,
    "subscriptions": _subscription,
    "salesforce_instances": _instance,
    "intacct_instances": _instance,
    "pipelines": _pipeline,
}
