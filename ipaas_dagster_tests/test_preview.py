"""What templates make of a record, looked at without sending anything."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from ipaas_dagster.errors import DeclarationError, UsageError
from ipaas_dagster.moves import moves
from ipaas_dagster.operations.tables import metadata
from ipaas_dagster.preview import Named, check_templates, preview
from ipaas_dagster_tests.outbox.fake_system import FakeSystem
from ipaas_dagster_tests.outbox.test_nested import CUSTOMER, INVOICE, ITEM, TEMPLATES, filled, invoice, line
from ipaas_dagster_tests.outbox.world import World, config_of


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = filled(tmp_path)
    invoice(made.hub, 1, lines=1)
    return made


def rows(world: World) -> dict[str, int]:
    """How many rows each table of operations has."""
    with world.project.operations.read() as connection:
        return {
            name: connection.scalar(select(func.count()).select_from(t)) or 0 for name, t in metadata.tables.items()
        }


def test_a_record_that_was_never_sent_shows_what_it_waits_for_and_writes_nothing(world: World) -> None:
    before = rows(world)
    shown = preview(world.project, "invoices", INVOICE, "sql")
    assert (shown.outcome, shown.delivered) == ("sent", "never")
    assert shown.says == f"waits for customers {CUSTOMER}, which is not there yet"
    assert shown.references == (Named("customers", CUSTOMER, None), Named("items", ITEM, None))
    assert shown.payload == {
        "hub_id": INVOICE,
        "No": "N1",
        "Customer": CUSTOMER,
        "Lines": [{"Name": "Line 1", "Amount": Decimal("1.00"), "Item": ITEM}],
    }
    assert rows(world) == before
    assert isinstance(world.system, FakeSystem)
    assert world.system.batches == []


def test_a_record_that_was_sent_shows_the_ids_there_and_whether_it_is_the_same(world: World) -> None:
    world.deliver()
    assert isinstance(world.system, FakeSystem)
    customer, item = world.system.id_of("customers", CUSTOMER), world.system.id_of("items", ITEM)
    shown = preview(world.project, "invoices", INVOICE, "sql")
    assert (shown.delivered, shown.says) == ("same", "")
    assert shown.references == (Named("customers", CUSTOMER, customer), Named("items", ITEM, item))
    assert shown.payload is not None
    assert (shown.payload["Customer"], shown.payload["Lines"][0]["Item"]) == (customer, item)
    line(world.hub, INVOICE, 1, item_name="changed")
    assert preview(world.project, "invoices", INVOICE, "sql").delivered == "differs"


def test_what_is_not_sent_says_why(world: World, tmp_path: Path) -> None:
    assert preview(world.project, "invoice_lines", f"{INVOICE}#1", "sql").says == (
        "stands in its record of invoices there; render that one"
    )
    line(world.hub, INVOICE, 1, unit_price_minor=None)
    failed = preview(world.project, "invoices", INVOICE, "sql")
    assert (failed.outcome, failed.payload) == ("error", None)
    assert failed.says.startswith("Lines.Amount: is required")
    world.hub.drop("customers", CUSTOMER)
    assert preview(world.project, "customers", CUSTOMER, "sql").outcome == "deleted"
    config_of(tmp_path / "config", {**TEMPLATES, "items": {"fields": {"Name": "name"}, "filter": {"code": "B"}}})
    filtered = World(tmp_path, system=FakeSystem(), config=tmp_path / "config")
    filtered.project.__dict__["hub"] = world.hub
    assert preview(filtered.project, "items", ITEM, "sql").outcome == "filtered"


@pytest.mark.parametrize(
    ("collection", "hub_id", "system", "says"),
    [
        ("customers", "instagaze:accounts:404", "sql", "the hub has no instagaze:accounts:404 in customers"),
        ("payments", "instagaze:transactions:1", "sql", "no route for payments; the worksheet sends it customers,"),
    ],
)
def test_a_record_or_route_that_is_not_there_is_wrong_usage(
    world: World, collection: str, hub_id: str, system: str, says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        preview(world.project, collection, hub_id, system)
    with pytest.raises(DeclarationError, match="unknown system"):
        preview(world.project, collection, hub_id, "nowhere")


def test_the_check_renders_a_record_of_each_route_or_one_it_makes_up(world: World, tmp_path: Path) -> None:
    found = {route.collection: route for route in check_templates(world.project, "sql")}
    assert {name: route.sample for name, route in found.items()} == {
        "customers": CUSTOMER, "items": ITEM, "invoices": INVOICE,
    }  # fmt: skip
    assert [field.name for field in found["invoices"].fields] == ["hub_id", "No", "Customer", "Lines"]
    line(world.hub, INVOICE, 1, currency="nothing")
    broken = next(route for route in check_templates(world.project) if route.collection == "invoices")
    assert broken.error.startswith("Lines.Amount: currency is no ISO 4217")
    empty = World(tmp_path / "empty", system=FakeSystem(), config=tmp_path / "config")
    assert [(route.sample, route.error) for route in check_templates(empty.project)] == [("", "")] * 3


def test_the_worksheet_counts_what_is_delivered_open_and_dead_with_the_last_success(world: World) -> None:
    assert isinstance(world.system, FakeSystem)
    refused: Any = "no"
    world.system.refuses = lambda entry: refused if entry.collection == "items" else None
    world.deliver()
    told = moves(world.project)
    found = {(m.row.system, m.row.collection): (m.delivered, m.open, m.dead, m.last_success) for m in told}
    assert {m.row.collection: m.records for m in told if m.row.system == "sql"}["invoice_lines"] == 1
    assert found["sql", "customers"] == (1, 0, 0, world.clock())
    assert found["sql", "items"] == (0, 0, 1, None)
    assert found["sql", "invoices"] == (0, 1, 0, None)
    assert found["sql", "invoice_lines"] == (None, None, None, None)
