"""A rejected record is kept with its reasons, is new once, and is resolved by what makes it good or gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ipaas_dagster.hub import Hub
from ipaas_dagster.hub.rejects import list_rejects
from ipaas_dagster_tests.hub.staged import Account, Landing, Person, merge_into, open_hub


def rejects(hub: Hub, *, open_only: bool = True) -> list[dict[str, Any]]:
    with hub.reading() as connection:
        assert connection is not None
        return list_rejects(connection, open_only=open_only)


def test_bad_record_is_new_once_and_good_ones_are_merged(tmp_path: Path, hub_url: str) -> None:
    hub = open_hub(tmp_path, hub_url)
    first = merge_into(hub, Landing("a", 1, [Account(1, "wrong", bad=True), Account(2, "fine")]))
    again = merge_into(hub, Landing("b", 2, [Account(1, "wrong", bad=True)]))
    assert (first.new_rejects, again.new_rejects) == (1, 0)
    assert [record.hub_id for record in hub.current("customers", None, 10)] == ["instagaze:accounts:2"]
    (reject,) = rejects(hub)
    assert reject["source_id"] == "1"
    assert reject["reasons"] == ["name: 'wrong' is bad"]
    assert reject["landing_id"] == "a", "the landing that showed it first"


def test_good_version_resolves(tmp_path: Path, hub_url: str) -> None:
    hub = open_hub(tmp_path, hub_url)
    merge_into(hub, Landing("a", 1, [Account(1, "wrong", bad=True)]))
    merge_into(hub, Landing("b", 2, [Account(1, "fine")]))
    assert rejects(hub) == []
    (reject,) = rejects(hub, open_only=False)
    assert reject["resolution"] == "a good version was merged"


def test_older_good_version_does_not_resolve(tmp_path: Path, hub_url: str) -> None:
    hub = open_hub(tmp_path, hub_url)
    merge_into(hub, Landing("a", 5, [Account(1, "wrong", bad=True)]))
    merge_into(hub, Landing("b", 4, [Account(1, "fine")]))
    assert len(rejects(hub)) == 1


def test_other_bad_content_is_new_and_replaces(tmp_path: Path, hub_url: str) -> None:
    hub = open_hub(tmp_path, hub_url)
    merge_into(hub, Landing("a", 1, [Account(1, "wrong", bad=True)]))
    other = merge_into(hub, Landing("b", 2, [Account(1, "worse", bad=True)]))
    assert other.new_rejects == 1
    (reject,) = rejects(hub)
    assert reject["reasons"] == ["name: 'worse' is bad"]


def test_equal_records_without_an_id_are_counted_each(tmp_path: Path, hub_url: str) -> None:
    hub = open_hub(tmp_path, hub_url)
    landing = [Account(None, "nobody", bad=True), Account(None, "nobody", bad=True)]
    assert merge_into(hub, Landing("a", 1, landing)).new_rejects == 2
    assert merge_into(hub, Landing("b", 2, landing, scope="full")).new_rejects == 0
    assert len(rejects(hub)) == 2


def test_full_scan_without_it_resolves(tmp_path: Path, hub_url: str) -> None:
    hub = open_hub(tmp_path, hub_url)
    merge_into(hub, Landing("a", 1, [Account(1, "wrong", bad=True), Account(2, "wrong", bad=True)]))
    merge_into(hub, Landing("b", 2, [Account(2, "wrong", bad=True)], scope="full"))
    assert [reject["source_id"] for reject in rejects(hub)] == ["2"]


def test_rejected_parent_touches_no_child(tmp_path: Path, hub_url: str) -> None:
    hub = open_hub(tmp_path, hub_url)
    merge_into(hub, Landing("a", 1, [Account(1, "fine", (Person(7), Person(8)))]))
    merged = merge_into(hub, Landing("b", 2, [Account(1, "wrong", (Person(7),), bad=True)]))
    assert merged.counts["contacts"].deleted == 0
    assert len(hub.current("contacts", None, 10)) == 2
    assert {reject["collection"] for reject in rejects(hub)} == {"customers", "contacts"}
    merge_into(hub, Landing("c", 3, [Account(1, "fine", (Person(7),))]))
    assert rejects(hub) == []
    assert [record.hub_id for record in hub.current("contacts", None, 10)] == ["instagaze:contacts:7"]


def test_stale_bad_answer_is_no_reject(tmp_path: Path, hub_url: str) -> None:
    hub = open_hub(tmp_path, hub_url)
    merge_into(hub, Landing("a", 5, [Account(1, "fine")]))
    late = merge_into(hub, Landing("b", 4, [Account(1, "wrong", bad=True)]))
    assert (late.new_rejects, late.counts["customers"].stale) == (0, 1)
    assert rejects(hub) == []
