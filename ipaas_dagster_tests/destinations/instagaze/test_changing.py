"""Changes and deletes, and records that are there already or not any more."""

from __future__ import annotations

import json
from pathlib import Path

from ipaas_dagster_tests.destinations.instagaze.other import OtherPortal
from ipaas_dagster_tests.destinations.instagaze.world import Copy


def test_a_change_sends_the_whole_set_of_contacts_and_lines_as_text(copy: Copy, other: OtherPortal) -> None:
    copy.customer(1)
    copy.contact(1, 1)
    copy.invoice(1, 1)
    copy.delivered()
    copy.contact(2, 1)
    copy.hub.put("invoices", "instagaze:invoices:1", is_paid=True)
    copy.delivered()
    assert [one["name"] for one in other.truth("accounts")[0]["contacts"]] == ["Person 1", "Person 2"]
    body = json.loads(next(body for method, path, body in other.log if method == "PATCH" and "invoices" in path))
    assert isinstance(body["products"], str)
    assert json.loads(body["products"])[0]["product_code"] == "P-1"
    assert (other.truth("invoices")[0]["paid"], len(other.records["invoices"])) == (True, 1)


def test_a_changed_subscription_is_made_anew_before_the_old_one_ends(copy: Copy, other: OtherPortal) -> None:
    copy.customer(1)
    copy.item(1)
    hub_id = copy.subscription(1, 1, 1)
    copy.delivered()
    before = len(other.log)
    copy.hub.put("subscriptions", hub_id, quantity=5)
    assert copy.delivered().notes == (), "nothing odd about it"
    writes = [(method, path.rpartition("/admin/")[2]) for method, path in other.wrote()[-2:]]
    assert writes == [("POST", "subscriptions"), ("DELETE", "subscriptions/501")]
    assert [one["quantity"] for one in other.truth("subscriptions")] == [5]
    copy.hub.drop("subscriptions", hub_id)
    copy.delivered()
    assert (other.truth("subscriptions"), other.wrote()[-1][1].rpartition("/")[2]) == ([], "502")
    assert len(other.log) > before


def test_a_replacement_that_is_cut_anywhere_ends_with_one(copy: Copy, other: OtherPortal) -> None:
    copy.customer(1)
    copy.item(1)
    hub_id = copy.subscription(1, 1, 1)
    copy.delivered()
    for quantity in range(2, 12):
        other.loses = 0.7
        copy.hub.put("subscriptions", hub_id, quantity=quantity)
        copy.deliver()
        other.loses = 0.0
        copy.clock.wait(7200)
        copy.delivered()
        assert [one["quantity"] for one in other.truth("subscriptions")] == [quantity]
    assert other.lost > 3


def test_a_changed_subscription_can_be_left_to_a_person(tmp_path: Path, other: OtherPortal) -> None:
    world = Copy(tmp_path, other.environment, INSTAGAZE_B_SUBSCRIPTION_CHANGES="reject")
    world.customer(1)
    world.item(1)
    hub_id = world.subscription(1, 1, 1)
    world.delivered()
    world.hub.put("subscriptions", hub_id, quantity=5)
    world.deliver()
    assert (world.entry(hub_id).state, other.truth("subscriptions")[0]["quantity"]) == ("dead", 1)
    assert "no documented change of a subscription" in world.entry(hub_id).reason


def test_what_was_deleted_there_is_made_anew_and_its_invoices_follow(copy: Copy, other: OtherPortal) -> None:
    hub_id = copy.customer(1)
    copy.invoice(1, 1)
    copy.delivered()
    del other.records["accounts"][501]
    other.records["accounts"][600] = {**OTHERS, "id": 600}
    copy.hub.put("customers", hub_id, name="Renamed")
    copy.delivered()
    assert [(one["id"], one["account_name"]) for one in other.truth("accounts")] == [(600, "Theirs"), (601, "Renamed")]
    assert [one["account_id"] for one in other.truth("invoices")] == [601]
    assert "made anew" in copy.entries(collection="customers")[-1].reason


OTHERS = {"account_name": "Theirs", "account_number": "N-1", "contacts": [], "billing_address": None}


def test_one_of_the_same_number_and_name_is_changed_and_one_of_another_name_is_not(
    copy: Copy, other: OtherPortal
) -> None:
    other.records["accounts"] = {5: {**OTHERS, "id": 5}, 6: {**OTHERS, "id": 6, "account_name": "Customer 1"}}
    copy.customer(1, owner_name="Ada")
    copy.customer(2, number="N-1")
    result = copy.delivered()
    there = {one["id"]: (one["account_name"], one.get("account_owner")) for one in other.truth("accounts")}
    assert there == {5: ("Theirs", None), 6: ("Customer 1", "Ada"), 7: ("Customer 2", None)}
    assert "as id 6" in result.notes[0]


def test_among_several_of_the_same_number_and_name_a_person_chooses(copy: Copy, other: OtherPortal) -> None:
    other.records["accounts"] = {n: {**OTHERS, "id": n, "account_name": "Customer 1"} for n in (5, 6)}
    hub_id = copy.customer(1)
    copy.deliver()
    assert (copy.entry(hub_id).state, len(other.records["accounts"])) == ("dead", 2)
    assert "ids 5, 6" in copy.entry(hub_id).reason


def test_a_lost_hub_finds_what_it_had_made(tmp_path: Path, other: OtherPortal) -> None:
    """Nothing is known of the portal any more, and everything is there: nothing is written."""
    for folder in ("first", "second"):
        world = Copy(tmp_path / folder, other.environment)
        world.business(15)
        world.delivered()
        world.project.operations.dispose()
    assert len(other.records["accounts"]) == 15
    writes = [method for method, _ in other.wrote()]
    assert writes == ["POST"] * (15 + 3 + 15 + 18)


def test_what_a_portal_takes_and_does_not_keep_is_told(copy: Copy, other: OtherPortal) -> None:
    """Also of changes that are answered without a body: the record is read, an invoice in its list."""
    copy.item(1)
    copy.customer(1)
    copy.invoice(1, 1)
    assert copy.delivered().notes == ()
    other.deaf = frozenset({"price", "paid"})
    copy.item(1, unit_price_minor=7, tax_code="SW1")
    copy.hub.put("invoices", "instagaze:invoices:1", is_paid=True)
    notes = copy.delivered().notes
    assert [note.rpartition(": ")[2] for note in notes] == ["price", "paid"]
    assert other.truth("products")[0]["tax_code"] == "SW1"


def test_a_refused_record_names_the_field_and_the_others_arrive(copy: Copy, other: OtherPortal) -> None:
    copy.item(1)
    copy.customer(1)
    copy.customer(2)
    copy.subscription(1, 1, 1)
    bad = copy.subscription(2, 2, 1)
    copy.delivered()
    del other.records["products"][501]
    copy.hub.put("subscriptions", bad, quantity=9)
    copy.deliver()
    assert copy.entry(bad).state == "dead"
    assert copy.entry(bad).reason.startswith("product_id: it answered 422")


def test_a_frequency_without_an_id_is_monthly_or_a_persons_to_say(copy: Copy, other: OtherPortal) -> None:
    copy.customer(1)
    copy.item(1)
    copy.subscription(1, 1, 1, billing_frequency="monthly", extra={})
    odd = copy.subscription(2, 1, 1, billing_frequency="fortnightly", extra={})
    copy.deliver()
    assert [one["billing_frequency"] for one in other.truth("subscriptions")] == [{"id": 5}]
    assert "'fortnightly' is not known" in copy.entry(odd).reason
