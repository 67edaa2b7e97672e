"""Dotted names as objects within a payload, there and back."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipaas_dagster.errors import DeclarationError
from ipaas_dagster.mapping import RenderError, Route, kind, payload_bytes
from ipaas_dagster.mapping.declared import parse
from ipaas_dagster.mapping.form import check_form
from ipaas_dagster.mapping.language import MappingFile
from ipaas_dagster.mapping.nesting import WrongName, branch
from ipaas_dagster.mapping.reading_template import read_template

from .conftest import record

FIELDS = """\
    Name: number
    CustomerRef.value: {reference: customer_id}
    BillAddr.Line1: salesperson
    BillAddr.Country.Code: currency
    Money.Total: {from: total_minor, modifier: minor_to_decimal}
    Money.Due.At: due_at
"""
CUSTOMER = "instagaze:accounts:7"


def route(fields: str = FIELDS, system: str = "quickbooks") -> Route:
    declared = parse(f"invoices:\n  fields:\n{fields}", "test.yaml")
    words = check_form(MappingFile, declared).root["invoices"]
    template = read_template("invoices", words, kind(system), declared)
    return Route("books", system, "invoices", template, None, "keep", template.filter)


def test_dotted_names_are_objects_and_come_back_typed_with_references_resolved() -> None:
    due = datetime(2026, 1, 31, tzinfo=UTC)
    values = {"number": "1", "customer_id": CUSTOMER, "total_minor": 1250, "currency": "USD", "due_at": due}
    rendered = route().render(record("invoices", **values))
    assert rendered is not None
    assert rendered.payload == {
        "Name": "1",
        "CustomerRef": {"value": CUSTOMER},
        "BillAddr": {"Line1": None, "Country": {"Code": "USD"}},
        "Money": {"Total": Decimal("12.50"), "Due": {"At": due}},
    }
    assert rendered.references == (("customers", CUSTOMER),)
    found = route().read_payload(payload_bytes(rendered), lambda collection, hub_id: "58")
    assert found == {**rendered.payload, "CustomerRef": {"value": "58"}}
    assert isinstance(found["Money"]["Total"], Decimal)


def test_an_object_without_any_value_is_empty_itself() -> None:
    rendered = route().render(record("invoices", number="1"))
    assert rendered is not None
    assert rendered.payload == {"Name": "1", "CustomerRef": None, "BillAddr": None, "Money": None}
    assert route().read_payload(payload_bytes(rendered)) == rendered.payload


def test_systems_that_have_no_objects_within_records_take_the_name_as_it_is() -> None:
    rendered = route("    A.B: number\n", "sql").render(record("invoices", number="1"))
    assert rendered is not None
    assert rendered.payload["A.B"] == "1"


@pytest.mark.parametrize("other", ["    BillAddr.Line2: number\n", "    New.Name: number\n"])
def test_a_payload_of_other_objects_has_to_be_rendered_anew(other: str) -> None:
    rendered = route().render(record("invoices", number="1", salesperson="s"))
    assert rendered is not None
    today = FIELDS.replace("    BillAddr.Line1: salesperson\n    BillAddr.Country.Code: currency\n", other)
    with pytest.raises(RenderError, match="fields have changed"):
        route(today).read_payload(payload_bytes(rendered))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ("    A: number\n    A.B: number\n", "'A.B' and 'A' cannot both be"),
        ("    A.B.C: number\n    A.B: number\n", "'A.B' and names that begin with 'A.B.' cannot both be"),
        ("    A..B: number\n", "'A..B' has an empty part"),
    ],
)
def test_a_name_cannot_be_a_value_and_an_object(fields: str, says: str) -> None:
    with pytest.raises(DeclarationError, match=re.escape(says)) as caught:
        route(fields)
    assert caught.value.line in (3, 4)


names = st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(".".join), unique=True, min_size=1)


@given(names, st.data())
def test_what_is_nested_comes_back_as_it_was(dotted: list[str], data: st.DataObject) -> None:
    try:
        made = branch(dotted)
    except WrongName:
        return
    flat = {name: data.draw(st.one_of(st.none(), st.integers())) for name in dotted}
    assert made.flat(made.nested(flat)) == flat
