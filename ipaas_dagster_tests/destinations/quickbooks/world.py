"""One installation that delivers to one QuickBooks company: its hub is in memory, its books are the sandbox's."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from ipaas_dagster.deliver import DeliverResult, Means, deliver, setting
from ipaas_dagster.destinations.base import Setting
from ipaas_dagster.destinations.quickbooks import QuickBooksDestination, connect
from ipaas_dagster.project import Project
from ipaas_dagster.sandbox.quickbooks import QuickBooks
from ipaas_dagster_tests.outbox.world import World

DATA = Path(__file__).parents[3] / "data"
CARRIED = ("customers", "items", "invoices", "payments")
UNLIMITED = {"requests_per_minute": "100000", "requests_per_second": "100000", "batches_per_minute": "100000"}
PATIENCE = 100_000.0
HOME = {"currency": "USD"}

Record = dict[str, Any]


def configure(folder: Path, systems: tuple[str, ...] = ("quickbooks",), **preset: str) -> Path:
    """The templates of the product, and a worksheet with nothing but QuickBooks; `preset` adds to its fields."""
    (folder / "mappings").mkdir(parents=True, exist_ok=True)
    names = ("url", "token_url", "realm_id", "client_id", "client_secret", "refresh_token", "income_account")
    fields = {name: f"env:QUICKBOOKS_{name.upper()}" for name in names} | UNLIMITED | preset
    shutil.copy(DATA / "mappings" / "quickbooks.yaml", folder / "mappings")
    inbound = [{"collection": c, "system": "instagaze", "direction": "to"} for c in (*CARRIED, "invoice_lines")]
    rows = [{"collection": c, "system": s, "direction": "from"} for s in systems for c in CARRIED]
    declared = {
        s: {"kind": "quickbooks", "preset": "quickbooks", "templates": "mappings/quickbooks.yaml"} for s in systems
    }
    worksheet = {"systems": {"instagaze": {"kind": "instagaze"}, **declared}, "rows": inbound + rows}
    (folder / "worksheet.yaml").write_text(json.dumps(worksheet))
    (folder / "presets.yaml").write_text(json.dumps({"quickbooks": fields}))
    return folder


class Company(World):
    """`deliver` waits on the world's own clock, which nothing else moves."""

    def __init__(
        self, folder: Path, environment: Mapping[str, str], *, system: str = "quickbooks", **preset: str
    ) -> None:
        config = configure(folder / f"config-{system}", tuple({"quickbooks", system}), **preset)
        super().__init__(folder, config=config, environment=environment)
        self.name = system
        self.chance, self.patience = 0.0, PATIENCE

    def destination(self, project: Project | None = None, system: str | None = None) -> QuickBooksDestination:
        made = setting(project or self.project, system or self.name)
        return connect(replace(made, wait=self.clock.wait))

    def setting(self, *, pace: str = "") -> Setting:
        """`pace="vendor"`: with the limits that hold where the preset names none."""
        made = setting(self.project, self.name)
        fields = {n: v for n, v in made.fields.items() if not (pace and n in UNLIMITED)}
        return replace(made, fields=fields, wait=self.clock.wait)

    @property
    def means(self) -> Means:
        return Means(self.destination, wait=self.clock.wait, chance=lambda: self.chance, patience=self.patience)

    def deliver(self, system: str = "") -> DeliverResult:
        return deliver(self.project, system or self.name, self.means)

    def delivered(self) -> DeliverResult:
        """A delivery after which nothing is owed."""
        result = self.deliver()
        left = [(e.collection, e.hub_id, e.state, e.reason) for e in self.entries() if e.state not in _DONE]
        assert (result.stopped, left) == (None, [])
        self.assert_balanced()
        return result

    def entry(self, hub_id: str) -> Any:
        """The last one of a record."""
        return self.entries(hub_id=hub_id)[-1]

    def notes(self) -> list[str]:
        """Batches that something is still noted of."""
        from sqlalchemy import select

        from ipaas_dagster.operations.tables import batch_notes

        with self.project.operations.read() as connection:
            return list(connection.scalars(select(batch_notes.c.batch_id)))


_DONE = ("delivered", "superseded")


def customer(world: World, number: int, **columns: Any) -> str:
    hub_id = f"instagaze:accounts:{number}"
    world.hub.put("customers", hub_id, **{"name": f"Customer {number}", "billing_city": "Lyon", **columns})
    return hub_id


