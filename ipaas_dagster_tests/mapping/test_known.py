"""Templates against what a system is known to have."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ipaas_dagster import contracts
from ipaas_dagster.errors import DeclarationError
from ipaas_dagster.mapping import KINDS, RenderError, kind
from ipaas_dagster.mapping.declared import parse
from ipaas_dagster.mapping.form import check_form
from ipaas_dagster.mapping.known import KnownObjects, known_objects, parse_objects
from ipaas_dagster.mapping.language import MappingFile
from ipaas_dagster.mapping.reading_template import read_template
from ipaas_dagster.mapping.route import Route
from ipaas_dagster.mapping.template import Template

from .conftest import record

BOOKS = parse_objects(
    json.dumps(
        {
            "objects": {
                "Customer": {"DisplayName": {"type": "string", "length": 10, "required": True}},
                "Invoice": {
                    "Id": {"type": "id", "read_only": True},
                    "DocNumber": {"type": "string", "length": 5},
                    "CustomerRef": {"type": "object", "required": True},
                    "CustomerRef.value": {"type": "reference", "required": True},
                    "BillAddr": {"type": "object"},
                    "BillAddr.City": {"type": "string"},
                    "BillAddr.Line1": {"type": "string", "required": True},
                    "Line": {"type": "list", "required": True},
                    "Line.Amount": {"type": "decimal", "required": True},
                    "Line.Description": {"type": "string", "length": 4},
                    "Line.SalesItemLineDetail.ItemRef.value": {"type": "reference"},
                },
            }
        }
    )
)
LINE = "children: {Line: {collection: invoice_lines, fields: {Amount: unit_price_minor%s}}}"
FULL = "object: Invoice\nfields: {CustomerRef.value: {reference: customer_id}%s}\n" + LINE


def template(text: str, system: str = "quickbooks", known: KnownObjects | None = BOOKS) -> Template:
    collection = "invoices" if "Invoice" in text else "customers"
    indented = "\n".join(f"  {line}" for line in text.splitlines())
    declared = parse(f"{collection}:\n{indented}\n", "test.yaml")
    words = check_form(MappingFile, declared).root[collection]
    return read_template(collection, words, kind(system), declared, known)


def refused(text: str, says: str, line: int, **more: Any) -> DeclarationError:
    with pytest.raises(DeclarationError, match=says) as caught:
        template(text, **more)
    assert (caught.value.file, caught.value.line) == ("test.yaml", line)
    return caught.value


def salesforce(text: str, says: str, line: int) -> DeclarationError:
    return refused(text, says, line, system="salesforce", known=known_objects("salesforce"))


def test_every_table_is_readable_and_belongs_to_a_kind_that_sends() -> None:
    for one in KINDS:
        known = known_objects(one.name)
        if known is not None:
            assert known.objects, one.name
            assert all(fields for fields in known.objects.values()), one.name
            assert one.fields, "it has presets, so it can be filled"
    assert known_objects("sql") is None
    assert known_objects("files") is None


def test_an_unknown_object_is_named_with_those_there_are() -> None:
    error = salesforce("object: Acount\nfields: {Name: name}", "no object 'Acount'.*did you mean 'Account'", 2)
    assert error.allowed == ("Account", "Contact", "Product2")


def test_an_unknown_field_is_named_with_file_line_suggestion_and_the_allowed_ones() -> None:
    text = "object: Account\nfields:\n  Name: name\n  BilingCity: billing_city"
    error = salesforce(text, "salesforce Account has no field 'BilingCity'.*did you mean 'BillingCity'", 5)
    assert {"Name", "BillingCity", "Phone"} <= set(error.allowed)


def test_fields_and_objects_of_ones_own_are_free() -> None:
    known = known_objects("salesforce")
    own = "object: Account\nfields: {Name: name, Tier__c: number, Odd: {from: number, custom: true}}"
    assert [t.name for t in template(own, "salesforce", known).targets] == [
        "Ipaas_Hub_Id__c", "Name", "Tier__c", "Odd",
    ]  # fmt: skip
    assert template("object: Ledger__c\nfields: {Whatever: name}", "salesforce", known).object == "Ledger__c"


def test_a_required_field_that_is_not_filled_is_an_error() -> None:
    salesforce("object: Account\nfields: {Phone: number}", "needs Account.Name", 3)
    text = "object: Account\nfields: {Name: {from: name, read_only: true}}"
    salesforce(text, "needs Account.Name", 3)


def test_a_field_that_the_system_fills_is_refused_unless_it_is_only_listed() -> None:
    salesforce("object: Account\nfields: {Name: name, CreatedDate: external_updated_at}", "fills Account.Created", 3)
    listed = "object: Account\nfields: {Name: name, CreatedDate: {from: external_updated_at, read_only: true}}"
    assert template(listed, "salesforce", known_objects("salesforce")).object == "Account"


def test_fields_within_objects_and_lists_are_checked_by_their_dotted_names() -> None:
    assert [t.name for t in template(FULL % ("", "")).targets] == ["CustomerRef.value", "Line"]
    refused(FULL % (", CustomerRef.vale: number", ""), "no field 'CustomerRef.vale'", 3)
    error = refused(FULL % ("", ", Amont: quantity"), "Invoice has no field 'Line.Amont'.*mean 'Amount'", 4)
    assert "SalesItemLineDetail.ItemRef.value" in error.allowed
    refused("object: Invoice\nfields: {CustomerRef.value: customer_id}", "needs Invoice.Line,", 3)
    refused("object: Invoice\nfields: {DocNumber: number}\n" + LINE % "", "needs Invoice.CustomerRef", 3)


def test_a_required_field_of_an_optional_object_counts_once_that_is_filled() -> None:
    template(FULL % ("", ""))
    refused(FULL % (", BillAddr.City: number", ""), "needs Invoice.BillAddr.Line1", 3)


def rendered(text: str, **values: Any) -> Any:
    made = template(text)
    route = Route("books", "quickbooks", made.collection, made, None, "keep", made.filter)
    (result,) = route.render_many([record(made.collection, **values)], _Lines())
    return result


class _Lines:
    def children(self, collection: str, parents: Any) -> Any:
        row = record(collection, hub_id="instagaze:x:1#1", invoice_id=parents[0], description="12345")
        return [row]

    def holders(self, collection: str, column: str, values: Any) -> Any:
        return []


def test_text_that_is_too_long_is_told_by_field_with_what_to_do() -> None:
    error = rendered("object: Customer\nfields: {DisplayName: name}", name="x" * 11)
    assert isinstance(error, RenderError)
    assert error.field == "DisplayName"
    assert error.reason.startswith("is 11 characters long, DisplayName takes 10; add the modifier `truncate: 10`")
    exact = rendered("object: Customer\nfields: {DisplayName: name}", name="x" * 10)
    assert exact.payload == {"DisplayName": "x" * 10}
    cut = "object: Customer\nfields: {DisplayName: {from: name, modifier: {truncate: 10}}}"
    assert rendered(cut, name="x" * 11).payload == {"DisplayName": "x" * 10}


def test_text_that_is_too_long_in_a_nested_record_names_the_list_the_field_and_the_record() -> None:
    error = rendered(FULL % ("", ", Description: description"), customer_id="instagaze:accounts:1")
    assert isinstance(error, RenderError)
    assert error.field == "Line.Description"
    assert "takes 4" in error.reason
    assert "instagaze:x:1#1" in error.reason


def test_the_salesforce_table_names_what_the_hub_needs() -> None:
    known = known_objects("salesforce")
    assert known is not None
    assert known.objects["Account"]["Name"].required
    assert known.objects["Contact"]["LastName"].length == 80
    assert known.objects["Product2"]["CreatedDate"].read_only
    assert contracts.collection("contacts").column("email")
    assert known.objects["Contact"]["AccountId"].relationship == "Account"
