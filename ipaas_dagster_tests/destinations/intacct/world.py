"""One installation that delivers to one Intacct company, whose hub is in memory and whose books are the sandbox's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from ipaas_dagster.deliver import DeliverResult, Means, deliver, setting
from ipaas_dagster.destinations.intacct import IntacctDestination, connect
from ipaas_dagster.project import Project
from ipaas_dagster.sandbox.intacct import Intacct
from ipaas_dagster_tests.outbox.world import World

DATA = Path(__file__).parents[3] / "data"
CARRIED = ("customers", "contacts", "items", "invoices", "payments")
PATIENCE = 100_000.0
HOME = {"currency": "USD"}
FIELDS = ("url", "sender_id", "sender_password", "company_id", "user_id", "user_password")

Record = dict[str, Any]


def configure(folder: Path, templates: Mapping[str, str] | None = None, **preset: str) -> Path:
    """The templates of the product, and a worksheet with nothing but Intacct; `preset` adds to its fields,
    `templates` replaces texts of them."""
    (folder / "mappings").mkdir(parents=True, exist_ok=True)
    text = (DATA / "mappings" / "intacct.yaml").read_text()
    for old, new in (templates or {}).items():
        assert old in text
        text = text.replace(old, new)
    (folder / "mappings" / "intacct.yaml").write_text(text)
    fields = {name: f"env:INTACCT_{name.upper()}" for name in FIELDS} | preset
    inbound = [{"collection": c, "system": "instagaze", "direction": "to"} for c in (*CARRIED, "invoice_lines")]
    rows = [{"collection": c, "system": "intacct", "direction": "from"} for c in CARRIED]
    systems = {"instagaze": {"kind": "instagaze"}, "intacct": {"kind": "intacct", "preset": "intacct"}}
    (folder / "worksheet.yaml").write_text(json.dumps({"systems": systems, "rows": inbound + rows}))
    (folder / "presets.yaml").write_text(json.dumps({"intacct": fields}))
    return folder


class Company(World):
    """`deliver` waits on the world's own clock, which nothing else moves."""

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        templates: Mapping[str, str] | None = None,
        **preset: str,
    ) -> None:
        config = configure(folder / "config", templates, **preset)
        super().__init__(folder, config=config, environment=environment)

    def destination(self, project: Project | None = None, system: str = "intacct") -> IntacctDestination:
        made = setting(project or self.project, system)
        return connect(replace(made, wait=self.clock.wait))

    @property
    def means(self) -> Means:
        return Means(self.destination, wait=self.clock.wait, chance=lambda: 0.0, patience=PATIENCE)

    def deliver(self, system: str = "intacct") -> DeliverResult:
        return deliver(self.project, system, self.means)

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


_DONE = ("delivered", "superseded")


def customer(world: World, number: int, **columns: Any) -> str:
    hub_id = f"instagaze:accounts:{number}"
    own = {"source_id": str(number), "name": f"Customer {number}", "billing_city": "Lyon"}
    world.hub.put("customers", hub_id, **{**own, **columns})
    return hub_id


def contact(world: World, number: int, of: int, **columns: Any) -> str:
    hub_id = f"instagaze:contacts:{number}"
    own = {"source_id": str(number), "name": f"Contact {number}", "customer_id": f"instagaze:accounts:{of}"}
    world.hub.put("contacts", hub_id, **{**own, **columns})
    return hub_id


def item(world: World, number: int, **columns: Any) -> str:
    hub_id = f"instagaze:products:{number}"
    own = {"source_id": str(number), "name": f"Plan {number}", "code": f"P-{number}", **HOME}
    world.hub.put("items", hub_id, **{**own, "unit_price_minor": 1000 * number, **columns})
    return hub_id


def invoice(world: World, number: int, of: int, lines: tuple[tuple[int, int], ...] = ((1, 2),), **columns: Any) -> str:
    """An invoice of customer `of`; `lines` are (item, quantity). It comes to its lines, less 1.00, plus 10% tax."""
    hub_id = f"instagaze:invoices:{number}"
    net = sum(1000 * which * quantity for which, quantity in lines)
    money = {"net_amount_minor": net, "discount_minor": 100, "tax_minor": net // 10}
    money["total_minor"] = net - 100 + net // 10
    due = datetime(2026, 12, 24, 23, tzinfo=UTC)
    own = {"number": f"INV{number:05d}", "customer_id": f"instagaze:accounts:{of}", "due_at": due, **money, **HOME}
    world.hub.put("invoices", hub_id, **{**own, "source_id": str(number), **columns})
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
    own = {"source_id": str(number), "status": "AUTHORIZED", "paid_minor": minor, "charged_at": at, **refers, **HOME}
    world.hub.put("payments", hub_id, **{**own, **columns})
    return hub_id


def trade(world: World, count: int) -> None:
    """So many invoices, each with its payment of 11.00, of a fifth as many customers; three items."""
    for number in (1, 2, 3):
        item(world, number)
    for number in range(1, count // 5 + 2):
        customer(world, number)
        contact(world, number, number)
    for number in range(1, count + 1):
        of = number % (count // 5) + 1
        invoice(world, number, of, ((1 + number % 3, 2), (1, 1)))
        payment(world, number, of, number, 1100)


def one(intacct: Intacct, object_: str) -> Record:
    (record,) = intacct.truth(object_)
    return record


def assert_exactly_once(world: World, intacct: Intacct) -> None:
    """Every record of the hub is there once, with its total, and payments took from the balances what they paid."""
    invoices = [record for record in intacct.truth("ARINVOICE") if record["STATE"] != "Reversed"]
    alive = world.hub.alive("invoices")
    assert sorted(r["RECORDID"] for r in invoices) == sorted(r["number"] for r in alive.values())
    paid: dict[str, Decimal] = {}
    for payment in world.hub.alive("payments").values():
        paid[payment["invoice_id"]] = paid.get(payment["invoice_id"], Decimal(0)) + Decimal(payment["paid_minor"]) / 100
    for record in invoices:
        hub_id = record["DESCRIPTION"].removeprefix("ipaas:")
        total = Decimal(alive[hub_id]["total_minor"]) / 100
        due = total - paid.get(hub_id, Decimal(0))
        assert (Decimal(record["TOTALENTERED"]), Decimal(record["TOTALDUE"])) == (total, due)
    live = [record for record in intacct.truth("ARPYMT") if record["STATE"] != "Reversed"]
    ids = [f"IG-{hub_id.rpartition(':')[2]}" for hub_id in world.hub.alive("payments")]
    assert sorted(record["DOCNUMBER"] for record in live) == sorted(ids)
    names = [record["NAME"] for record in intacct.truth("CUSTOMER")]
    assert sorted(names) == sorted(r["name"] for r in world.hub.alive("customers").values())
    assert len(intacct.truth("CONTACT")) == len(world.hub.alive("contacts"))
