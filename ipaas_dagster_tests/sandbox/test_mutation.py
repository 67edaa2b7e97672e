from __future__ import annotations

import pytest

from ipaas_dagster.sandbox import BAD_RECORDS
from ipaas_dagster.sandbox.instagaze import Instagaze

POLLED = ("accounts", "products", "invoices", "subscriptions", "transactions")


def snapshot(instagaze: Instagaze, collection: str) -> dict[int, object]:
    return {record["id"]: record for record in instagaze.truth(collection)}


@pytest.mark.parametrize("collection", POLLED)
def test_exactly_what_it_names_is_inserted_changed_and_deleted(collection: str) -> None:
    instagaze = Instagaze(accounts=100)
    before = snapshot(instagaze, collection)
    done = instagaze.mutate(collection, insert=2, change=3, delete=1, seed=5)
    after = snapshot(instagaze, collection)
    assert set(after) - set(before) == set(done.inserted)
    assert len(done.inserted) == 2
    assert set(before) - set(after) == set(done.deleted)
    assert len(done.deleted) == 1
    changed = {number for number in before if number in after and before[number] != after[number]}
    assert changed == set(done.changed)
    assert len(changed) == 3


@pytest.mark.parametrize("collection", POLLED)
def test_what_is_written_is_modified_now(collection: str) -> None:
    instagaze = Instagaze(accounts=100)
    instagaze.clock.stop()
    instagaze.clock.advance(60)
    done = instagaze.mutate(collection, insert=2, change=2)
    stamps = {instagaze.modified(collection, number) for number in (*done.inserted, *done.changed)}
    assert stamps == {instagaze.clock.milliseconds()}


def test_a_changed_record_can_change_again() -> None:
    instagaze = Instagaze(accounts=30)
    for collection in POLLED:
        for seed in range(30):
            before = snapshot(instagaze, collection)
            done = instagaze.mutate(collection, change=5, seed=seed)
            after = snapshot(instagaze, collection)
            assert [number for number in before if before[number] != after[number]] == sorted(done.changed)


def test_bad_records_are_left_alone() -> None:
    instagaze = Instagaze(bad_records=True)
    for collection in POLLED:
        instagaze.mutate(collection, delete=10_000)
    left = {(collection, record["id"]) for collection in POLLED for record in instagaze.truth(collection)}
    assert left == {(bad.collection, bad.id) for bad in BAD_RECORDS}


def test_a_new_record_may_be_wrong_where_asked() -> None:
    instagaze = Instagaze()
    record = instagaze.insert("products", {"price": "many"})
    assert instagaze.record("products", record["id"]) == record
    assert (record["price"], record["currency"] is not None) == ("many", True)


def test_contacts_of_new_accounts_have_new_ids() -> None:
    instagaze = Instagaze(accounts=50)
    instagaze.mutate("accounts", insert=50, seed=1)
    instagaze.mutate("accounts", insert=50, seed=1)
    contacts = [c["id"] for account in instagaze.truth("accounts") for c in account["contacts"]]
    assert len(contacts) == len(set(contacts)) > 150


def test_what_is_not_there_cannot_be_changed() -> None:
    instagaze = Instagaze()
    with pytest.raises(KeyError, match="accounts has no record 777"):
        instagaze.change("accounts", 777)
    with pytest.raises(KeyError, match="accounts has no record 777"):
        instagaze.delete("accounts", 777)
