"""Whole lists, and whether two forms of a record say the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ipaas_dagster.destinations.base import Setting, Unreachable
from ipaas_dagster.destinations.instagaze import connect
from ipaas_dagster.destinations.instagaze.comparing import differing, equal, fits, form_of, key_of
from ipaas_dagster.destinations.instagaze.lists import all_of
from ipaas_dagster.destinations.instagaze.objects import ACCOUNTS, INVOICES, PRODUCTS, SUBSCRIPTIONS, Written
from ipaas_dagster.errors import SettingsError

Page = Callable[[int, int, int], Any]


class Pages:
    """`page(question, limit, offset)` is what the list answers."""

    def __init__(self, page: Page) -> None:
        self.page, self.asked = page, 0

    def read(self, path: str, *, limit: int, offset: int) -> Any:
        self.asked += 1
        assert self.asked < 100, "it does not end"
        return self.page(self.asked, limit, offset)


def ids(page: Page, limit: int = 10) -> list[int]:
    return [record["id"] for record in all_of(Pages(page), "/accounts", limit)]  # type: ignore[arg-type]


def records(count: int) -> list[dict[str, int]]:
    return [{"id": n} for n in range(1, count + 1)]


@pytest.mark.parametrize("count", [0, 1, 2, 9, 10, 11, 19, 20, 57])
def test_a_list_is_read_to_its_end(count: int) -> None:
    whole = records(count)
    assert ids(lambda _, limit, offset: {"count": count, "results": whole[offset : offset + limit]}) == [
        one["id"] for one in whole
    ]
    assert ids(lambda _, limit, offset: whole[offset : offset + min(limit, 3)]) == [one["id"] for one in whole]
    assert ids(lambda _, limit, offset: {"results": whole}) == [one["id"] for one in whole], "all at once, always"


def test_what_is_deleted_meanwhile_hides_nothing() -> None:
    whole = records(50)

    def page(question: int, limit: int, offset: int) -> Any:
        if question == 3:
            del whole[0:5]
        return {"count": len(whole), "results": whole[offset : offset + limit]}

    found = ids(page)
    assert set(found) >= set(range(6, 51))
    assert len(found) == len(set(found))


def test_an_offset_that_does_nothing_is_an_error() -> None:
    with pytest.raises(Unreachable, match="the same page for every offset: 10 of 50"):
        ids(lambda _, limit, offset: {"count": 50, "results": records(50)[:limit]})


SAME: list[tuple[Written, dict[str, Any], dict[str, Any]]] = [
    (PRODUCTS, {"product_name": "A", "currency": "$", "price": 5}, {"currency": {"name": "USD"}, "price": "5"}),
    (PRODUCTS, {"product_description": None}, {"product_description": ""}),
    (ACCOUNTS, {"billing_address": {"postalCode": "1", "city": None}}, {"billing_address": {"postal_code": "1"}}),
    (ACCOUNTS, {"billing_address": {"street": "S", "city": None}}, {"billing_address": "S"}),
    (
        ACCOUNTS,
        {"contacts": [{"name": "A", "email": "a@x"}, {"name": "B", "email": None}]},
        {"contacts": [{"name": "B", "id": 1}, {"name": "A", "email": "a@x"}, {"name": "C", "is_deleted": True}]},
    ),
    (INVOICES, {"products": [{"price": 1, "currency_id": 1}]}, {"products": '[{"price": 1, "currency_id": 2}]'}),
    (INVOICES, {"payment_due_date": "2026-08-01T05:09:18.000Z"}, {"payment_due_date": "2026-08-01T07:09:18+02:00"}),
    (INVOICES, {"account_id": 5}, {"account_id": "5"}),
    (SUBSCRIPTIONS, {"billing_frequency": {"id": 5}}, {"billing_frequency": {"id": "5", "name": "monthly"}}),
    (SUBSCRIPTIONS, {"billing_frequency": {"id": 5}}, {"billing_frequency": "monthly"}),
]


@pytest.mark.parametrize(("written", "ours", "theirs"), SAME)
def test_the_same_in_another_form(written: Written, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert equal(form_of(written, ours), form_of(written, theirs))


DIFFERENT: list[tuple[Written, dict[str, Any], dict[str, Any], str]] = [
    (PRODUCTS, {"currency": "$"}, {"currency": {"name": "CAD", "prefix": "$"}}, "currency"),
    (ACCOUNTS, {"contacts": []}, {"contacts": [{"name": "A"}]}, "contacts"),
    (ACCOUNTS, {"autopay_only": False}, {"autopay_only": True}, "autopay_only"),
    (INVOICES, {"products": [{"price": 1}, {"price": 2}]}, {"products": [{"price": 2}, {"price": 1}]}, "products"),
    (INVOICES, {"total": 1}, {"total": 1.5}, "total"),
    (SUBSCRIPTIONS, {"billing_frequency": {"id": 5}}, {"billing_frequency": {"id": 6}}, "billing_frequency"),
]


@pytest.mark.parametrize(("written", "ours", "theirs", "field"), DIFFERENT)
def test_another_value_is_another(written: Written, ours: dict[str, Any], theirs: dict[str, Any], field: str) -> None:
    forms = form_of(written, ours), form_of(written, theirs)
    assert not equal(*forms)
    assert differing(written, *forms) == [field]


def test_a_default_may_fill_what_was_empty_and_nothing_else() -> None:
    sent = form_of(PRODUCTS, {"product_name": "A", "product_quantity": None, "price": 0})
    assert fits(sent, form_of(PRODUCTS, {"product_name": "A", "product_quantity": 1, "price": 0}))
    assert not fits(sent, form_of(PRODUCTS, {"product_name": "A", "product_quantity": 1, "price": 7}))
    assert key_of(SUBSCRIPTIONS, form_of(SUBSCRIPTIONS, {"account_id": 1})) is None


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("token", "", "token is missing"),
        ("token", "tökén", "no header can carry"),
        ("portal_id", "two", "portal_id must be a whole number"),
        ("subscription_changes", "patch", "must be one of: replace, reject"),
        ("url", "instagaze", "is not an address"),
    ],
)
def test_a_preset_that_cannot_be_used_is_named_by_field_without_its_value(field: str, value: str, says: str) -> None:
    fields = {"url": "http://127.0.0.1:1/api/admin/", "token": "good-token", field: value}
    with pytest.raises(SettingsError, match=says) as error:
        connect(Setting("portal_b", fields, {}, lambda: None, lambda call: None))  # type: ignore[arg-type, return-value]
    assert "tökén" not in str(error.value)
