"""Random changes to the records, by seed: what other users of the system would be doing meanwhile."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from ipaas_dagster.sandbox.instagaze.generator import (
    CURRENCY_NUMBERS,
    Generator,
    Product,
    account_as_embedded,
    first_contact,
)

Record = dict[str, Any]


@dataclass(frozen=True)
class Mutation:
    """Ids of what was inserted, changed and deleted. No id is in two of them."""

    inserted: tuple[int, ...] = ()
    changed: tuple[int, ...] = ()
    deleted: tuple[int, ...] = ()


class Neighbours(Protocol):
    """Where a new record finds those that it refers to."""

    def record(self, collection: str, number: int) -> Record | None: ...

    def usable_ids(self, collection: str) -> list[int]: ...


def fresh(collection: str, number: int, generator: Generator, stamp: int, around: Neighbours) -> Record:
    """A new record of a collection, referring to records that are there."""
    if collection not in _FRESH:
        raise ValueError(f"a new record of {collection} has to be given in full")
    record: Record = json.loads(_FRESH[collection](number, generator, stamp, around))
    return record


def _account(number: int, generator: Generator, stamp: int, around: Neighbours) -> str:
    return generator.account(number, stamp)


def _product(number: int, generator: Generator, stamp: int, around: Neighbours) -> str:
    return generator.product(number).body


def _invoice(number: int, generator: Generator, stamp: int, around: Neighbours) -> str:
    account = _one(around, "accounts", generator)
    product = as_product(_one(around, "products", generator), generator)
    return generator.invoice(number, account["id"], [product], stamp)[0]


def _subscription(number: int, generator: Generator, stamp: int, around: Neighbours) -> str:
    account, product = _one(around, "accounts", generator), _one(around, "products", generator)
    shown = {name: value for name, value in account.items() if name != "contacts"}
    embedded = account_as_embedded(_compact({**shown, "contacts": []}))
    return generator.subscription(number, (account["id"], embedded), as_product(product, generator), stamp)


def _transaction(number: int, generator: Generator, stamp: int, around: Neighbours) -> str:
    account = _one(around, "accounts", generator)
    product = as_product(_one(around, "products", generator), generator)
    known = _one(around, "invoices", generator)
    _, invoice = generator.invoice(known["id"], account["id"], [product], stamp)
    invoice = replace(invoice, account=known["account_id"], name=known["number"])
    return generator.transaction(number, invoice, first_contact(_compact(account)), stamp)


_FRESH: Mapping[str, Callable[[int, Generator, int, Neighbours], str]] = {
    "accounts": _account,
    "products": _product,
    "invoices": _invoice,
    "subscriptions": _subscription,
    "transactions": _transaction,
}


def as_product(record: Record, generator: Generator) -> Product:
    """A stored product, as generated records repeat it."""
    shown = record["currency"]
    currency = CURRENCY_NUMBERS[shown["name"] if isinstance(shown, dict) else shown]
    made = generator.product(record["id"])
    return Product(_compact(record), record["id"], record["price"], currency, made.line)


def changed_fields(collection: str, record: Record, dice: random.Random) -> Record:
    """Fields with other values than the record has. Every change makes a difference."""
    token = f"{dice.getrandbits(40):010x}"
    if collection == "accounts":
        return _changed_account(record, dice, token)
    if collection == "products":
        return dice.choice(({"price": record["price"] + dice.randint(1, 500)}, {"product_description": f"É {token}"}))
    if collection == "invoices":
        return dice.choice(({"paid": not record["paid"]}, {"custom": {"Customer_ID__c": f"CUST-{token}"}}))
    if collection == "subscriptions":
        return {"total": record["total"] + 1, "tax": record["tax"] + 1}
    if collection == "transactions":
        return {"status": "REFUNDED", "refund": record["paid_amount"], "charge_message": f"Refunded {token}"}
    return {"name": f"{record.get('name', '')[:40]} {token}"}


def _changed_account(record: Record, dice: random.Random, token: str) -> Record:
    contacts = record["contacts"]
    renamed = {"account_name": f"{record['account_name'][:40]} {token}"}
    chances: list[Record] = [
        renamed,
        {"billing_address": {**record["billing_address"], "city": f"市 {token}"}},
    ]
    if contacts:
        chances.append({"contacts": [{**contacts[0], "name": f"محمد {token}"}, *contacts[1:]]})
        chances.append({"contacts": contacts[:-1]})
    return dice.choice(chances)


def _one(around: Neighbours, collection: str, generator: Generator) -> Record:
    ids = around.usable_ids(collection)
    record = around.record(collection, generator.any(ids)) if ids else None
    if record is None:
        raise ValueError(f"a new record needs one of {collection} to refer to, and there is none")
    return record


def _compact(record: Record) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))
