"""Pulling through a real socket: scopes, cursors, landings, orphans, secrets."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from ipaas_dagster.errors import (
    CallFailed,
    LockTimeout,
    ProtocolBroken,
    Refused,
    SettingsError,
    Unavailable,
    UsageError,
)
from ipaas_dagster.operations.tables import calls, cursors, landings
from ipaas_dagster.project import Project
from ipaas_dagster.pull import PullResult, pull
from ipaas_dagster.records import Scope
from ipaas_dagster.recovery import set_aside
from ipaas_dagster.settings import DEFAULT_BASE_URL
from ipaas_dagster.source import adopt_orphans, changes, get_record, get_records, mark_launched, scan_lock
from ipaas_dagster_tests.source.conftest import NOW, Ticking, open_project
from ipaas_dagster_tests.source.world import Request, World

__all__ = ["open_project"]
Open = Callable[..., Project]

LAG = timedelta(seconds=120)
SERVER_NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def world() -> World:
    world = World()
    for name in ("accounts", "products", "invoices", "subscriptions", "transactions"):
        world.seed(name, [])
    return world


def records(project: Project, result: PullResult) -> list[Any]:
    assert result.landing_id is not None
    lines = project.landings.lines(result.landing_id)
    return [json.loads(line).get("record") for line in lines]


def ids(project: Project, result: PullResult) -> set[int]:
    return {record["id"] for record in records(project, result)}


def rows(project: Project, table: Any) -> list[Any]:
    with project.operations.read() as connection:
        return list(connection.execute(select(table)).all())


def days(world: World, *modified: tuple[datetime, int]) -> None:
    """Accounts, so many modified in the hours of each of these days, ids mixed."""
    made = [day + timedelta(hours=n % 24, seconds=n) for day, many in modified for n in range(many)]
    numbered = [(at.timestamp(), {"id": (n * 7919) % 100_003}) for n, at in enumerate(made)]
    world.records["accounts"] = sorted(numbered, key=lambda row: row[1]["id"])


def test_the_first_poll_is_full_and_the_next_costs_one_request(world: World, open_project: Open) -> None:
    world.seed("accounts", [{"id": n, "name": f"Zoë {n}"} for n in range(730)])
    world.records["accounts"].append((None, {"id": 9999, "name": "never modified"}))
    project = open_project(world)
    first = pull(project, "accounts")
    assert first.scope == Scope.full()
    assert ids(project, first) == {*range(730), 9999}
    assert (first.cursor_before, first.cursor_after) == (None, SERVER_NOW - LAG)
    world.requests.clear()
    second = pull(project, "accounts")
    assert [r.path for r in world.requests] == ["/api/admin/accounts"]
    assert (second.landing_id, second.fetched, second.requests) == (None, 0, 1)
    assert second.scope == Scope.since(SERVER_NOW - LAG)
    assert len(rows(project, landings)) == 1


def test_a_changed_record_is_one_request_and_one_line(world: World, open_project: Open) -> None:
    world.seed("accounts", [{"id": n} for n in range(250)])
    project = open_project(world)
    pull(project, "accounts")
    world.records["accounts"][17] = (SERVER_NOW.timestamp(), {"id": 17, "name": "new"})
    second = pull(project, "accounts")
    assert records(project, second) == [{"id": 17, "name": "new"}]
    assert second.requests == 1


def test_what_is_landed_is_noted_with_its_calls(world: World, open_project: Open) -> None:
    world.seed("accounts", [{"id": n} for n in range(150)])
    project = open_project(world)
    result = pull(project, "accounts")
    (row,) = rows(project, landings)
    project.landings.verify(row)
    assert (row.landing_id, row.scope, row.state, row.records) == (result.landing_id, "full", "waiting", result.fetched)
    noted = rows(project, calls)
    assert {(c.landing_id, c.run_id, c.outcome, c.status) for c in noted} == {(result.landing_id, "run-1", "ok", 200)}
    observed = {json.loads(line)["observed_at"] for line in project.landings.lines(row.landing_id)}
    assert observed <= {round(c.started_at.timestamp() * 1_000_000) for c in noted}


def test_the_lag_is_read_again_and_the_cursor_follows_a_clock_that_is_set_back(
    world: World, open_project: Open
) -> None:
    world.seed("accounts", [{"id": n} for n in range(3)], modified=SERVER_NOW.timestamp() - 60)
    project = open_project(world)
    pull(project, "accounts")
    assert pull(project, "accounts").fetched == 3
    assert world.date is not None
    world.date -= timedelta(minutes=10)
    back = pull(project, "accounts")
    assert back.scope.kind == "full"
    assert back.cursor_after == SERVER_NOW - LAG - timedelta(minutes=10)
    assert any("set back" in note for note in back.notes)
    world.date += timedelta(minutes=20)
    assert pull(project, "accounts").cursor_after == SERVER_NOW - LAG + timedelta(minutes=10)


def test_nothing_is_missed_after_the_servers_clock_was_wrong_by_days(world: World, open_project: Open) -> None:
    """It was ahead at the first poll, then put right; what is changed afterwards bears the right times."""
    world.date = SERVER_NOW + timedelta(days=5)
    world.seed("accounts", [{"id": 1}])
    project = open_project(world)
    assert pull(project, "accounts").fetched == 1
    for minutes in (20, 40, 60):
        changed = SERVER_NOW + timedelta(minutes=minutes - 15)
        world.records["accounts"].append((changed.timestamp(), {"id": minutes}))
        world.date = SERVER_NOW + timedelta(minutes=minutes)
        assert minutes in ids(project, pull(project, "accounts"))
    assert pull(project, "accounts").scope.kind == "since"


def test_a_server_a_second_behind_its_neighbour_costs_no_full_scan(world: World, open_project: Open) -> None:
    world.seed("accounts", [{"id": 1}])
    project = open_project(world)
    pull(project, "accounts")
    assert world.date is not None
    world.date -= timedelta(seconds=1)
    again = pull(project, "accounts")
    assert (again.scope.kind, again.cursor_after) == ("since", SERVER_NOW - LAG)


def test_what_is_read_after_our_clock_was_set_back_is_the_later_observation(world: World, open_project: Open) -> None:
    world.seed("accounts", [{"id": 1, "token": "x"}])
    world.seed("gateways", [{"id": 1}])
    clock = Ticking()
    project = open_project(world, clock=clock)
    before = [pull(project, name).landing_id for name in ("accounts", "gateways")]
    clock.time -= timedelta(days=3)
    world.seed("accounts", [{"id": 1, "name": "new"}], modified=SERVER_NOW.timestamp())
    world.seed("gateways", [])
    after = [pull(project, name).landing_id for name in ("accounts", "gateways")]
    notes = {row.landing_id: row for row in rows(project, landings)}
    for older, newer in zip(before, after, strict=True):
        assert notes[newer].observed_from > notes[older].observed_to
    assert get_record(project, "accounts", "1").observed_at > notes[after[0]].observed_to


def test_a_state_of_the_sandbox_is_not_continued_with_another_source(world: World, open_project: Open) -> None:
    world.seed("accounts", [{"id": 1}])
    project = open_project(world)
    elsewhere = replace(project.settings, base_url="https://api.example.invalid/api/admin/")
    with pytest.raises(CallFailed):
        pull(Project(replace(elsewhere, retry_seconds=0.0)), "accounts")
    pull(project, "accounts")
    with pytest.raises(UsageError, match="IPAAS_STATE"):
        pull(Project(elsewhere), "accounts")
    assert pull(open_project(world), "accounts").collection == "accounts", "another port of this machine is fine"


def test_nothing_is_asked_of_instagaze_without_a_token(world: World, open_project: Open) -> None:
    project = open_project(world)
    project.settings = replace(project.settings, base_url=DEFAULT_BASE_URL, token=None)
    with pytest.raises(SettingsError, match="INSTAGAZE_TOKEN"):
        pull(project, "accounts")
    assert rows(project, calls) == []


def test_a_cursor_that_a_merge_set_back_during_the_scan_stays_back(world: World, open_project: Open) -> None:
    world.seed("accounts", [{"id": 1}], modified=SERVER_NOW.timestamp())
    project = open_project(world)
    first = pull(project, "accounts")
    damaged = project.landings.manifest(str(first.landing_id))[0]
    world.before = lambda request: set_aside(project, damaged, "in a test")
    pull(project, "accounts")
    world.before = lambda request: None
    assert pull(project, "accounts").scope.kind == "full"


def test_ids_with_slashes_are_asked_for_as_one_word(world: World, open_project: Open) -> None:
    world.seed("accounts", [{"id": "a/b?c=1&d %"}])
    assert not get_record(open_project(world), "accounts", "a/b?c=1&d %").gone


def test_without_a_date_the_cursor_follows_our_clock_and_says_so(world: World, open_project: Open) -> None:
    world.seed("accounts", [{"id": 1}])
    world.date = None
    result = pull(open_project(world), "accounts")
    assert result.cursor_after is not None
    assert abs(result.cursor_after - (NOW - LAG)) < timedelta(seconds=1)
    assert any("Date" in note for note in result.notes)


def test_a_window_reads_its_own_records_only(world: World, open_project: Open) -> None:
    first = datetime(2026, 2, 1, tzinfo=UTC)
    days(world, *((first + n * DAY, 300) for n in range(20)))
    project = open_project(world)
    pull(project, "accounts", Scope.since(first + 30 * DAY))  # proves the filter
    world.requests.clear()
    result = pull(project, "accounts", Scope.window(first + 5 * DAY, first + 6 * DAY))
    inside = {r["id"] for m, r in world.records["accounts"] if 5 <= ((m or 0) - first.timestamp()) // 86400 < 6}
    assert ids(project, result) == inside
    assert result.requests <= 3 + 4
    assert (result.cursor_after, len(inside)) == (None, 300)


@pytest.mark.parametrize("honours", [{"limit", "offset", "modified"}, {"limit", "offset", "modified", "order"}])
@pytest.mark.parametrize("order", ["position", "id", "modified DESC"])
@pytest.mark.parametrize("bare", [False, True])
def test_windows_of_a_range_hold_every_record_once(
    world: World, open_project: Open, honours: set[str], order: str, bare: bool
) -> None:
    first = datetime(2026, 2, 1, tzinfo=UTC)
    days(world, (first, 7), (first + DAY, 230), (first + 2 * DAY, 0), (first + 3 * DAY, 3))
    world.honours, world.default_order, world.bare = honours, order, bare
    project = open_project(world, connections=3)
    found: list[int] = []
    for n in range(5):
        result = pull(project, "accounts", Scope.window(first + n * DAY, first + (n + 1) * DAY))
        found += ids(project, result) if result.landing_id else ()
        assert result.cursor_after is None
        assert result.notes
    assert sorted(found) == sorted(r["id"] for _, r in world.records["accounts"])


def test_a_window_is_read_where_the_server_counts_only_the_page_it_gives(world: World, open_project: Open) -> None:
    first = datetime(2026, 2, 1, tzinfo=UTC)
    days(world, (first, 3), (first + DAY, 5), (first + 2 * DAY, 4))
    world.count = lambda total, given: given
    project = open_project(world)
    pulled = pull(project, "accounts", Scope.window(first + DAY, first + 2 * DAY))
    inside = {r["id"] for m, r in world.records["accounts"] if ((m or 0) - first.timestamp()) // 86400 == 1}
    assert (ids(project, pulled), len(inside)) == (inside, 5)


def test_the_first_window_takes_what_is_older(world: World, open_project: Open) -> None:
    first = datetime(2026, 1, 1, tzinfo=UTC)
    days(world, (first - 400 * DAY, 5), (first, 5), (first + DAY, 5))
    project = open_project(world)
    assert len(ids(project, pull(project, "accounts", Scope.window(first, first + DAY)))) == 10


def test_an_open_window_is_read_to_the_end_and_moves_no_cursor(world: World, open_project: Open) -> None:
    days(world, (SERVER_NOW - 3 * DAY, 10), (SERVER_NOW - timedelta(hours=2), 2))
    project = open_project(world)
    today = SERVER_NOW.replace(hour=0)
    result = pull(project, "accounts", Scope.window(today, today + DAY))
    assert len(ids(project, result)) == 2
    assert result.cursor_after is None


def test_since_a_later_time_than_the_cursor_moves_nothing(world: World, open_project: Open) -> None:
    world.seed("accounts", [{"id": 1}])
    project = open_project(world)
    assert pull(project, "accounts", Scope.since(SERVER_NOW)).cursor_after is None
    pull(project, "accounts")
    assert world.date is not None
    world.date += DAY
    assert pull(project, "accounts", Scope.since(SERVER_NOW)).cursor_after == SERVER_NOW - LAG
    assert pull(project, "accounts", Scope.since(SERVER_NOW - DAY)).cursor_after == SERVER_NOW + DAY - LAG


def test_a_filter_that_is_ignored_means_full_and_says_so(world: World, open_project: Open) -> None:
    world.seed("accounts", [{"id": n} for n in range(120)])
    world.honours -= {"modified"}
    project = open_project(world)
    pull(project, "accounts")
    second = pull(project, "accounts")
    assert (second.scope, len(ids(project, second))) == (Scope.full(), 120)
    assert any("`modified`" in note for note in second.notes)
    window = pull(project, "accounts", Scope.window(SERVER_NOW - 9 * DAY, SERVER_NOW - 8 * DAY))
    assert (window.scope, len(ids(project, window))) == (Scope.full(), 120)


def test_an_empty_collection_is_one_request_every_time(world: World, open_project: Open) -> None:
    project = open_project(world)
    for _ in range(3):
        result = pull(project, "invoices")
        assert (result.requests, result.landing_id) == (1, None)
    assert result.cursor_after == SERVER_NOW - LAG


def test_faults_of_every_kind_change_nothing_but_the_calls(world: World, open_project: Open) -> None:
    world.seed("accounts", [{"id": n} for n in range(900)])
    project = open_project(world)
    kinds = ["reset", "cut", (500, {}, b""), (503, {"Retry-After": "0"}, b""), (429, {}, b""), (200, {}, b"<html>")]
    world.faults = [kind for kind in kinds for kind in (kind, None)]
    result = pull(project, "accounts")
    assert ids(project, result) == set(range(900))
    assert sum(c.outcome != "ok" for c in rows(project, calls)) == len(kinds)


def test_a_refused_scan_moves_nothing_and_keeps_its_calls(world: World, open_project: Open) -> None:
    world.seed("accounts", [{"id": n} for n in range(900)])
    world.faults = [None, None, None, (403, {}, b'{"message":"not yours"}')]
    project = open_project(world)
    with pytest.raises(Refused, match=r"permission.*not yours"):
        pull(project, "accounts")
    assert rows(project, landings) == rows(project, cursors) == []
    assert [f for f in project.landings.folder.rglob("*") if f.is_file()] == []
    assert "refused" in {c.outcome for c in rows(project, calls)}


def test_an_unreachable_source_says_so_soon(world: World, open_project: Open) -> None:
    project = open_project(world)
    project.settings = replace(project.settings, base_url="http://127.0.0.1:9/api/admin/")
    with pytest.raises(Unavailable, match="INSTAGAZE_BASE_URL"):
        pull(project, "accounts")


def test_an_offset_that_is_ignored_is_an_error(world: World, open_project: Open) -> None:
    world.seed("accounts", [{"id": n} for n in range(300)])
    world.honours -= {"offset"}
    with pytest.raises(ProtocolBroken, match="offset"):
        pull(open_project(world), "accounts")


def test_unknown_collections_are_named(world: World, open_project: Open) -> None:
    with pytest.raises(UsageError, match="accounts"):
        pull(open_project(world), "account")


def test_records_that_come_and_go_while_a_scan_runs(world: World, open_project: Open) -> None:
    world.seed("accounts", [{"id": n} for n in range(2000)])
    turn = iter(range(10_000))

    def write(request: Request) -> None:
        n = next(turn)
        rows = world.records["accounts"]
        del rows[(n * 37) % len(rows)]
        if n == 12:
            del rows[100:400]
        rows.insert((n * 11) % len(rows), (1.0, {"id": 100_000 + n}))

    world.before = write
    project = open_project(world)
    found = ids(project, pull(project, "accounts"))
    left = {r["id"] for _, r in world.records["accounts"] if r["id"] < 100_000}
    assert left <= found


SECRETS = [
    "pl4nted-password",
    "pl4nted-token",
    "pl4nted-print",
    "pl4nted-saved",
    "4111111111111111",
    "4012888888881881",
]


def test_no_secret_reaches_any_file_of_the_state_folder(world: World, open_project: Open, tmp_path: Path) -> None:
    instance = {"username": "u@example.com", "password": SECRETS[0], "nested": json.dumps({"api_key": SECRETS[1]})}
    world.seed("pipelines", [{"id": 1, "instance": instance}])
    method = {
        "card_number": SECRETS[4],
        "card_fingerprint": SECRETS[2],
        "saved_card_id": SECRETS[3],
        "card_type": "VISA",
    }
    world.seed("transactions", [{"id": 5, "method": method, "charge_message": f"declined {SECRETS[5]}"}])
    world.seed("accounts", [{"id": 3}])
    world.token = SECRETS[1]
    world.faults = [(500, {}, json.dumps({"message": f"bad {SECRETS[1]} {SECRETS[4]}", "source": method}).encode())]
    project = open_project(world)
    for name in ("pipelines", "transactions", "accounts"):
        pull(project, name)
    world.faults = [(422, {}, json.dumps({"message": f"Bearer {SECRETS[1]}", "source": method}).encode())]
    with pytest.raises(Refused) as caught:
        pull(project, "accounts")
    project.operations.dispose()
    read = "".join(line.decode() for name in project.landings.ids() for line in project.landings.lines(name))
    kept = read + "".join(f.read_bytes().decode("latin-1") for f in tmp_path.rglob("*") if f.is_file())
    kept += f"{caught.value}{caught.value.attributes}{project!r}"
    assert [secret for secret in SECRETS if secret in kept] == []
    assert "u@example.com" in read
    assert "************1111" in read
    details = {row.collection: row.details["redacted"] for row in rows(project, landings)}
    assert details["pipelines"] == {"instance.password": 1, "instance.nested.api_key": 1}
    assert details["transactions"]["method.card_fingerprint"] == 1


def test_snapshots_are_landed_when_they_differ(world: World, open_project: Open) -> None:
    world.bare = True
    world.seed("gateways", [{"id": 1}, {"id": 2}])
    project = open_project(world)
    first = pull(project, "gateways")
    assert (first.requests, len(records(project, first)), world.asked("gateways")) == (1, 2, [{}])
    assert pull(project, "gateways").landing_id is None
    world.records["gateways"].reverse()
    assert pull(project, "gateways").landing_id is None
    world.seed("gateways", [{"id": 1}])
    assert records(project, pull(project, "gateways")) == [{"id": 1}]
    world.seed("gateways", [])
    emptied = pull(project, "gateways")
    assert (emptied.fetched, records(project, emptied)) == (0, [])
    assert [row.scope for row in rows(project, landings)] == ["snapshot"] * 3


def test_a_snapshot_that_comes_in_pages_is_read_whole(world: World, open_project: Open) -> None:
    world.seed("pipelines", [{"id": n} for n in range(57)])
    world.largest_page = 10
    project = open_project(world)
    assert ids(project, pull(project, "pipelines")) == set(range(57))


def test_schemas_are_read_object_by_object(world: World, open_project: Open) -> None:
    world.bare = True
    world.seed("instagaze/objects", [{"id": 1}, {"id": 4}])
    world.seed("instagaze/schema", [{"id": 1, "of": 1}, {"id": 1, "of": 4}])
    project = open_project(world)
    alone = pull(project, "schemas")
    assert records(project, alone) == [{"ppobject_id": 1, "id": 1}, {"ppobject_id": 4, "id": 1}]
    assert alone.requests == 3
    pull(project, "objects")
    assert pull(project, "schemas").requests == 2


def test_one_scan_of_a_collection_at_a_time(world: World, open_project: Open) -> None:
    project = open_project(world, lock_seconds=0.05)
    with project.locks.hold(scan_lock("accounts")):
        with pytest.raises(LockTimeout, match="scan-accounts"):
            pull(project, "accounts")
        pull(project, "products")


def forget(project: Project) -> None:
    """As after a crash between the manifest and the commit."""
    with project.operations.write() as connection:
        for table in (landings, cursors, calls):
            connection.execute(delete(table))


def test_an_orphan_is_adopted_once_with_cursor_and_calls(world: World, open_project: Open) -> None:
    world.seed("accounts", [{"id": n} for n in range(130)])
    project = open_project(world)
    result = pull(project, "accounts")
    before = len(rows(project, calls))
    forget(project)
    with project.locks.hold(scan_lock("accounts")):
        assert adopt_orphans(project) == []
    workers = [threading.Thread(target=adopt_orphans, args=(project,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [row.landing_id for row in rows(project, landings)] == [result.landing_id]
    assert [row.cursor for row in rows(project, cursors)] == [SERVER_NOW - LAG]
    assert len(rows(project, calls)) == before
    assert pull(project, "accounts").requests == 1


def test_an_orphan_behind_a_gap_does_not_move_the_cursor(world: World, open_project: Open) -> None:
    world.seed("accounts", [{"id": 1}])
    project = open_project(world)
    pull(project, "accounts")
    world.records["accounts"].append((SERVER_NOW.timestamp(), {"id": 2}))
    second = pull(project, "accounts")
    with project.operations.write() as connection:
        connection.execute(delete(landings).where(landings.c.landing_id == second.landing_id))
        connection.execute(update(cursors).values(cursor=SERVER_NOW - DAY))
    (adopted,) = adopt_orphans(project)
    assert adopted.landing_id == second.landing_id
    assert rows(project, cursors)[0].cursor == SERVER_NOW - DAY


def test_leftovers_of_a_dead_scan_are_cleaned_and_of_a_living_one_kept(world: World, open_project: Open) -> None:
    project = open_project(world)
    with project.locks.hold(scan_lock("accounts")), project.landings.writer("accounts", run_id="r") as writer:
        writer.page(NOW, [b"{}"])
        adopt_orphans(project)
        (left,) = (project.landings.folder / name for name in project.landings.leftovers())
        content = left.read_bytes()
    left.write_bytes(content)
    half = left.with_name("0123.ndjson.zst")
    half.write_bytes(b"half")
    adopt_orphans(project)
    assert project.landings.leftovers() == []


def test_a_change_launches_once(world: World, open_project: Open) -> None:
    world.seed("accounts", [{"id": n} for n in range(5)], modified=SERVER_NOW.timestamp() - 30)
    project = open_project(world)
    assert changes(project).counts == {}
    pull(project, "accounts")
    world.requests.clear()
    assert changes(project).counts == {}
    assert len(world.requests) == 1
    assert world.date is not None
    world.date += timedelta(seconds=30)
    world.records["accounts"][0] = (world.date.timestamp() - 3, {"id": 0})
    found = changes(project)
    assert found.counts == {"accounts": 1}
    mark_launched(project, found)
    assert changes(project).counts == {}
    world.date += timedelta(seconds=30)
    assert changes(project).counts == {}
    pull(project, "accounts")
    assert changes(project).counts == {}


def test_single_records_are_confirmed_or_gone(world: World, open_project: Open) -> None:
    world.seed("accounts", [{"id": 1, "token": "pl4nted"}])
    world.seed("subscriptions", [{"id": 7}])
    project = open_project(world)
    found = get_records(project, "accounts", ["1", "2"])
    assert found["1"].record == b'{"id":1}'
    assert found["2"].gone
    assert get_record(project, "subscriptions", "7").record == b'{"id": 7}'
    with pytest.raises(UsageError, match="second scan"):
        get_record(project, "invoices", "1")


def test_it_also_runs_where_an_event_loop_runs_already(world: World, open_project: Open) -> None:
    import asyncio

    world.seed("accounts", [{"id": 1}])
    project = open_project(world)

    async def main() -> int:
        return pull(project, "accounts").fetched

    assert asyncio.run(main()) == 1
