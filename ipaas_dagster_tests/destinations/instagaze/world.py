"""One installation that fills a second portal; its hub is in memory. And what two portals have in common."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ipaas_dagster.deliver import DeliverResult, Means, deliver, setting
from ipaas_dagster.destinations.base import Destination
from ipaas_dagster.destinations.instagaze import connect
from ipaas_dagster.project import Project
from ipaas_dagster_tests.outbox.world import World

Record = dict[str, Any]
Truth = Callable[[str], Sequence[Record]]
START = datetime(2026, 8, 1, 5, 9, 18, tzinfo=UTC)


class Copy(World):
    """`deliver` waits on the world's own clock, which nothing else moves."""

    def __init__(self, folder: Path, environment: Mapping[str, str], **variables: str) -> None:
        super().__init__(folder, environment={**environment, **variables})

    def destination(self, project: Project | None = None, system: str = "portal_b") -> Destination:
        return connect(replace(setting(project or self.project, system), wait=self.clock.wait))

    @property
    def means(self) -> Means:
        return Means(self.destination, wait=self.clock.wait, chance=lambda: 0.0, patience=100_000.0)

    def deliver(self, system: str = "portal_b") -> DeliverResult:
        return deliver(self.project, system, self.means)

    def delivered(self) -> DeliverResult:
        """A delivery after which nothing is owed."""
        result = self.deliver()
        left = [(e.hub_id, e.state, e.reason) for e in self.entries() if e.state not in ("delivered", "superseded")]
        assert (result.stopped, left) == (None, [])
        self.assert_balanced()
        return result

    def entry(self, hub_id: str) -> Any:
        """The last one of a record."""
        return self.entries(hub_id=hub_id)[-1]

    def customer(self, which: int, /, **columns: Any) -> str:
        hub_id = f"instagaze:accounts:{which}"
        own = {"name": f"Customer {which}", "number": f"N-{which}", "billing_city": "Lyon", "autopay_only": False}
        self.hub.put("customers", hub_id, **{**own, **columns})
        return hub_id

    def contact(self, which: int, of: int, /, **columns: Any) -> str:
        hub_id = f"instagaze:contacts:{which}"
        own = {"name": f"Person {which}", "email": f"p{which}@example.com", "customer_id": f"instagaze:accounts:{of}"}
        self.hub.put("contacts", hub_id, **{**own, **columns})
        return hub_id

    def item(self, which: int, /, **columns: Any) -> str:
        hub_id = f"instagaze:products:{which}"
        own = {"name": f"Plan {which}", "code": f"P-{which}", "unit_price_minor": 1000 * which, "currency": "USD"}
        self.hub.put("items", hub_id, **{**own, "default_quantity": 1, **columns})
        return hub_id

    def invoice(self, which: int, of: int, /, **columns: Any) -> str:
        hub_id = f"instagaze:invoices:{which}"
        own = {"number": f"INV{which}", "customer_id": f"instagaze:accounts:{of}", "currency": "USD", "quantity": 1}
        money = {"net_amount_minor": 2000, "discount_minor": 0, "tax_minor": 200, "total_minor": 2200}
        self.hub.put("invoices", hub_id, **{**own, **money, "due_at": START, "is_paid": False, **columns})
        line = {"line_number": 1, "item_code": "P-1", "item_name": "Plan 1", "quantity": 2, "unit_price_minor": 1000}
        extra = {"currency_id": 1, "portal_id": 1}
        self.hub.put("invoice_lines", f"{hub_id}#1", invoice_id=hub_id, currency="USD", extra=extra, **line)
        return hub_id

    def subscription(self, which: int, of: int, item: int, /, **columns: Any) -> str:
        hub_id = f"instagaze:subscriptions:{which}"
        refers = {"customer_id": f"instagaze:accounts:{of}", "item_id": f"instagaze:products:{item}"}
        own = {"currency": "USD", "price_minor": 1000, "total_minor": 1000, "quantity": 1, "contract_start": START}
        every = {"billing_frequency": "quarterly", "extra": {"billing_frequency": {"id": 6}}}
        self.hub.put("subscriptions", hub_id, **{**own, **refers, **every, **columns})
        return hub_id

    def business(self, customers: int) -> None:
        """Some of everything; every fifth subscription is there twice, as alike as two can be."""
        for n in range(1, 4):
            self.item(n, currency=("USD", "EUR", "JPY")[n - 1])
        for n in range(1, customers + 1):
            self.customer(n, number="98888" if n % 7 == 0 else f"N-{n}")
            self.contact(n, n)
            self.invoice(n, n)
            self.subscription(n, n, n % 3 + 1)
            if n % 5 == 0:
                self.subscription(1000 + n, n, n % 3 + 1)


def pictures(truth: Truth) -> dict[str, Counter[str]]:
    """What a portal holds in every field that can be written, ids replaced by what they stand for."""
    accounts = {str(one["id"]): _account(one) for one in truth("accounts")}
    products = {str(one["id"]): _product(one) for one in truth("products")}
    invoices = [
        [accounts.get(str(one["account_id"])), _lines(one["products"]), *_some(one, "number payment_due_date paid")]
        for one in truth("invoices")
    ]
    subscriptions = [
        [accounts.get(str(one["account_id"])), products.get(str(one["product_id"])), *_some(one, _CONTRACT)]
        for one in truth("subscriptions")
    ]
    amounts = [_some(one, _AMOUNTS) for one in truth("invoices")]
    contracts = [
        [(one.get("billing_frequency") or {}).get("id"), *_some(one, _AMOUNTS)] for one in truth("subscriptions")
    ]
    made = {
        "accounts": accounts.values(),
        "products": products.values(),
        "invoices": [[*a, *b] for a, b in zip(invoices, amounts, strict=True)],
        "subscriptions": [[*a, *b] for a, b in zip(subscriptions, contracts, strict=True)],
    }
    return {name: Counter(json.dumps(one, sort_keys=True) for one in found) for name, found in made.items()}


_AMOUNTS = "price quantity net_amount discount tax total"
_CONTRACT = "contract_start_date contract_end_date"


def _some(record: Record, names: str) -> list[Any]:
    said = record.get("currency")
    meant = said.get("name") if isinstance(said, dict) else {"$": "USD", "€": "EUR", "£": "GBP"}.get(str(said), said)
    return [meant, *(record.get(name) for name in names.split())]


def _account(record: Record) -> Any:
    address = record.get("billing_address") or {}
    code = address.get("postalCode", address.get("postal_code"))
    place = [address.get(name) for name in ("city", "country", "latitude", "longitude", "state", "street")]
    people = sorted([str(one["name"]), str(one["email"])] for one in record["contacts"] if not one.get("is_deleted"))
    names = "account_name account_owner account_owner_email account_number autopay_only"
    return [*_some(record, names), record.get("invoice_prefix") or None, code, place, people]


def _product(record: Record) -> Any:
    names = "product_name product_description price product_code product_quantity tax_code tax_description"
    return _some(record, names)


def _lines(lines: Any) -> Any:
    return json.loads(lines) if isinstance(lines, str) else lines
