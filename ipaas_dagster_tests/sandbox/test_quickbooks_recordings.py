"""Answers of the stand-in beside recorded ones: nothing that is recorded is spelled otherwise here."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from ipaas_dagster.sandbox.exchange import Answer
from ipaas_dagster_tests.sandbox.quickbooks_client import Client, connect, invoice, line, payment, read, stopped_server

RECORDED = Path(__file__).parents[3] / "shared" / "reference" / "quickbooks"
pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="the recordings are not beside this checkout")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")


@pytest.fixture
def client() -> Client:
    """With a customer, an item, an invoice of two lines with a discount, and a payment."""
    client = connect(stopped_server()[0])
    discount = {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10}}
    client.post("invoice", invoice(client.customer(), line(client.item()), discount, PrivateNote="note"))
    client.post("payment", payment({"Id": "1"}, 5, {"1": 5}))
    return client


def recorded_json(name: str) -> Any:
    return json.loads((RECORDED / "json" / f"{name}.json").read_text())


def recorded_xml(name: str) -> Any:
    return etree.parse(str(RECORDED / "xml" / f"{name}.xml")).getroot()


def spelled(value: Any) -> Any:
    """What a value is, without what it says: numbers are alike, and times are times."""
    if isinstance(value, dict):
        return {key: spelled(one) for key, one in value.items()}
    if isinstance(value, bool | str) and not (isinstance(value, str) and TIME.fullmatch(value)):
        return type(value).__name__
    return "time" if isinstance(value, str) else "list" if isinstance(value, list) else "number"


@pytest.mark.parametrize(
    ("recording", "path", "absent"),
    [
        ("account", "account/1", set()),
        ("item", "item/1", {"Description"}),
        ("company_info", "companyinfo/1", set()),
    ],
)
def test_records_have_the_recorded_properties_of_the_recorded_types(
    client: Client, recording: str, path: str, absent: set[str]
) -> None:
    recorded = recorded_json(recording)
    one = spelled(recorded[0] if isinstance(recorded, list) else recorded)
    ours = spelled(client.get(path))
    missing = set(one) - set(ours) - absent
    assert missing == set()
    assert {name for name in one if name in ours and one[name] != ours[name] and isinstance(one[name], str)} == set()


def test_a_vendor_is_answered_in_the_recorded_wrapper(client: Client) -> None:
    recorded = recorded_json("vendor_create_response")
    ours = read(client.ask("POST", "vendor", {"DisplayName": "Seller"}))
    assert set(recorded) <= set(ours)
    plain = {"Id", "SyncToken", "MetaData", "domain", "sparse", "Active", "Balance", "Vendor1099", "PrintOnCheckName"}
    assert {name: spelled(recorded["Vendor"][name]) for name in plain} == {
        name: spelled(ours["Vendor"][name]) for name in plain
    }


def test_a_duplicate_name_is_refused_in_the_recorded_form(client: Client) -> None:
    recorded = recorded_json("fault_duplicate_name")
    ours = read(client.ask("POST", "customer", {"DisplayName": "Acme"}))
    assert set(ours) == set(recorded)
    assert ours["Fault"]["type"] == recorded["Fault"]["type"]
    one, other = ours["Fault"]["Error"][0], recorded["Fault"]["Error"][0]
    assert (one["code"], one["Message"], set(one)) == (other["code"], other["Message"], set(other))


def shape(node: Any) -> Any:
    """Names of elements and attributes in order, without the texts."""
    children = [shape(child) for child in node if isinstance(child.tag, str)]
    return (etree.QName(node).localname, sorted(node.attrib), children)


def ours_xml(answer: Answer) -> Any:
    return etree.fromstring(answer.body)


def test_throttling_is_the_recorded_answer(client: Client) -> None:
    recorded = recorded_xml("too_many_requests_error")
    client.server.configure(requests_per_minute=0)
    ours = ours_xml(client.ask("GET", "companyinfo/1"))
    assert shape(ours) == shape(recorded)
    texts = [[part.strip() for part in node.itertext() if part.strip()] for node in (ours, recorded)]
    assert texts[0] == texts[1]
    assert ours.tag == recorded.tag, "the namespace is the same"


@pytest.mark.parametrize(
    ("recording", "path", "body"),
    [
        ("customer_duplicate_error", "customer", {"DisplayName": "Acme"}),
        ("invoice_delete_success_response", "invoice?delete", {"Id": "1", "SyncToken": "1"}),
        ("payment_delete_success_response", "payment?delete", {"Id": "1", "SyncToken": "0"}),
    ],
)
def test_xml_answers_have_the_recorded_shape(client: Client, recording: str, path: str, body: Any) -> None:
    client.accept = "application/xml"
    entity, _, operation = path.partition("?")
    query = {"operation": operation} if operation else {}
    ours = ours_xml(client.ask("POST", entity, body, **query))
    assert shape(ours) == shape(recorded_xml(recording))


@pytest.mark.parametrize(
    ("recording", "path", "absent"),
    [
        ("customer", "customer/1", {"DefaultTaxCodeRef", "CustomerTypeRef"}),
        ("invoice_with_discount_line_item_response", "invoice/1", {"Deposit"}),
        ("item", "item/1", {"Sku", "Description"}),
        ("payment_with_line_extras", "payment/1", set()),
    ],
)
def test_records_in_xml_are_spelled_as_recorded(client: Client, recording: str, path: str, absent: set[str]) -> None:
    """What nobody sent (addresses, phones, names of people) is not there; all else is, spelled alike."""
    sent = {"GivenName", "FamilyName", "CompanyName", "PrimaryPhone", "PrimaryEmailAddr", "BillAddr", "ShipAddr"}
    root = recorded_xml(recording)
    recorded = next((one for one in root.iter() if etree.QName(one).localname == path.split("/")[0].title()), root)
    client.accept = "application/xml"
    ours = ours_xml(client.ask("GET", path))[0]
    names = {etree.QName(child).localname for child in recorded if isinstance(child.tag, str)}
    assert names - {etree.QName(child).localname for child in ours} - sent - absent == set()
    assert set(recorded.attrib) - {"time"} <= set(ours.attrib)
    assert ours.find("{*}CurrencyRef").attrib == {"name": "United States Dollar"} if path[0] != "i" else True


def test_a_customer_made_inactive_is_renamed_as_recorded(client: Client) -> None:
    recorded = recorded_xml("deleted_customer").find(".//{*}DisplayName").text
    ours = client.post("customer", {"Id": "1", "SyncToken": "0", "sparse": True, "Active": False})
    assert ours["DisplayName"] == recorded.replace("Thrifty Meats", "Acme")


def test_an_invalid_position_is_told_as_recorded(client: Client) -> None:
    recorded = recorded_xml("query_validation_error")
    client.accept = "application/xml"
    ours = ours_xml(client.ask("GET", "query", query="select * from Customer startposition 0"))
    assert ours.find(".//{*}Detail").text == recorded.find(".//{*}Detail").text
    assert ours.find(".//{*}Error").get("code") == recorded.find(".//{*}Error").get("code")
