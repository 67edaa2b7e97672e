"""The bytes on the wire: by the vendor's schema, as planned, and without a credential in anything that is kept."""

from __future__ import annotations

import sqlite3
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from sqlalchemy import select

from ipaas_dagster.ledger.bodies import read_bodies
from ipaas_dagster.operations.tables import calls
from ipaas_dagster.plan import apply, make_plan
from ipaas_dagster.sandbox import Sandbox
from ipaas_dagster.sandbox.intacct import Intacct
from ipaas_dagster_tests.destinations.intacct.world import (
    Company,
    assert_exactly_once,
    contact,
    customer,
    invoice,
    item,
    line,
    payment,
    trade,
)

SCHEMA = Path(__file__).parents[4] / "shared" / "reference" / "intacct" / "api.xsd"
needs_schema = pytest.mark.skipif(not SCHEMA.exists(), reason="the vendor's schema is not here")


@cache
def schema() -> Any:
    return etree.XMLSchema(etree.parse(SCHEMA))


def everything(world: Company) -> None:
    """Every kind of request, one delivery after the other."""
    customer(world, 1)
    customer(world, 2)
    contact(world, 1, 1)
    for number in (1, 2):
        item(world, number)
        invoice(world, number, 1, ((1, 2), (2, 1)), salesperson="Bo")
        payment(world, number, 1, number, 500)
    invoice(world, 3, 2)
    world.delivered()
    customer(world, 1, name="Renamed")
    item(world, 1, name="Renamed")
    contact(world, 1, 1, name="Renamed")
    world.hub.put("payments", "instagaze:transactions:1", paid_minor=300)
    line(world, 3, 2, item_code="P-2", unit_price_minor=500, quantity=1)
    world.hub.put("invoices", "instagaze:invoices:3", discount_minor=0, total_minor=2700)
    world.delivered()
    world.hub.drop("invoice_lines", "instagaze:invoices:3#2")
    world.hub.put("invoices", "instagaze:invoices:3", tax_minor=0, total_minor=2000)
    world.delivered()
    for collection in ("customers", "contacts", "items", "invoices", "payments"):
        for hub_id in list(world.hub.alive(collection)):
            world.hub.drop(collection, hub_id)
    world.delivered()


FIELDS = {
    "    currency: currency\n    net.": (
        "    currency: currency\n    OWN: {from: salesperson, custom: true}\n    ponumber: {constant: PO}\n    net."
    )
}


@needs_schema
@pytest.mark.parametrize("preset", [{}, {"on_delete": "reverse", "multicurrency": "true", "location_id": "100"}])
def test_every_kind_of_request_is_valid_by_the_official_schema(
    sandbox: Sandbox, tmp_path: Path, preset: dict[str, str]
) -> None:
    intacct = sandbox.intacct
    intacct.command("settings", {"custom_fields": ["ARINVOICE.OWN"]})
    intacct.journal.keep_bodies = True
    everything(Company(tmp_path, sandbox.environment, FIELDS, **preset))
    sent = [etree.fromstring(entry.body or b"") for entry in intacct.journal.entries()]
    for root in sent:
        schema().assertValid(root)
    removal = "reverse_invoice" if preset else "delete_invoice"
    made = {root.find("operation/content/function")[0].tag for root in sent}
    changes = {"create", "update", "create_invoice", "update_invoice", "create_arpayment", "reverse_arpayment", removal}
    assert made >= {"getAPISession", "readByQuery", "delete_customer", "delete_contact", "delete_item", *changes}


def test_what_arrives_is_what_was_planned(sandbox: Sandbox, tmp_path: Path) -> None:
    world, intacct = Company(tmp_path, sandbox.environment, batch_size="7"), sandbox.intacct
    trade(world, 20)
    plan = make_plan(world.project, "intacct", tmp_path / "plan", world.destination)
    assert intacct.truth("CUSTOMER") == []
    text = (tmp_path / "plan").read_bytes()
    secrets = (intacct.settings.sender_password, intacct.settings.user_password, "sandbox-session")
    assert not any(secret.encode() in text for secret in secrets)
    intacct.journal.keep_bodies = True
    applied = apply(world.project, plan, world.means)
    assert (applied.skipped, applied.result.stopped) == ([], None)
    arrived = [e.body or b"" for e in intacct.journal.entries() if e.body and b"<uniqueid>true" in e.body]
    planned = [request for batch in plan.batches() for request in batch.requests]
    assert len(arrived) == len(planned) > 5
    for wanted, real in zip(planned, arrived, strict=True):
        assert _without_holes(wanted.body.encode()) == _without_holes(real)
    assert_exactly_once(world, intacct)
    assert world.deliver().calls == 0


def _without_holes(body: bytes) -> bytes:
    """With what is only known on the wire taken out: credentials, and ids that the plan itself made."""
    root = etree.fromstring(body)
    for name in ("senderid", "password", "sessionid", "customerid", "invoicekey", "itemid"):
        for element in root.iter(name):
            element.text = None
    return bytes(etree.tostring(root))


def test_no_credential_is_kept_anywhere(world: Company, intacct: Intacct, tmp_path: Path) -> None:
    everything(world)
    settings = intacct.settings
    secrets = (settings.sender_password, settings.user_password, "sandbox-session")
    with sqlite3.connect(tmp_path / "state" / "operations.db") as store:
        dumped = "\n".join(store.iterdump())
    with world.project.operations.read() as connection:
        every = list(connection.scalars(select(calls.c.call_id)))
        bodies = b"".join(body or b"" for pair in read_bodies(connection, every).values() for body in pair)
    assert b"<create_invoice>" in bodies
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    for secret in secrets:
        assert secret not in dumped
        assert secret.encode() not in bodies
        assert not any(secret.encode() in path.read_bytes() for path in kept)
    assert not any(secret in repr(world.destination()) for secret in secrets)


def test_bodies_in_the_ledger_hold_what_was_written_but_for_the_credentials(world: Company) -> None:
    customer(world, 1)
    world.delivered()
    with world.project.operations.read() as connection:
        writes = list(connection.scalars(select(calls.c.call_id).where(calls.c.direction == "write")))
        bodies = read_bodies(connection, writes)
    ((sent, answered),) = bodies.values()
    assert b"<CUSTOMERID>C-1</CUSTOMERID>" in (sent or b"")
    assert b"<sessionid>***</sessionid>" in (sent or b"")
    assert b"<status>success</status>" in (answered or b"")


def test_reading_back_by_the_ids_that_others_refer_to(world: Company) -> None:
    customer(world, 1)
    item(world, 1)
    invoice(world, 1, 1)
    world.delivered()
    destination = world.destination()
    found = destination.read("customers", "CUSTOMER", ["C-1", "C-2"])
    assert (found["C-1"] or {})["NAME"] == "Customer 1"
    assert found["C-2"] is None
    assert (destination.read("invoices", "ARINVOICE", ["1", "x"])["1"] or {})["TOTALENTERED"] == "21.00"
    destination.close()
