"""Somebody else at work in a system: a customer there gets another name, or is deleted, without a word to us."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from ipaas_dagster_tests.destinations.conformance.systems import Connected, Remote


@dataclass(frozen=True)
class Tampering:
    """By the customer's name there."""

    rename: Callable[[Connected, str, str], object]
    delete: Callable[[Connected, str], object]


def _remote(there: Connected) -> Remote:
    assert there.remote is not None
    return there.remote


def _find(there: Connected, object_: str, field: str, name: str) -> Mapping[str, Any]:
    return next(one for one in _remote(there).stand_in.truth(object_) if one[field] == name)  # type: ignore[attr-defined,no-any-return]


def _by_command(of: str, object_: str, field: str, id_: str, word: str = "id") -> Tampering:
    """Stand-ins that are asked by `{<of>: object, <word>: id}`."""

    def where(there: Connected, name: str) -> dict[str, Any]:
        return {of: object_, word: _find(there, object_, field, name)[id_]}

    def ask(there: Connected, command: str, given: dict[str, Any]) -> object:
        return _remote(there).stand_in.command(command, given)

    return Tampering(
        lambda there, name, other: ask(there, "change", {**where(there, name), "fields": {field: other}}),
        lambda there, name: ask(there, "delete", where(there, name)),
    )


def _sql(there: Connected, statement: str, **values: str) -> None:
    engine = create_engine(there.environment["IPAAS_SQL_URL"])
    with engine.begin() as connection:
        connection.execute(text(statement), values)
    engine.dispose()


def _in_file(there: Connected, name: str, change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> None:
    """The lines of a record in every batch of customers."""
    folder = Path(there.environment["IPAAS_FILES_FOLDER"]) / "customers" / "batches"
    for file in folder.iterdir():
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        kept = [change(one) if (one.get("record") or {}).get("name") == name else one for one in lines]
        file.write_text("".join(json.dumps(one) + "\n" for one in kept if one is not None), encoding="utf-8")


def _renamed(line: dict[str, Any], other: str) -> dict[str, Any]:
    return {**line, "record": {**line["record"], "name": other}}


_CUSTOMER = _by_command("model", "customer", "company", "id")
_COMPANY = _by_command("model", "company", "name", "id")
TAMPERING: Mapping[str, Tampering] = {
    "sql": Tampering(
        lambda there, name, other: _sql(there, "UPDATE customers SET name = :o WHERE name = :n", o=other, n=name),
        lambda there, name: _sql(there, "DELETE FROM customers WHERE name = :n", n=name),
    ),
    "files": Tampering(
        lambda there, name, other: _in_file(there, name, lambda line: _renamed(line, other)),
        lambda there, name: _in_file(there, name, lambda line: None),
    ),
    "salesforce": _by_command("object", "Account", "Name", "Id"),
    "quickbooks": Tampering(
        _by_command("entity", "Customer", "DisplayName", "Id").rename,
        lambda there, name: _remote(there).stand_in.command(
            "change",
            {
                "entity": "Customer",
                "id": _find(there, "Customer", "DisplayName", name)["Id"],
                "fields": {"Active": False},
            },
        ),
    ),
    "intacct": _by_command("object", "CUSTOMER", "NAME", "CUSTOMERID", "key"),
    "ipaas_com": Tampering(
        lambda there, name, other: [one.rename(there, name, other) for one in (_CUSTOMER, _COMPANY)],
        _CUSTOMER.delete,
    ),
    "portal_b": _by_command("collection", "accounts", "account_name", "id"),
}
"""By kind, as the conformance suite names it."""


def _again(
    of: str, object_: str, fields: Callable[[str, str], dict[str, Any]]
) -> Callable[[Connected, str, str], object]:
    """Made anew by somebody with our key or mark in it."""
    return lambda there, hub_id, name: _remote(there).stand_in.command(
        "seed", {of: object_, "records": [fields(hub_id, name)]}
    )


def _reactivated(there: Connected, hub_id: str, name: str) -> object:
    gone = next(one for one in _remote(there).stand_in.truth("Customer") if not one["Active"])  # type: ignore[attr-defined]
    return _remote(there).stand_in.command(
        "change", {"entity": "Customer", "id": gone["Id"], "fields": {"Active": True, "DisplayName": name}}
    )


BACK_THERE: Mapping[str, Callable[[Connected, str, str], object]] = {
    "sql": lambda there, hub_id, name: _sql(
        there, "INSERT INTO customers (hub_id, name) VALUES (:i, :n)", i=hub_id, n=name
    ),
    "salesforce": _again("object", "Account", lambda hub_id, name: {"Name": name, "Ipaas_Hub_Id__c": hub_id}),
    "quickbooks": _reactivated,
    "intacct": _again(
        "object",
        "CUSTOMER",
        lambda hub_id, name: {"CUSTOMERID": "C-1", "NAME": name, "COMMENTS": f"ipaas:{hub_id}", "STATUS": "active"},
    ),
}
"""A customer that was deleted there is there again: (connected, hub id, name)."""