def item(world: World, number: int, **columns: Any) -> str:
    hub_id = f"instagaze:products:{number}"
    own = {"name": f"Plan {number}", "code": f"P-{number}", "unit_price_minor": 1000 * number, **HOME}
    world.hub.put("items", hub_id, **{**own, **columns})
    return hub_id


def invoice(
    world: World, number: int, of: int, lines: tuple[tuple[int, int], ...] = ((1, 2),), /, **columns: Any
) -> str:
    """An invoice of customer `of`; `lines` are (item, quantity). It comes to its lines, less 1.00, plus 10% tax."""
    hub_id = f"instagaze:invoices:{number}"
    net = sum(1000 * which * quantity for which, quantity in lines)
    money = {
        "net_amount_minor": net,
        "discount_minor": 100,
        "tax_minor": net // 10,
        "total_minor": net - 100 + net // 10,
    }
    due = datetime(2026, 12, 24, 23, tzinfo=UTC)
    own = {"number": f"INV{number:05d}", "customer_id": f"instagaze:accounts:{of}", "due_at": due, **money, **HOME}
    world.hub.put("invoices", hub_id, **{**own, **columns})
    for place, (which, quantity) in enumerate(lines, 1):
        line(world, number, place, item_code=f"P-{which}", unit_price_minor=1000 * which, quantity=quantity)
    return hub_id


def line(world: World, invoice: int, place: int, **columns: Any) -> str:
    hub_id = f"instagaze:invoices:{invoice}#{place}"
    own = {"invoice_id": f"instagaze:invoices:{invoice}", "line_number": place, "description": "a plan", **HOME}
    world.hub.put("invoice_lines", hub_id, **{**own, **columns})
    return hub_id


def payment(world: World, number: int, of: int, invoice: int | None, minor: int, **columns: Any) -> str:
    hub_id = f"instagaze:transactions:{number}"
    at = datetime(2026, 11, 19, 8, tzinfo=UTC)
    refers = {"customer_id": f"instagaze:accounts:{of}", "invoice_id": invoice and f"instagaze:invoices:{invoice}"}
    own = {"status": "AUTHORIZED", "paid_minor": minor, "charged_at": at, **refers, **HOME}
    world.hub.put("payments", hub_id, **{**own, **columns})
    return hub_id


def trade(world: World, count: int) -> None:
    """So many invoices, each with its payment of 11.00, of a fifth as many customers; three items."""
    for number in (1, 2, 3):
        item(world, number)
    for number in range(1, count // 5 + 2):
        customer(world, number)
    for number in range(1, count + 1):
        of = number % (count // 5) + 1
        invoice(world, number, of, ((1 + number % 3, 2), (1, 1)))
        payment(world, number, of, number, 1100)


def there(quickbooks: QuickBooks, entity: str) -> list[Record]:
    return quickbooks.truth(entity)


def one(quickbooks: QuickBooks, entity: str) -> Record:
    (record,) = quickbooks.truth(entity)
    return record


def assert_exactly_once(world: World, quickbooks: QuickBooks) -> None:
    """Every record of the hub is there once, with its total, and payments took from the balances what they paid."""
    invoices = quickbooks.truth("Invoice")
    alive = {i: r for i, r in world.hub.alive("invoices").items()}
    assert sorted(r["DocNumber"] for r in invoices) == sorted(r["number"] for r in alive.values())
    paid: dict[str, Decimal] = {}
    for payment in world.hub.alive("payments").values():
        paid[payment["invoice_id"]] = paid.get(payment["invoice_id"], Decimal(0)) + Decimal(payment["paid_minor"]) / 100
    for record in invoices:
        hub_id = record["PrivateNote"].removeprefix("ipaas:")
        total = Decimal(alive[hub_id]["total_minor"]) / 100
        assert (record["TotalAmt"], record["Balance"]) == (total, total - paid.get(hub_id, Decimal(0)))
    notes = [record["PrivateNote"] for record in quickbooks.truth("Payment")]
    assert sorted(notes) == sorted(f"ipaas:{hub_id}" for hub_id in world.hub.alive("payments"))
    names = [record["DisplayName"] for record in quickbooks.truth("Customer")]
    assert sorted(names) == sorted(r["name"] for r in world.hub.alive("customers").values())
