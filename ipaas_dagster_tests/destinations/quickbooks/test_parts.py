"""The small parts: the query language by the sandbox's own reader, faults, presets, what is unsure."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipaas_dagster.destinations.base import Entry, Setting, Unreachable
from ipaas_dagster.destinations.quickbooks import connect
from ipaas_dagster.destinations.quickbooks.answers import Judge
from ipaas_dagster.destinations.quickbooks.entities import BY_NAME, is_ours
from ipaas_dagster.destinations.quickbooks.faults import fault_of
from ipaas_dagster.destinations.quickbooks.planning import Item
from ipaas_dagster.destinations.quickbooks.preset import read_company
from ipaas_dagster.destinations.quickbooks.query import LONGEST, in_pieces, literal, one_of, select
from ipaas_dagster.errors import SettingsError
from ipaas_dagster.records import utc_now
from ipaas_dagster.sandbox.quickbooks.query import parse

FIELDS = {
    "url": "https://books.example",
    "realm_id": "1",
    "client_id": "app",
    "client_secret": "the-secret",
    "refresh_token": "the-token",
}
RECORDINGS = Path(__file__).parents[4] / "shared" / "reference" / "quickbooks"


def setting(**fields: str) -> Setting:
    return Setting("books", {**FIELDS, **fields}, {}, utc_now, lambda call: None)


@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)), min_size=1), min_size=1, max_size=5))
def test_any_text_comes_out_of_a_query_as_it_went_in(texts: list[str]) -> None:
    query = parse(select("*", "Customer", one_of("DisplayName", texts), "Active in (true, false)", start=7))
    assert query.conditions[0].values == tuple(texts)
    assert (query.start, query.conditions[1].values) == (7, (True, False))


def test_a_quote_and_a_backslash_are_escaped() -> None:
    assert literal("O'Neil \\ Co") == r"'O\'Neil \\ Co'"


@given(st.lists(st.text(max_size=200), max_size=60))
def test_long_questions_are_asked_in_pieces(texts: list[str]) -> None:
    pieces = list(in_pieces(texts))
    assert [text for piece in pieces for text in piece] == texts
    for piece in pieces:
        assert len(piece) == 1 or sum(len(literal(text)) for text in piece) <= LONGEST


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (
            b'{"Fault":{"Error":[{"Message":"M","Detail":"D","code":"2020","element":"Line"}],"type":"V"}}',
            "2020",
            "Line",
        ),
        (b'{"fault":{"error":[{"message":"m","detail":"d","code":"3200","element":null}],"type":"A"}}', "3200", None),
        (
            b'<?xml version="1.0"?><R><Fault type="S"><Error code="3001"><Message>wait</Message></Error></Fault></R>',
            "3001",
            None,
        ),
        (b'{"Fault":{"Error":[],"type":"V"}}', "", None),
    ],
)
def test_a_fault_in_every_spelling(body: bytes, code: str, field: str | None) -> None:
    fault = fault_of(body)
    assert fault is not None
    assert (fault.code, fault.field) == (code, field)
    assert str(fault)


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"<html>busy</html>", b"\xff\xfe", b'{"Fault": 3}'])
def test_what_is_no_fault(body: bytes) -> None:
    assert fault_of(body) is None


def test_the_recorded_faults() -> None:
    if not RECORDINGS.is_dir():
        pytest.skip("the recordings are not here")
    files = ["json/fault_duplicate_name.json", "xml/customer_duplicate_error.xml", "xml/too_many_requests_error.xml"]
    codes = [fault.code if (fault := fault_of((RECORDINGS / name).read_bytes())) else None for name in files]
    assert codes == ["6240", "6240", "3001"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"realm_id": "x"}, "realm_id is no company id"),
        ({"client_secret": " "}, "client_secret is missing"),
        ({"batch_size": "many"}, "batch_size must be a whole number"),
        ({"batch_size": "0"}, "batch_size must be a whole number"),
        ({"on_delete": "burn"}, "on_delete must be one of: delete, void"),
        ({"adopt": "yes"}, "adopt must be one of: true, false"),
    ],
)
def test_a_preset_that_cannot_be_used_names_its_field(fields: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=says) as error:
        read_company(setting(**fields))
    assert "books" in str(error.value)
    assert "the-" not in str(error.value)


def test_no_secret_shows() -> None:
    assert "the-" not in repr(read_company(setting())) + repr(setting())


def test_it_needs_a_place_for_its_tokens() -> None:
    with pytest.raises(SettingsError, match="folder for its sealed tokens"):
        connect(setting())


def entry(object: str = "Invoice", **payload: Any) -> Entry:
    return Entry(1, "key", "x", object, "instagaze:x:1", "upsert", 1, 1, payload, None)


def test_ours_is_told_by_the_whole_mark() -> None:
    invoice = BY_NAME["Invoice"]
    assert is_ours(invoice, entry(), {"PrivateNote": "thanks ipaas:instagaze:x:1"})
    assert not is_ours(invoice, entry(), {"PrivateNote": "ipaas:instagaze:x:12"})
    assert not is_ours(invoice, entry(), {})


def test_an_item_of_the_same_name_and_code_is_the_same_item() -> None:
    mine = entry("Item", Name="Plan", Sku="P-1")
    assert is_ours(BY_NAME["Item"], mine, {"Name": "Plan", "Sku": "P-1"})
    assert not is_ours(BY_NAME["Item"], mine, {"Name": "Plan"})
    assert not is_ours(BY_NAME["Item"], entry("Item", Name="Plan"), {"Name": "Plan"})


class Books:
    """An Api that finds `there` whatever it is asked, or raises it."""

    def __init__(self, there: list[dict[str, Any]] | Exception) -> None:
        self.there = there

    def select_in(self, *given: str) -> list[dict[str, Any]]:
        if isinstance(self.there, Exception):
            raise self.there
        return self.there


@pytest.mark.parametrize(
    ("there", "kind"),
    [
        ([{"Id": "5", "DocNumber": "R-1", "PrivateNote": "ipaas:instagaze:x:1", "TotalAmt": Decimal(3)}], "delivered"),
        ([{"Id": "5", "DocNumber": "R-1", "PrivateNote": "theirs"}], "retry"),
        ([], "retry"),
        (Unreachable("no connection"), "in_doubt"),
    ],
)
def test_a_system_fault_of_one_item_is_looked_up(there: Any, kind: str) -> None:
    sent = Item(entry(DocNumber="R-1", TotalAmt=Decimal(3)), "create", {})
    judge = Judge(Books(there), read_company(setting()), BY_NAME["Invoice"], "tid-1")  # type: ignore[arg-type]
    fault = {"bId": "1", "Fault": {"Error": [{"code": "10000", "Message": "oops"}], "type": "SystemFault"}}
    (outcome,) = judge.outcomes([sent], {"1": fault})
    assert (outcome.kind, outcome.details["intuit_tid"]) == (kind, "tid-1")


def test_an_item_without_an_answer_is_in_doubt() -> None:
    judge = Judge(Books([]), read_company(setting()), BY_NAME["Invoice"], "")  # type: ignore[arg-type]
    outcomes = judge.outcomes([Item(entry(), "create", {})] * 2, {"1": {"bId": "1"}})
    assert [outcome.kind for outcome in outcomes] == ["in_doubt"] * 2


def test_amounts_are_numbers_with_all_their_digits() -> None:
    from ipaas_dagster.destinations.quickbooks.bodies import encode

    assert encode({"Amount": Decimal("90071992547409.93")}) == b'{"Amount":90071992547409.93}'
    assert msgspec.json.decode(encode({"Amount": Decimal("0.10")})) == {"Amount": 0.1}
