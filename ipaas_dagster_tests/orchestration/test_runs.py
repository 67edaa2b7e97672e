"""Runs as a user starts them: what is pulled, what ends red, and that everything good goes on before."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from ipaas_dagster.deliver import RouteCounts
from ipaas_dagster.hub.counts import Counts
from ipaas_dagster.orchestration.checks import delivery
from ipaas_dagster.records import Scope
from ipaas_dagster.status import RouteStanding
from ipaas_dagster_tests.orchestration.conftest import launch
from ipaas_dagster_tests.orchestration.fakes import Played, failure, materializations

ACCOUNTS = ("instagaze/accounts", "hub/customers", "hub/contacts")


def today(played: Played) -> str:
    return played.now.date().isoformat()


def days_ago(played: Played, days: int) -> str:
    return (played.now - timedelta(days=days)).date().isoformat()


def midnight(day: int, month: int = 11) -> datetime:
    return datetime(2026, month, day, tzinfo=UTC)


def test_a_closed_day_is_a_window_of_that_day(played, instance):
    assert launch(played.definitions(), instance, *ACCOUNTS, day="2026-02-10").success
    assert played.pulls == [("accounts", Scope.window(midnight(10, 2), midnight(11, 2)))]
    assert played.merges == ["accounts"]


def test_a_range_is_one_pull_and_one_merge_and_its_figures_stand_on_the_last_day(played, instance):
    result = launch(played.definitions(), instance, *ACCOUNTS, days=("2026-02-10", "2026-02-20"))
    assert result.success
    assert played.pulls == [("accounts", Scope.window(midnight(10, 2), midnight(21, 2)))]
    assert played.merges == ["accounts"]
    days = instance.get_materialized_partitions(dg.AssetKey(["hub", "contacts"]))
    assert days == {f"2026-02-{day}" for day in range(10, 21)}
    fetched = {
        event.partition: event.materialization.metadata["fetched"].value
        for event in result.get_asset_materialization_events()
        if "fetched" in event.materialization.metadata and event.asset_key.path == ["hub", "contacts"]
    }
    assert fetched == {"2026-02-20": 3}


def test_a_range_up_to_the_open_day_is_a_window_too(played, instance):
    launch(played.definitions(), instance, *ACCOUNTS, days=(days_ago(played, 3), today(played)))
    ((_, scope),) = played.pulls
    assert (scope.kind, scope.start.date().isoformat()) == ("window", days_ago(played, 3))
    assert scope.end > played.now


def test_the_open_day_polls_and_says_what_was_read(played, instance):
    result = launch(played.definitions(), instance, *ACCOUNTS, day=today(played))
    assert played.pulls == [("accounts", None)]
    assert materializations(result)["instagaze/accounts"]["scope"] == "full"


@pytest.mark.parametrize(("tag", "scope"), [("since", None), ("full", Scope.full())])
def test_a_tag_overrides_what_the_day_says(played, instance, tag, scope):
    launch(played.definitions(), instance, *ACCOUNTS, day="2026-02-10", tags={"ipaas/scope": tag})
    assert played.pulls == [("accounts", scope)]


def test_one_key_of_a_multi_asset_does_the_work_of_all_and_shows_its_share(played, instance):
    played.counts["contacts"] = Counts(fetched=9, inserted=9)
    result = launch(played.definitions(), instance, "hub/contacts", day="2026-02-10")
    shown = materializations(result)
    assert list(shown) == ["hub/contacts"]
    assert shown["hub/contacts"]["inserted"] == 9
    assert shown["hub/contacts"]["dagster/row_count"] == 41
    assert played.merges == ["accounts"]


def test_a_new_reject_stops_nothing_and_then_fails_the_run(played, instance):
    played.new_rejects["accounts"], played.open_rejects = 2, 5
    result = launch(played.definitions(), instance, *ACCOUNTS, "sql/customers", day="2026-02-10")
    assert not result.success
    assert failure(result) == "2 records of accounts were rejected"
    assert {*materializations(result)} == {*ACCOUNTS, "sql/customers"}
    assert played.deliveries == ["sql"]


def test_a_reject_fails_the_run_though_only_its_sibling_was_chosen(played, instance):
    played.new_rejects["accounts"] = 1
    result = launch(played.definitions(), instance, "hub/contacts", day="2026-02-10")
    assert "1 records of accounts were rejected" in failure(result)


def test_known_rejects_only_warn(played, instance):
    played.open_rejects = 5
    result = launch(played.definitions(), instance, *ACCOUNTS, day="2026-02-10")
    assert result.success
    warned = [e for e in result.get_asset_check_evaluations() if not e.passed]
    assert {(e.asset_key.to_user_string(), e.check_name, e.severity.value) for e in warned} == {
        ("hub/customers", "contract", "WARN"),
        ("hub/contacts", "contract", "WARN"),
    }


def test_a_failed_run_does_not_fail_the_next_one(played, instance):
    played.new_rejects["accounts"], played.open_rejects = 2, 2
    definitions = played.definitions()
    assert not launch(definitions, instance, *ACCOUNTS, day="2026-02-10").success
    played.new_rejects.clear()
    assert launch(definitions, instance, *ACCOUNTS, day="2026-02-10").success


def test_a_lost_record_fails_the_balance_check_and_the_run(played, instance):
    played.counts["contacts"] = Counts(fetched=10, inserted=9)
    result = launch(played.definitions(), instance, *ACCOUNTS, day="2026-02-10")
    failed = [
        (e.asset_key.to_user_string(), e.check_name) for e in result.get_asset_check_evaluations() if not e.passed
    ]
    assert failed == [("hub/contacts", "balance")]
    assert failure(result) == "hub/contacts: 10 fetched, not all of them accounted for"


def test_a_damaged_landing_fails_the_run(played, instance):
    played.damaged = "its bytes are not those of its manifest"
    assert "landing-of-accounts is damaged" in failure(
        launch(played.definitions(), instance, *ACCOUNTS, day="2026-02-10")
    )


def test_a_collection_that_cannot_be_read_stops_no_other(played, instance):
    played.source_is_down = {"accounts"}
    result = launch(played.definitions(), instance, *ACCOUNTS, "instagaze/products", "hub/items", day="2026-02-10")
    assert not result.success
    assert "accounts did not answer" in failure(result)
    assert {*materializations(result)} == {"instagaze/products", "hub/items"}


def test_new_dead_letters_fail_the_run_and_known_ones_warn(played, instance):
    definitions = played.definitions()
    played.routes["customers"] = RouteCounts(new_dead=1, states={"dead": 3})
    result = launch(definitions, instance, "sql/customers", "sql/contacts")
    assert failure(result) == "customers has 1 dead"
    assert {*materializations(result)} == {"sql/customers", "sql/contacts"}
    played.routes["customers"] = RouteCounts(states={"dead": 3})
    again = launch(definitions, instance, "sql/customers")
    assert again.success
    assert materializations(again)["sql/customers"]["entries_dead"] == 3


def test_new_blocked_letters_fail_the_check_and_known_ones_warn():
    new = delivery({"new_blocked": 2, "blocked_for_good": 3, "dead": 1})
    assert (new.passed, new.known) == (False, False)
    assert new.says.startswith("no new dead letters; 1 known ones (ipaas dead list); 2 new blocked letters, 3 in all")
    known = delivery({"new_blocked": 0, "blocked_for_good": 3})
    assert (known.passed, known.known) == (False, True)
    assert delivery({}).passed


def test_changes_that_end_nowhere_fail_the_run(played, instance):
    played.routes["customers"] = RouteCounts(changes=5, queued=3, coalesced=1)
    result = launch(played.definitions(), instance, "sql/customers")
    assert failure(result) == "sql/customers: 5 changes, not all of them accounted for"


def test_a_system_that_cannot_be_reached_fails_the_run_in_words(played, instance):
    played.stopped = "connection refused"
    assert failure(launch(played.definitions(), instance, "sql/customers")) == "sql: connection refused"


def test_snapshots_are_pulled_and_merged_in_one_step(played, instance):
    result = launch(played.definitions(), instance, "instagaze/gateways")
    assert result.success
    assert (played.pulls, played.merges) == ([("gateways", None)], ["gateways"])
    assert materializations(result)["instagaze/gateways"]["dagster/row_count"] == 41


def test_landings_and_changes_carry_dagsters_run_id(played, instance):
    result = launch(played.definitions(), instance, *ACCOUNTS, day="2026-02-10")
    assert played.run_ids == {result.run_id}


def test_a_run_for_webhooks_reads_the_records_that_they_named(played, instance):
    upto = midnight(20)
    definitions, tags = played.definitions(), {"ipaas/inbox_upto": upto.isoformat(), "ipaas/scope": "since"}
    played.source_is_down = {"accounts"}
    assert not launch(definitions, instance, *ACCOUNTS, day=today(played), tags=tags).success
    played.source_is_down = set()
    result = launch(definitions, instance, *ACCOUNTS, day=today(played), tags=tags)
    assert (played.followed, played.pulls, played.merges) == (["accounts"], [], ["accounts"])
    shown = materializations(result)["instagaze/accounts"]
    assert (shown["webhooks"], shown["records_named"], shown["asked_by_id"], shown["gone"]) == (5, 3, 3, 1)


def test_a_person_sees_numbers_rejects_and_a_sample(played, instance):
    played.new_rejects["accounts"], played.open_rejects = 1, 1
    shown = materializations(launch(played.definitions(), instance, *ACCOUNTS, day="2026-02-10"))
    customers = shown["hub/customers"]
    assert {name: customers[name] for name in ("fetched", "unchanged", "rejected", "new_rejects")} == {
        "fetched": 3, "unchanged": 3, "rejected": 0, "new_rejects": 1,
    }  # fmt: skip
    assert customers["rejects"].records[0].data == {
        "record": "instagaze:accounts:7", "new": "new", "since": "2026-11-20T00:00:00Z", "reasons": "name: is missing",
    }  # fmt: skip
    assert customers["sample"].records[0].data["name"] == "Zoë & Söhne"
    assert shown["instagaze/accounts"]["requests"] == 2


def test_a_delivery_tells_what_is_open_and_since_when_also_where_nothing_is(played, instance):
    old = played.now - timedelta(hours=5)
    played.routes["customers"] = RouteCounts(states={"delivered": 4, "waiting": 2, "dead": 1})
    played.standing = {"customers": RouteStanding(owed_since=old, stuck_since=played.now, oldest_seconds=18000.0)}
    shown = materializations(launch(played.definitions(), instance, "sql/customers", "sql/contacts"))
    customers, contacts = shown["sql/customers"], shown["sql/contacts"]
    assert [customers[state] for state in ("pending", "waiting", "blocked", "in_doubt", "dead")] == [0, 2, 0, 0, 1]
    assert (customers["owed_since"], customers["oldest_owed_seconds"]) == (old.timestamp(), 18000.0)
    assert [contacts[state] for state in ("pending", "waiting", "blocked", "in_doubt", "dead")] == [0] * 5
    assert (contacts["owed_since"], contacts["oldest_owed_seconds"]) == ("none", 0.0)
    assert customers["standing"].startswith(f"2 waiting, 1 dead; owed since {old:%Y-%m-%d %H:%M} UTC; stuck since ")
    assert contacts["standing"] == "nothing is owed, nothing is stuck"


def test_the_report_is_an_asset_whose_checks_warn_of_what_is_stuck(played, instance):
    played.report = replace(played.report, verdict="3 records are stuck", numbers={"stuck": 3}, stale=("items",))
    result = launch(played.definitions(), instance, "ipaas/report")
    assert result.success
    shown = materializations(result)["ipaas/report"]
    assert (shown["file"], shown["verdict"], shown["stuck"]) == ("/state/report.html", "3 records are stuck", 3)
    judged = {e.check_name: (e.passed, e.severity.value) for e in result.get_asset_check_evaluations()}
    assert judged == {"books": (True, "ERROR"), "stuck": (False, "WARN"), "fresh": (False, "WARN")}


def test_books_that_do_not_balance_fail_the_report_after_it_is_written(played, instance):
    played.report = replace(played.report, findings=("sql/customers: 3 queued, 2 entries in the outbox",))
    result = launch(played.definitions(), instance, "ipaas/report")
    assert "3 queued, 2 entries" in failure(result)
    assert "ipaas/report" in materializations(result)
