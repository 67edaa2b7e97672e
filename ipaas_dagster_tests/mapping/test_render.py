from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipaas_dagster import contracts
from ipaas_dagster.contracts import Type
from ipaas_dagster.mapping import RenderError, Route, load_worksheet, payload_bytes, payload_hash

from .conftest import DATA, RouteOf, record

ROUTES = {route.collection: route for route in load_worksheet(DATA).routes("sql")}
INTEGERS = st.integers(-(2**63), 2**63 - 1)
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8))])
TIMES = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=ZONES)  # noqa: DTZ001
JSON = st.recursive(
    st.none() | st.booleans() | INTEGERS | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
VALUES: dict[Type, st.SearchStrategy[Any]] = {
    Type.TEXT: st.text(),
    Type.INTEGER: INTEGERS,
    Type.MONEY: INTEGERS,
    Type.REAL: st.floats(allow_nan=False, allow_infinity=False),
    Type.BOOLEAN: st.booleans(),
    Type.TIME: TIMES,
    Type.JSON: JSON,
    Type.REFERENCE: st.from_regex(r"instagaze:[a-z]+:[0-9]{1,9}", fullmatch=True),
}


@st.composite
def hub_records(draw: st.DrawFn) -> tuple[Route, dict[str, Any]]:
    collection = draw(st.sampled_from(contracts.COLLECTIONS))
    values = {column.name: draw(st.none() | VALUES[column.type]) for column in collection.columns}
    return ROUTES[collection.name], record(collection.name, **values)


@given(hub_records())
def test_a_stored_payload_reads_back_as_the_record_with_its_types(
    drawn: tuple[Route, dict[str, Any]],
) -> None:
    route, hub_record = drawn
    rendered = route.render(hub_record)
    assert rendered is not None
    found = route.read_payload(payload_bytes(rendered))
    assert found == {name: hub_record[name] for name in found}
    assert {name: type(value) for name, value in found.items()} == {
        name: type(value) for name, value in rendered.payload.items()
    }
    assert payload_bytes(rendered._replace(payload=found)) == payload_bytes(rendered)


@given(hub_records())
def test_equal_records_have_equal_bytes_whatever_the_order_of_their_fields(
    drawn: tuple[Route, dict[str, Any]],
) -> None:
    route, hub_record = drawn
    turned = _turned(hub_record)
    first, second = route.render(hub_record), route.render(turned)
    assert first is not None
    assert second is not None
    assert payload_bytes(first) == payload_bytes(second)
    assert payload_hash(payload_bytes(first)) == payload_hash(payload_bytes(second))


def _turned(value: Any) -> Any:
    """The same, with the fields of every object in the opposite order."""
    if isinstance(value, dict):
        return {name: _turned(value[name]) for name in reversed(value)}
    return [_turned(one) for one in value] if isinstance(value, list) else value


def test_the_same_moment_in_another_zone_is_the_same_payload() -> None:
    route = ROUTES["invoices"]
    utc = datetime(2026, 1, 1, 12, tzinfo=UTC)
    both = [record("invoices", due_at=at) for at in (utc, utc.astimezone(timezone(timedelta(hours=3))))]
    first, second = (payload_bytes(result) for result in route.render_many(both) if isinstance(result, tuple))
    assert first == second
    assert json.loads(first)["due_at"] == "2026-01-01T12:00:00Z"


REFERENCES = """\
  fields:
    Account: {reference: customer_id}
    Text: customer_id
"""


def test_references_are_stored_as_hub_ids_and_resolved_when_read(route_of: RouteOf) -> None:
    route = route_of("contacts", REFERENCES)
    rendered = route.render(record("contacts", customer_id="instagaze:accounts:7"))
    assert rendered is not None
    assert rendered.references == (("customers", "instagaze:accounts:7"),)
    stored = payload_bytes(rendered)
    assert json.loads(stored)["Account"] == "instagaze:accounts:7"
    ids = {("customers", "instagaze:accounts:7"): "001XX"}
    fields = route.read_payload(stored, lambda collection, hub_id: ids[collection, hub_id])
    assert (fields["Account"], fields["Text"]) == ("001XX", "instagaze:accounts:7")
    assert route.read_payload(stored)["Account"] == "instagaze:accounts:7"


def test_an_empty_reference_waits_for_nothing(route_of: RouteOf) -> None:
    rendered = route_of("contacts", REFERENCES).render(record("contacts"))
    assert rendered is not None
    assert (rendered.references, rendered.payload["Account"]) == ((), None)


def test_data_that_looks_like_a_reference_is_data(route_of: RouteOf) -> None:
    route = route_of("invoices", "  fields: {Custom: custom}")
    custom = {"$ref": ["customers", "instagaze:accounts:7"]}
    rendered = route.render(record("invoices", custom=custom))
    assert rendered is not None
    assert rendered.references == ()
    assert route.read_payload(payload_bytes(rendered), lambda *_: "resolved")["Custom"] == custom


@pytest.mark.parametrize(
    ("condition", "passing"),
    [
        ("{status: paid}", {"paid"}),
        ("{status: {not_equals: paid}}", {"open", None}),
        ("{status: {in: [paid, open]}}", {"paid", "open"}),
        ("{status: {not_in: [paid]}}", {"open", None}),
        ("{status: {not_null: true}}", {"paid", "open"}),
        ("{status: {not_null: false}}", {None}),
        ("{status: {not_null: true, not_equals: open}}", {"paid"}),
    ],
)
def test_filters_on_text(route_of: RouteOf, condition: str, passing: set[str | None]) -> None:
    route = route_of("payments", f"  filter: {condition}\n  fields: all")
    statuses = ["paid", "open", None]
    results = route.render_many(record("payments", status=status) for status in statuses)
    assert {status for status, result in zip(statuses, results, strict=True) if result is not None} == passing


def test_filters_on_numbers_and_times_include_their_bounds(route_of: RouteOf) -> None:
    route = route_of(
        "invoices",
        "  fields: all\n  filter: {total_minor: {at_least: 100, at_most: 200}, due_at: {at_least: 2026-01-01}}",
    )
    new_year = datetime(2026, 1, 1, tzinfo=UTC)
    cases = [(100, new_year), (200, new_year), (99, new_year), (201, new_year), (100, None), (None, new_year)]
    cases.append((100, new_year - timedelta(microseconds=1)))
    results = route.render_many(record("invoices", total_minor=total, due_at=due) for total, due in cases)
    assert [result is not None for result in results] == [True, True, False, False, False, False, False]


def test_read_only_fields_are_not_sent_and_empty_ones_are(route_of: RouteOf) -> None:
    route = route_of("customers", "  fields: {Name: name, Id: {from: number, read_only: true}, Note: owner_name}")
    rendered = route.render(record("customers", name="A", number="7"))
    assert rendered is not None
    assert rendered.payload == {"hub_id": "instagaze:x:1", "Name": "A", "Note": None}


def test_a_record_without_a_column_is_an_error_of_that_record_only() -> None:
    route = ROUTES["customers"]
    broken = record("customers")
    del broken["owner_email"]
    first, second = route.render_many([broken, record("customers")])
    assert isinstance(first, RenderError)
    assert first.field == "owner_email"
    assert second is not None
    assert not isinstance(second, RenderError)


def test_a_payload_of_an_older_template_is_not_sent_as_it_is(route_of: RouteOf) -> None:
    old = route_of("customers", "  fields: {Name: name, Old: number}")
    rendered = old.render(record("customers", name="A"))
    assert rendered is not None
    new = route_of("customers", "  fields: {Name: name}")
    with pytest.raises(RenderError, match="Old: the template's fields have changed"):
        new.read_payload(payload_bytes(rendered))


BASE = "  object: o\n  key: k\n  fields:\n    Name: {from: name, modifier: upper}"


@pytest.mark.parametrize(
    "changed",
    [
        BASE.replace("object: o", "object: p"),
        BASE.replace("key: k", "key: l"),
        BASE.replace("upper", "lower"),
        BASE.replace("upper", "'d => d'"),
        BASE.replace("from: name", "from: number"),
        BASE.replace("upper", "upper, default: x"),
        BASE.replace("upper", "upper, required: true"),
        BASE + "\n    Other: number",
        BASE + "\n  filter: {autopay_only: true}",
    ],
)
def test_every_change_that_may_change_payloads_changes_the_digest(route_of: RouteOf, changed: str) -> None:
    assert route_of("customers", BASE).digest != route_of("customers", changed).digest


def test_the_order_of_fields_comments_and_custom_flags_do_not_change_the_digest(route_of: RouteOf) -> None:
    first = route_of("customers", "  fields: {A: name, B: number}").digest
    second = route_of("customers", "  # a comment\n  fields: {B: {from: number, custom: true}, A: name}").digest
    assert first == second
