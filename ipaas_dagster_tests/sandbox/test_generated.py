from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ipaas_dagster.sandbox import BAD_RECORDS
from ipaas_dagster.sandbox.clock import SandboxClock
from ipaas_dagster.sandbox.instagaze import Instagaze
from ipaas_dagster.sandbox.instagaze.generator import SPREAD_DAYS
from ipaas_dagster.sandbox.instagaze.samples import read_samples

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SIZE = 2000
POLLED = ("accounts", "products", "invoices", "subscriptions", "transactions")


def made(**options: Any) -> Instagaze:
    return Instagaze(clock=SandboxClock(lambda: NOW), **options)


@pytest.fixture(scope="module")
def instagaze() -> Instagaze:
    return made(accounts=SIZE, samples=None)


def everything(instagaze: Instagaze) -> dict[str, list[tuple[Any, int | None]]]:
    return {
        name: [(record, instagaze.modified(name, record["id"])) for record in instagaze.truth(name)] for name in POLLED
    }


def test_the_same_seed_gives_the_same_records() -> None:
    assert everything(made(accounts=50, seed=3)) == everything(made(accounts=50, seed=3))
    assert everything(made(accounts=50, seed=3)) != everything(made(accounts=50, seed=4))


def test_the_collections_are_in_proportion(instagaze: Instagaze) -> None:
    sizes = {name: len(instagaze.shelves[name]) for name in POLLED}
    assert sizes == {"accounts": 2000, "products": 20, "invoices": 1200, "subscriptions": 600, "transactions": 1000}
    contacts = sum(len(account["contacts"]) for account in instagaze.truth("accounts"))
    assert 1.3 < contacts / SIZE < 1.5


def test_everything_refers_to_what_exists(instagaze: Instagaze) -> None:
    accounts = {account["id"]: account for account in instagaze.truth("accounts")}
    invoices = {invoice["id"]: invoice for invoice in instagaze.truth("invoices")}
    contacts = {c["id"]: c for account in accounts.values() for c in account["contacts"] if not c["is_deleted"]}
    assert len({c["id"] for account in accounts.values() for c in account["contacts"]}) >= len(contacts)
    for payment in instagaze.truth("transactions"):
        invoice = invoices[payment["invoice_id"]]
        assert (invoice["account_id"], invoice["number"]) == (payment["account_id"], payment["invoice_number"])
        assert payment["contact_id"] is None or contacts[payment["contact_id"]]["account_id"] == payment["account_id"]
    for subscription in instagaze.truth("subscriptions"):
        assert subscription["product"] == instagaze.record("products", subscription["product_id"])
        assert subscription["account"]["account_name"] == accounts[subscription["account_id"]]["account_name"]
    assert {invoice["account_id"] for invoice in invoices.values()} <= set(accounts)


def test_money_is_whole_and_adds_up(instagaze: Instagaze) -> None:
    for name in ("invoices", "subscriptions", "transactions"):
        for record in instagaze.truth(name):
            parts = [record[part] for part in ("net_amount", "discount", "tax", "total")]
            assert all(type(part) is int for part in parts)
            assert parts[0] - parts[1] + parts[2] == parts[3]
    for invoice in instagaze.truth("invoices"):
        assert sum(line["price"] * line["product_quantity"] for line in invoice["products"]) == invoice["net_amount"]


def test_every_currency_and_both_its_forms_occur(instagaze: Instagaze) -> None:
    shown = [record["currency"] for name in ("invoices", "subscriptions") for record in instagaze.truth(name)]
    named = {currency["name"] for currency in shown if isinstance(currency, dict)}
    assert named == {"USD", "EUR", "GBP", "JPY"}
    assert "$" in shown


def test_texts_of_many_scripts_occur(instagaze: Instagaze) -> None:
    names = "".join(account["account_name"] for account in instagaze.truth("accounts"))
    for sample in ("🚀", "東京", "חברת", "شركة", "e\u0301", '"', "\\", "\t", "👨‍👩‍👧"):
        assert sample in names


def test_modified_times_are_spread_over_the_last_days_and_some_are_missing(instagaze: Instagaze) -> None:
    stamps = [instagaze.modified("accounts", account["id"]) for account in instagaze.truth("accounts")]
    assert 0 < stamps.count(None) < SIZE // 20
    times = [datetime.fromtimestamp(stamp / 1000, UTC) for stamp in stamps if stamp is not None]
    assert NOW - timedelta(days=SPREAD_DAYS) <= min(times) < NOW - timedelta(days=SPREAD_DAYS - 3)
    assert NOW - timedelta(days=3) < max(times) < NOW
    assert len({moment.date() for moment in times}) >= SPREAD_DAYS


def test_what_must_be_redacted_is_there() -> None:
    instagaze = made(accounts=50)
    methods = [payment["method"] for payment in instagaze.truth("transactions")]
    assert all(method["card_fingerprint"] and method["saved_card_id"] for method in methods if "card_type" in method)
    assert "4111 1111 1111 1111" in json.dumps(instagaze.truth("accounts"))
    assert all(
        pipeline["instance"]["password"].startswith("plain-text-fake") for pipeline in instagaze.truth("pipelines")
    )


def walk(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from walk(one)
    elif isinstance(value, str):
        yield value


def test_samples_name_nobody_real() -> None:
    texts = [text for _, records in read_samples() for text in walk(records)]
    assert all(text.endswith(".example.com") or "@example.com" in text for text in texts if "@" in text)
    assert all("example.com/" in f"{text}/" for text in texts if text.startswith("http"))


def test_bad_records_are_there_only_if_asked_for() -> None:
    plain, spoilt = made(), made(bad_records=True)
    for bad in BAD_RECORDS:
        assert plain.record(bad.collection, bad.id) is None
        assert spoilt.record(bad.collection, bad.id) == bad.record
        assert bad.why
    more = {name: len(spoilt.truth(name)) - len(plain.truth(name)) for name in POLLED}
    assert sum(more.values()) == len(BAD_RECORDS) == len({(bad.collection, bad.id) for bad in BAD_RECORDS})


def test_a_bad_element_stands_beside_good_ones() -> None:
    for bad in (bad for bad in BAD_RECORDS if bad.child):
        assert bad.child is not None
        name, position, number = bad.child
        elements = bad.record[name]
        assert position == len(elements) == 2
        assert elements[1].get("id") == number
        assert elements[0][bad.field] != elements[1][bad.field]
