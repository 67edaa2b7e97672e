"""A mass delete is taken out of the merge and waits; everything else of the landing is merged."""

from __future__ import annotations

from pathlib import Path

from ipaas_dagster.hub import Hub
from ipaas_dagster.hub.deletes import Guard
from ipaas_dagster.hub.holds import Hold, list_holds
from ipaas_dagster_tests.hub.staged import Account, Landing, Person, merge_into, open_hub

GUARD = Guard(share=0.2, records=2)
EVERYONE = [Account(n, contacts=(Person(n),)) for n in range(1, 11)]


def holds(hub: Hub) -> list[Hold]:
    with hub.reading() as connection:
        assert connection is not None
        return list_holds(connection)


def alive(hub: Hub, name: str) -> int:
    return len(hub.current(name, None, 100))


def test_mass_delete_waits_and_the_rest_is_merged(tmp_path: Path, hub_url: str) -> None:
    hub = open_hub(tmp_path, hub_url)
    merge_into(hub, Landing("a", 1, EVERYONE))
    emptied = [Account(n, "renamed", contacts=()) for n in range(1, 5)]
    merged = merge_into(hub, Landing("b", 2, emptied), GUARD)
    assert merged.holds == ("b.contacts",)
    assert merged.counts["contacts"].held == 4
    assert merged.counts["customers"].updated == 4
    assert alive(hub, "contacts") == 10
    (hold,) = holds(hub)
    assert (hold.records, hold.alive, hold.state) == (4, 10, "waiting")
    assert {hub_id for hub_id, _ in hold.subjects} == {f"instagaze:contacts:{n}" for n in range(1, 5)}


def test_few_or_a_small_share_are_not_held(tmp_path: Path, hub_url: str) -> None:
    hub = open_hub(tmp_path, hub_url)
    merge_into(hub, Landing("a", 1, EVERYONE))
    merged = merge_into(hub, Landing("b", 2, [Account(1), Account(2)]), GUARD)
    assert (merged.holds, merged.counts["contacts"].deleted) == ((), 2)


def test_tombstones_are_guarded_and_an_approval_carries_them_out(tmp_path: Path, hub_url: str) -> None:
    hub = open_hub(tmp_path, hub_url)
    merge_into(hub, Landing("a", 1, EVERYONE))
    gone = [f"instagaze:accounts:{n}" for n in range(1, 6)]
    held = merge_into(hub, Landing("b", 2, tombstones=gone, scope="tombstones"), GUARD)
    assert held.holds == ("b.customers",)
    assert alive(hub, "customers") == alive(hub, "contacts") == 10
    merge_into(hub, Landing("c", 3, tombstones=gone, scope="tombstones", approval="b.customers"))
    assert holds(hub) == []
    assert alive(hub, "customers") == alive(hub, "contacts") == 5, "contacts go with their account"


def test_what_was_seen_again_meanwhile_is_not_deleted_by_the_approval(tmp_path: Path, hub_url: str) -> None:
    hub = open_hub(tmp_path, hub_url)
    merge_into(hub, Landing("a", 1, EVERYONE))
    merge_into(hub, Landing("b", 5, [EVERYONE[0]]))
    gone = ["instagaze:accounts:1", "instagaze:accounts:2"]
    merge_into(hub, Landing("c", 3, tombstones=gone, scope="tombstones", approval="x"))
    assert alive(hub, "customers") == 9


def test_a_wider_hold_replaces_the_narrower(tmp_path: Path, hub_url: str) -> None:
    hub = open_hub(tmp_path, hub_url)
    merge_into(hub, Landing("a", 1, EVERYONE))
    merge_into(hub, Landing("b", 2, [Account(n) for n in range(1, 4)]), GUARD)
    merge_into(hub, Landing("c", 3, [Account(n) for n in range(1, 6)]), GUARD)
    assert [hold.hold_id for hold in holds(hub)] == ["c.contacts"]


def test_record_that_comes_back_is_an_insert_with_the_next_version(tmp_path: Path, hub_url: str) -> None:
    hub = open_hub(tmp_path, hub_url)
    merge_into(hub, Landing("a", 1, [Account(1)]))
    merge_into(hub, Landing("b", 2, tombstones=["instagaze:accounts:1"], scope="tombstones"))
    merge_into(hub, Landing("c", 3, [Account(1)]))
    changes = [(c.operation, c.version) for c in hub.changes("customers", 0, 10)]
    assert changes == [("insert", 1), ("delete", 2), ("insert", 3)]
