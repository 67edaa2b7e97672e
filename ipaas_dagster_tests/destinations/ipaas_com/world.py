"""One installation that delivers to one company at iPaaS.com: its hub is in memory, its records are the sandbox's."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from ipaas_dagster.deliver import DeliverResult, Means, deliver, setting
from ipaas_dagster.destinations.ipaas_com import IpaasComDestination, connect
from ipaas_dagster.project import Project
from ipaas_dagster.sandbox.ipaas_com import IpaasCom
from ipaas_dagster_tests.destinations.quickbooks.world import customer, invoice, item, line, payment
from ipaas_dagster_tests.outbox.world import World

DATA = Path(__file__).parents[3] / "data"
CARRIED = ("customers", "contacts", "items", "invoices", "payments")
SIGN_IN = ("url", "email", "password", "company_id", "system_id")
SYSTEM = 7001

Record = dict[str, Any]


def configure(folder: Path, preset: Mapping[str, str], without: tuple[str, ...] = ()) -> Path:
    """The templates of the product, and a worksheet with nothing but iPaaS.com; `preset` adds to its fields."""
    (folder / "mappings").mkdir(parents=True, exist_ok=True)
    fields = {name: f"env:IPAAS_COM_{name.upper()}" for name in SIGN_IN if name not in without} | dict(preset)
    shutil.copy(DATA / "mappings" / "ipaas_com.yaml", folder / "mappings")
    inbound = [{"collection": c, "system": "instagaze", "direction": "to"} for c in (*CARRIED, "invoice_lines")]
    rows = [{"collection": c, "system": "ipaas_com", "direction": "from"} for c in CARRIED]
    systems = {"instagaze": {"kind": "instagaze"}, "ipaas_com": {"kind": "ipaas_com"}}
    (folder / "worksheet.yaml").write_text(json.dumps({"systems": systems, "rows": inbound + rows}))
    (folder / "presets.yaml").write_text(json.dumps({"ipaas_com": fields}))
    return folder


class Company(World):
    """`deliver` waits on the world's own clock, which nothing else moves. `without` are preset fields left out."""

    def __init__(
        self, folder: Path, environment: Mapping[str, str], *, without: tuple[str, ...] = (), **preset: str
    ) -> None:
        super().__init__(folder, config=configure(folder / "config", preset, without), environment=environment)

    def destination(self, project: Project | None = None, system: str = "ipaas_com") -> IpaasComDestination:
        return connect(replace(setting(project or self.project, system), wait=self.clock.wait))

    @property
    def means(self) -> Means:
        return Means(self.destination, wait=self.clock.wait, chance=lambda: 0.0, patience=100_000.0)

    def deliver(self, system: str = "ipaas_com") -> DeliverResult:
        return deliver(self.project, system, self.means)

    def delivered(self) -> DeliverResult:
        """A delivery after which nothing is owed."""
        result = self.deliver()
        left = [(e.collection, e.hub_id, e.state, e.reason) for e in self.entries() if e.state not in _DONE]
        assert (result.stopped, dict(result.paused), left) == (None, {}, [])
        self.assert_balanced()
        return result

    def entry(self, hub_id: str) -> Any:
        """The last one of a record."""
        return self.entries(hub_id=hub_id)[-1]


_DONE = ("delivered", "superseded")


def contact(world: World, number: int, of: int, **columns: Any) -> str:
    hub_id = f"instagaze:contacts:{number}"
    own = {"name": f"Ann Contact {number}", "email": f"ann{number}@example.com", "customer_id": account(of)}
    world.hub.put("contacts", hub_id, **{**own, **columns})
    return hub_id


def account(number: int) -> str:
    return f"instagaze:accounts:{number}"


def bill(world: World, *payments: int) -> None:
    """Customer 1 owes invoice 7 (two of Plan 1, three of Plan 2), and made these payments, numbered from 1."""
    customer(world, 1)
    item(world, 1)
    item(world, 2)
    invoice(world, 7, 1, ((1, 2), (2, 3)))
    for number, minor in enumerate(payments, 1):
        payment(world, number, 1, 7, minor)


def one(there: IpaasCom, model: str) -> Record:
    (record,) = there.truth(model)
    return record


def known_as(record: Record) -> list[str]:
    return [one["external_id"] for one in record["external_ids"] if one["system_id"] == SYSTEM]


def amounts(transaction: Record) -> dict[str, Decimal]:
    """Of its payments, by the hub's id."""
    return {known_as(one)[0].rpartition(":")[2]: one["amount"] for one in transaction["payments"]}


def assert_each_once(world: World, there: IpaasCom) -> None:
    """Every live record of the hub is there, and nothing else."""
    alive = {c: sorted(world.hub.alive(c)) for c in (*CARRIED, "invoice_lines")}
    found = {model: sorted(one for r in there.truth(model) for one in known_as(r)) for model in ("company", "product")}
    assert found == {"company": alive["customers"], "product": alive["items"]}
    people = [one for record in there.truth("customer") for one in known_as(record)]
    assert sorted(people) == sorted([*alive["customers"], *alive["contacts"]])
    assert len(people) == len(there.truth("customer"))
    transactions = there.truth("transaction")
    assert sorted(known_as(one)[0] for one in transactions) == alive["invoices"]
    payments = [known_as(one)[0] for record in transactions for one in record["payments"]]
    assert sorted(payments) == alive["payments"]
    lines = [known_as(one)[0] for record in transactions for one in record["lines"]]
    assert sorted(lines) == sorted(one.replace("#", "|") for one in alive["invoice_lines"])


__all__ = ["Company", "account", "bill", "contact", "customer", "invoice", "item", "line", "one", "payment"]
