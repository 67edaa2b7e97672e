"""Invoices whose lines stand in their payload, with items found by their code: whatever happens to a line, the invoice
that the system holds is that of the hub in the end, and every change of a line is accounted for."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from ipaas_dagster.ledger.route_balance import route_balance
from ipaas_dagster.mapping import Route
from ipaas_dagster.operations.tables import positions
from ipaas_dagster.orchestration.owed import owed
from ipaas_dagster.outbox.dead import DeadFilter, dead_retry
from ipaas_dagster.recovery import note_head
from ipaas_dagster_tests.outbox.fake_hub import FakeHub
from ipaas_dagster_tests.outbox.fake_system import FakeSystem
from ipaas_dagster_tests.outbox.world import World, config_of

LINES = {
    "collection": "invoice_lines",
    "fields": {
        "Name": "item_name",
        "Amount": {"from": "unit_price_minor", "modifier": "minor_to_decimal", "required": True},
        "Item": {"reference": {"collection": "items", "by": "code", "from": "item_code"}, "default": "1"},
    },
}
INVOICES = {"fields": {"No": "number", "Customer": {"reference": "customer_id"}}, "children": {"Lines": LINES}}
TEMPLATES: dict[str, Any] = {
    "customers": {"fields": {"Name": "name"}},
    "items": {"fields": {"Name": "name"}},
    "invoices": INVOICES,
}
CUSTOMER, ITEM, INVOICE = "instagaze:accounts:1", "instagaze:products:1", "instagaze:invoices:1"


def invoice(hub: FakeHub, number: int, lines: int = 2, **columns: Any) -> str:
    hub_id = f"instagaze:invoices:{number}"
    hub.put("invoices", hub_id, **{"number": f"N{number}", "customer_id": CUSTOMER, **columns})
    for n in range(1, lines + 1):
        line(hub, hub_id, n)
    return hub_id


def line(hub: FakeHub, invoice_id: str, number: int, **columns: Any) -> str:
    hub_id = f"{invoice_id}#{number}"
    before = (
        {}
        if ("invoice_lines", hub_id) in hub.now
        else {
            "invoice_id": invoice_id, "line_number": number, "item_code": "A", "item_name": f"Line {number}",
            "unit_price_minor": 100 * number, "currency": "USD",
        }
    )  # fmt: skip
    hub.put("invoice_lines", hub_id, **{**before, **columns})
    return hub_id


def filled(tmp_path: Path, **more: Any) -> World:
    world = World(tmp_path, system=FakeSystem(), config=config_of(tmp_path / "config", {**TEMPLATES, **more}))
    world.hub.put("customers", CUSTOMER, name="C")
    world.hub.put("items", ITEM, name="I", code="A")
    return world


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = filled(tmp_path)
    invoice(made.hub, 1)
    made.deliver()
    return made


def there(world: World, hub_id: str = INVOICE) -> list[tuple[str, Decimal, str]]:
    assert isinstance(world.system, FakeSystem)
    payload = world.system.holds("invoices")[hub_id]
    return [(one["Name"], one["Amount"], one["Item"]) for one in payload["Lines"]]


def calls(world: World) -> int:
    made = world.deliver().calls
    world.assert_balanced()
    assert all(not one.findings for one in route_balance(world.project.operations))
    return made


def test_lines_stand_in_their_invoice_in_order_and_refer_to_ids_there(world: World) -> None:
    assert isinstance(world.system, FakeSystem)
    item = world.system.id_of("items", ITEM)
    assert there(world) == [("Line 1", Decimal("1.00"), item), ("Line 2", Decimal("2.00"), item)]
    assert world.system.holds("invoices")[INVOICE]["Customer"] == world.system.id_of("customers", CUSTOMER)
    assert calls(world) == 0


def test_an_initial_load_sends_every_invoice_once_and_counts_every_line_as_coalesced(tmp_path: Path) -> None:
    world = filled(tmp_path)
    world.chunk = 3
    for number in range(1, 9):
        invoice(world.hub, number, lines=3)
    world.deliver()
    assert world.counters("invoices")["queued"] == 8
    assert world.counters("invoices")["seeded"] == 0
    lines = world.counters("invoice_lines")
    assert (lines["changes"], lines["coalesced"], lines["queued"]) == (24, 24, 0)
    assert calls(world) == 0


def test_a_change_of_a_line_alone_sends_its_invoice_again_and_no_other(world: World) -> None:
    other = invoice(world.hub, 2)
    world.deliver()
    line(world.hub, INVOICE, 2, item_name="changed")
    assert calls(world) == 1
    assert [name for name, *_ in there(world)] == ["Line 1", "changed"]
    assert [name for name, *_ in there(world, other)] == ["Line 1", "Line 2"]
    assert calls(world) == 0


def test_a_change_of_a_line_that_no_field_shows_sends_nothing(world: World) -> None:
    line(world.hub, INVOICE, 1, description="nobody maps this")
    assert calls(world) == 0
    assert world.counters("invoices")["same_as_delivered"] == 1


def test_deleted_lines_are_absent_and_new_ones_there(world: World) -> None:
    world.hub.drop("invoice_lines", f"{INVOICE}#1")
    line(world.hub, INVOICE, 3)
    assert calls(world) == 1
    assert [name for name, *_ in there(world)] == ["Line 2", "Line 3"]
    for n in (2, 3):
        world.hub.drop("invoice_lines", f"{INVOICE}#{n}")
    assert calls(world) == 1
    assert there(world) == []


def test_an_invoice_that_goes_with_its_lines_is_deleted_once(world: World) -> None:
    world.hub.drop("invoices", INVOICE)
    for n in (1, 2):
        world.hub.drop("invoice_lines", f"{INVOICE}#{n}")
    assert calls(world) == 1
    assert isinstance(world.system, FakeSystem)
    assert world.system.holds("invoices") == {}
    assert calls(world) == 0


@pytest.mark.parametrize("meanwhile", [False, True])
def test_a_crash_between_the_two_positions_queues_nothing_twice(tmp_path: Path, meanwhile: bool) -> None:
    """The invoices were read and queued, their lines were not read."""
    world = filled(tmp_path)
    invoice(world.hub, 1)
    original = world.hub.touched

    def crash(*args: Any) -> Any:
        raise RuntimeError("killed")

    world.hub.touched = crash  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="killed"):
        world.deliver()
    world.hub.touched = original  # type: ignore[method-assign]
    if meanwhile:
        line(world.hub, INVOICE, 2, item_name="changed meanwhile")
    assert calls(world) == 3
    assert [name for name, *_ in there(world)] == ["Line 1", "changed meanwhile" if meanwhile else "Line 2"]
    assert world.states("invoices") == (["superseded", "delivered"] if meanwhile else ["delivered"])


def test_lines_that_were_not_read_are_owed(world: World) -> None:
    """As after a crash between the two positions: the sensor must see it, though the invoices are read."""
    with world.project.operations.write() as connection:
        note_head(connection, world.hub.head(), world.clock())
        connection.execute(update(positions).where(positions.c.collection == "invoice_lines").values(seq=0))
    assert owed(world.project)["sql"].endswith("for invoice_lines")
    world.deliver()
    assert "sql" not in owed(world.project)


def test_another_hub_sends_only_what_differs(world: World) -> None:
    world.hub = FakeHub("epoch-2")
    world.project.__dict__["hub"] = world.hub
    world.hub.put("customers", CUSTOMER, name="C")
    world.hub.put("items", ITEM, name="I", code="A")
    invoice(world.hub, 1)
    assert calls(world) == 0
    line(world.hub, INVOICE, 1, item_name="restored otherwise")
    assert calls(world) == 1


def test_a_template_that_begins_to_nest_and_ends_to_renews_every_invoice(tmp_path: Path) -> None:
    flat = {"invoices": {"fields": INVOICES["fields"]}}
    world = filled(tmp_path, **flat)
    invoice(world.hub, 1)
    world.deliver()
    for templates, names in (({}, {"No", "Customer", "Lines", "hub_id"}), (flat, {"No", "Customer", "hub_id"})):
        config_of(tmp_path / "config", {**TEMPLATES, **templates})
        again = World(tmp_path, system=world.system, config=tmp_path / "config")
        again.hub = again.project.__dict__["hub"] = world.hub
        assert calls(again) == 1
        assert isinstance(world.system, FakeSystem)
        assert set(world.system.holds("invoices")[INVOICE]) == names
        assert calls(again) == 0


def test_changes_of_lines_while_the_system_was_switched_off_arrive_when_it_is_back(world: World) -> None:
    sheet = world.project.worksheet
    off = tuple(replace(system, enabled=False) for system in sheet.systems)
    world.project.__dict__["worksheet"] = replace(sheet, systems=off)
    world.deliver()
    line(world.hub, INVOICE, 1, item_name="meanwhile")
    world.project.__dict__["worksheet"] = sheet
    assert calls(world) == 1
    assert there(world)[0][0] == "meanwhile"


def test_a_line_that_cannot_be_rendered_makes_its_invoice_dead_by_the_lines_field_and_mends_with_it(
    world: World,
) -> None:
    line(world.hub, INVOICE, 2, unit_price_minor=None)
    world.deliver()
    (dead,) = [e for e in world.entries(collection="invoices") if e.state == "dead"]
    assert dead.reason.startswith("Lines.Amount: is required")
    assert f"{INVOICE}#2" in dead.reason
    line(world.hub, INVOICE, 2, unit_price_minor=5)
    assert calls(world) == 1
    assert there(world)[1][1] == Decimal("0.05")
    assert world.states("invoices").count("dead") == 0


def test_a_dead_letters_retry_has_the_lines_of_now(world: World) -> None:
    assert isinstance(world.system, FakeSystem)
    world.system.refuses = lambda entry: "no" if entry.collection == "invoices" else None
    line(world.hub, INVOICE, 1, item_name="refused")
    world.deliver()
    world.system.refuses = lambda entry: None
    line(world.hub, INVOICE, 2, item_name="later")
    assert dead_retry(world.project, DeadFilter(system="sql")) == 1
    assert calls(world) == 1
    assert [name for name, *_ in there(world)] == ["refused", "later"]


def test_an_invoice_waits_for_the_items_of_its_lines(tmp_path: Path) -> None:
    world = filled(tmp_path)
    assert isinstance(world.system, FakeSystem)
    world.system.refuses = lambda entry: "no" if entry.collection == "items" else None
    invoice(world.hub, 1)
    world.deliver()
    (entry,) = world.entries(collection="invoices")
    assert (entry.state, entry.blocked_on) == ("blocked", ITEM)
    world.system.refuses = lambda entry: None
    dead_retry(world.project, DeadFilter(system="sql"))
    world.deliver()
    assert [item for *_, item in there(world)] == [world.system.id_of("items", ITEM)] * 2


def test_a_value_that_no_record_has_takes_the_default_and_one_that_several_have_is_told(world: World) -> None:
    line(world.hub, INVOICE, 1, item_code="unknown")
    line(world.hub, INVOICE, 2, item_code=None)
    assert calls(world) == 1
    assert [item for *_, item in there(world)] == ["1", "1"]
    world.hub.put("items", "instagaze:products:2", name="J", code="A")
    line(world.hub, INVOICE, 1, item_code="A")
    world.deliver()
    (dead,) = [e for e in world.entries(collection="invoices") if e.state == "dead"]
    assert dead.reason.startswith("Lines.Item: there is more than one live record of items")
    assert f"{ITEM}, instagaze:products:2" in dead.reason


def test_an_item_that_gets_another_id_there_sends_the_invoices_again(world: World) -> None:
    assert isinstance(world.system, FakeSystem)
    world.hub.drop("items", ITEM)
    world.deliver()
    world.hub.put("items", ITEM, name="I", code="A")
    world.deliver()
    world.deliver()
    assert [item for *_, item in there(world)] == [world.system.id_of("items", ITEM)] * 2
    world.assert_balanced()


steps = st.lists(
    st.tuples(
        st.sampled_from(["invoice", "line", "drop line", "drop invoice", "deliver", "other hub"]),
        st.integers(1, 3),
        st.integers(1, 3),
        st.sampled_from("abc"),
    ),
    max_size=14,
)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=steps, chunk=st.integers(1, 4))
def test_whatever_happened_the_system_holds_the_hubs_invoices(
    steps: list[tuple[str, int, int, str]], chunk: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    world = filled(tmp_path_factory.mktemp("random"))
    world.chunk = chunk
    for step, number, line_number, name in steps:
        _take(world, step, f"instagaze:invoices:{number}", line_number, name)
    world.deliver()
    calls_after = calls(world)
    assert calls_after == 0
    assert isinstance(world.system, FakeSystem)
    found = {i: [(one["Name"]) for one in p["Lines"]] for i, p in world.system.holds("invoices").items()}
    assert found == {i: _lines_of(world.hub, i) for i in world.hub.alive("invoices")}


def _take(world: World, step: str, hub_id: str, number: int, name: str) -> None:
    hub = world.hub
    alive = hub_id in hub.alive("invoices")
    lines = [r["hub_id"] for r in hub.children("invoice_lines", [hub_id])]
    if step == "deliver":
        world.deliver()
    elif step == "other hub":
        hub.epoch += "x"
    elif step == "invoice":
        hub.put("invoices", hub_id, number=name, customer_id=CUSTOMER)
    elif step == "line" and alive:
        line(hub, hub_id, number, item_name=name)
    elif step == "drop line" and lines:
        hub.drop("invoice_lines", lines[0])
    elif step == "drop invoice" and alive:
        for one in lines:
            hub.drop("invoice_lines", one)
        hub.drop("invoices", hub_id)


def _lines_of(hub: FakeHub, hub_id: str) -> list[str]:
    return [record["item_name"] for record in hub.children("invoice_lines", [hub_id])]


def test_the_route_says_what_it_nests_and_refers_to(world: World) -> None:
    route = next(r for r in world.project.worksheet.routes("sql") if r.collection == "invoices")
    assert isinstance(route, Route)
    assert (route.nested, route.references) == (("invoice_lines",), ("customers", "items"))
