"""Create, update (full and sparse), delete, void: what one request, or one item of a batch, does."""

from __future__ import annotations

from typing import Any

from ipaas_dagster.sandbox.quickbooks import invoices, payments
from ipaas_dagster.sandbox.quickbooks.books import Books
from ipaas_dagster.sandbox.quickbooks.kinds import Kind
from ipaas_dagster.sandbox.quickbooks.money import ZERO
from ipaas_dagster.sandbox.quickbooks.problems import Problem, missing, operation_unsupported, stale
from ipaas_dagster.sandbox.quickbooks.properties import Record

DUPLICATES = "allowduplicatedocnum"


def write(books: Books, kind: Kind, operation: str | None, given: Any, include: str = "") -> Record:
    """Do it, and return the record as it is answered. Without an operation, an Id makes it an update."""
    if not isinstance(given, dict):
        raise Problem("2010", f"The request body has to be a {kind.name} object", kind.name)
    if kind.complete is None:
        raise operation_unsupported(f"{operation or 'create'} for entity {kind.name}")
    chosen = operation or ("update" if given.get("Id") not in (None, "") else "create")
    if chosen == "create":
        if operation is None and given.get("sparse") in (True, "true"):
            raise missing("Id")
        return _create(books, kind, given, include)
    if chosen == "update":
        return _void(books, kind, given) if include == "void" else _update(books, kind, given, include)
    if chosen == "delete" and kind.deletable:
        return _delete(books, kind, given)
    if chosen == "void" and kind.name == "Invoice":
        return _void(books, kind, given)
    raise operation_unsupported(f"{chosen} for entity {kind.name}")


def _create(books: Books, kind: Kind, given: Record, include: str) -> Record:
    sent = {name: value for name, value in kind.properties.read(given).items() if value is not None}
    record = _complete(books, kind, sent, None, include)
    now = books.now()
    meta = {"CreateTime": now, "LastUpdatedTime": now}
    whole = {"Id": books.next_id(kind.name), "SyncToken": "0", "MetaData": meta, **record}
    return _store(books, kind, {**whole, "domain": "QBO", "sparse": False}, None)


def _update(books: Books, kind: Kind, given: Record, include: str) -> Record:
    """A sparse update keeps what is not named; a full one empties it."""
    old = _current(books, kind, given)
    sent = kind.properties.read(given)
    kept = {name: old[name] for name in kind.properties.types if name in old}
    base = kept if given.get("sparse") in (True, "true") else {}
    if kind.name == "Item" and "Type" in old:
        base.setdefault("Type", old["Type"])
    merged = {name: value for name, value in {**base, **sent}.items() if value is not None}
    _rename(kind, sent, merged)
    changes = _complete(books, kind, {**merged, "Id": old["Id"]}, old, include)
    fixed = {name: old[name] for name in ("MetaData", "SyncToken", "domain")}
    return _store(books, kind, books.touched({**fixed, "sparse": False}, changes), old)


def _rename(kind: Kind, sent: Record, merged: Record) -> None:
    """Where only the display name is changed, the name for checks that was derived from it follows."""
    if "DisplayName" in sent and "PrintOnCheckName" not in sent:
        merged.pop("PrintOnCheckName", None)


def _complete(books: Books, kind: Kind, record: Record, old: Record | None, include: str) -> Record:
    if kind.name == "Invoice":
        return invoices.complete(books, record, old, duplicates=include == DUPLICATES)
    assert kind.complete is not None
    return kind.complete(books, record, old)


def _current(books: Books, kind: Kind, given: Record) -> Record:
    """The record that is meant, if nobody changed it since it was read."""
    number, token = given.get("Id"), given.get("SyncToken")
    if number in (None, ""):
        raise missing("Id")
    if not str(number).isdigit():
        raise Problem("2030", f"Invalid ID. Supplied value: {str(number)[:40]}", "Id")
    if token in (None, ""):
        raise missing("SyncToken")
    old = books.find(kind.name, str(number))
    if str(token) != old["SyncToken"]:
        raise stale()
    return old


def _store(books: Books, kind: Kind, record: Record, old: Record | None) -> Record:
    if kind.name == "Payment":
        payments.apply(books, old, record)
    books.put(kind.name, record)
    _owe(books, kind, record, old)
    return record


def _owe(books: Books, kind: Kind, record: Record | None, old: Record | None) -> None:
    """Follow what the customers owe. Their records are not changed by that as far as SyncTokens go."""
    field = {"Invoice": "TotalAmt", "Payment": "TotalAmt"}.get(kind.name)
    for one, sign in ((old, -1), (record, 1)):
        if field is None or one is None:
            continue
        customer = books.tables["Customer"][one["CustomerRef"]["value"]]
        worth = one[field] * sign * (1 if kind.name == "Invoice" else -1)
        balance = customer.get("Balance", ZERO) + worth
        books.put("Customer", {**customer, "Balance": balance, "BalanceWithJobs": balance})


def _delete(books: Books, kind: Kind, given: Record) -> Record:
    old = _current(books, kind, given)
    if kind.name == "Payment":
        payments.apply(books, old, None)
    else:
        payments.release(books, old)
    books.remove(kind.name, old["Id"])
    _owe(books, kind, None, old)
    return {"status": "Deleted", "domain": "QBO", "Id": old["Id"]}


def _void(books: Books, kind: Kind, given: Record) -> Record:
    if kind.name not in ("Invoice", "Payment"):
        raise operation_unsupported(f"void for entity {kind.name}")
    old = _current(books, kind, given)
    if kind.name == "Invoice":
        payments.release(books, old)
        changes = invoices.voided(old)
    else:
        changes = payments.voided(old)
    return _store(books, kind, books.touched(old, {**changes, "Id": old["Id"]}), old)
