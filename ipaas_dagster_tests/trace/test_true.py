"""Traces are complete and true: compared with the source's journal and lists, the hub's tables and the system's."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ipaas_dagster import contracts
from ipaas_dagster.sandbox import running_sandbox
from ipaas_dagster.sandbox.faults import every_kind
from ipaas_dagster.trace import Trace, Wanted
from ipaas_dagster.trace.event import Event
from ipaas_dagster_tests.flow import world as flow
from ipaas_dagster_tests.trace.told import PAGE, POLLED, Past, config, live_through

RECORDS = 200


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    folder = tmp_path_factory.mktemp("past")
    extra = (("IPAAS_PAGE_SIZE", str(PAGE)), ("IPAAS_LAG_SECONDS", "0"))
    extra += (("IPAAS_CONFIG", str(config(folder / "config", {"items": {"is_active": True}}))),)
    with running_sandbox(accounts=45, seed=5, samples=None) as sandbox:
        made = Past(flow.World(sandbox, folder / "state", extra))
        live_through(made, lambda rate: sandbox.faults.set(every_kind(rate) if rate else (), 11))
        yield made
        made.project.operations.dispose()


@pytest.fixture(scope="module")
def traces(past: Past) -> dict[str, Trace]:
    """Of random records of every collection, deleted and rejected ones among them."""
    with past.project.hub.reading() as connection:
        assert connection is not None
        every = [row[0] for row in connection.execute("SELECT DISTINCT hub_id FROM hub.versions").fetchall()]
        ended = [
            row[0]
            for row in connection.execute(
                "SELECT DISTINCT hub_id FROM hub.versions WHERE operation = 'delete' OR version > 1"
            ).fetchall()
        ]
        rejected = [row[0] for row in connection.execute("SELECT DISTINCT hub_id FROM hub.rejects").fetchall()]
    dice = random.Random(1)
    chosen = {*dice.sample(sorted(ended), min(80, len(ended))), *filter(None, rejected)}
    chosen |= set(dice.sample(sorted(set(every) - chosen), RECORDS - min(len(chosen), RECORDS)))
    return {hub_id: past.trace(hub_id) for hub_id in sorted(chosen)}


def own(record: Any, collection: str) -> Any:
    return None if record is None else flow.typed(contracts.collection(collection), dict(record))


def of(found: Trace, what: str) -> list[Event]:
    return [event for event in found.events if event.what == what]


def set_apart(every: list[Any], some: list[Any]) -> list[Any]:
    return [one for one in every if one not in some]


def test_there_is_something_of_everything_to_trace(traces: dict[str, Trace]) -> None:
    verdicts = Counter(event.details["verdict"] for found in traces.values() for event in of(found, "seen"))
    assert {"insert", "update", "unchanged", "duplicate", "rejected", "delete"} <= set(verdicts)
    passed_over = {event.details["verdict"] for found in traces.values() for event in of(found, "not_queued")}
    assert "filtered" in passed_over
    assert any(of(found, "resolved") for found in traces.values())
    assert len(traces) == RECORDS


def test_the_hub_and_the_system_hold_what_the_trace_ends_with(past: Past, traces: dict[str, Trace]) -> None:
    hub, sql = past.moments[-1].hub, past.moments[-1].sql
    for hub_id, found in traces.items():
        alive = hub[found.collection].get(hub_id)
        assert (found.hub.state == "alive") == (alive is not None), hub_id
        assert own(found.hub.record if alive else None, found.collection) == alive, hub_id
        (system,) = found.systems
        assert own(system.confirmed, found.collection) == sql[found.collection].get(hub_id), hub_id


def test_what_everyone_had_at_a_time_is_what_was_seen_then(past: Past, traces: dict[str, Trace]) -> None:
    for hub_id in random.Random(2).sample(sorted(traces), 10):
        for moment in past.moments:
            found = past.trace(hub_id, Wanted(as_of=moment.at))
            assert found.as_of is not None
            then = moment.hub[found.collection].get(hub_id)
            assert own(found.as_of.hub.record, found.collection) == then, (hub_id, moment.at)
            there = moment.sql[found.collection].get(hub_id)
            assert own(found.as_of.systems["sql"].record, found.collection) == there, (hub_id, moment.at)


def test_every_version_is_told_with_what_it_changed(past: Past, traces: dict[str, Trace]) -> None:
    for hub_id, found in traces.items():
        versions = of(found, "version")
        assert [event.details["version"] for event in versions] == list(range(1, len(versions) + 1)), hub_id
        record: dict[str, Any] = {}
        for event in versions:
            record = {} if event.details["operation"] in ("insert", "delete") else record
            record |= {name: after for name, (_, after) in event.details["diff"].items()}
        if found.hub.state == "alive":
            columns = [column.name for column in contracts.collection(found.collection).columns]
            assert {n: record.get(n) for n in columns} == {n: found.hub.record[n] for n in columns}, hub_id


def test_each_sighting_names_a_call_that_the_source_answered(past: Past, traces: dict[str, Trace]) -> None:
    answered = {entry.url for entry in past.world.sandbox.journal.entries() if entry.status in (200, 404)}
    sighted = [(h, event) for h, found in traces.items() for event in of(found, "seen")]
    assert len(sighted) > RECORDS
    by_calls = [(h, event) for h, event in sighted if event.details["call"] is not None]
    for hub_id, event in set_apart(sighted, by_calls):  # no GET by id tells of these: two full scans did
        assert event.details["landing"].scope == "tombstones", hub_id
        assert hub_id.split(":")[1] in ("invoices", "transactions"), hub_id
    for hub_id, event in by_calls:
        assert event.details["call"]["path"] in answered, hub_id
        asked_at, gone = event.details["call"]["started_at"], event.details["call"]["status"] == 404
        assert asked_at == event.at or (gone and asked_at < event.at), hub_id


def test_the_page_that_carried_a_record_is_the_one_it_stood_on(past: Past, traces: dict[str, Trace]) -> None:
    """Nothing changed while the source was read for the first time: the list's order tells every page."""
    checked = 0
    for hub_id, found in traces.items():
        if found.source_collection not in POLLED or found.collection in ("contacts", "invoice_lines"):
            continue
        if hub_id not in past.listed[found.source_collection]:
            continue
        place = past.listed[found.source_collection].index(hub_id)
        first = of(found, "seen")[0].details
        assert first["landing"].scope == "full", hub_id
        asked = {name: int(values[0]) for name, values in parse_qs(urlsplit(first["call"]["path"]).query).items()}
        assert asked["offset"] <= place < asked["offset"] + PAGE, hub_id
        checked += 1
    assert checked > 50


def test_every_line_of_a_landing_belongs_to_one_call(past: Past) -> None:
    from sqlalchemy import select

    from ipaas_dagster.operations.tables import calls, landings

    with past.world.project().operations.read() as connection:
        landed = connection.execute(select(landings)).all()
        for landing in landed:
            rows = connection.execute(
                select(calls.c.first_line, calls.c.lines)
                .where(calls.c.landing_id == landing.landing_id, calls.c.first_line.is_not(None))
                .order_by(calls.c.first_line)
            ).all()
            expected = 1
            for first, lines in rows:
                assert first == expected
                expected += lines
            if rows or landing.scope != "tombstones":
                assert expected == landing.records + 1, landing


def test_sightings_count_as_the_balance_does(past: Past) -> None:
    with past.world.project().hub.reading() as connection:
        assert connection is not None
        wrong = connection.execute("""
            WITH seen AS (
                SELECT landing_id, collection,
                    count(*) FILTER (WHERE verdict = 'unchanged') AS unchanged,
                    count(*) FILTER (WHERE verdict = 'duplicate') AS duplicate,
                    count(*) FILTER (WHERE verdict = 'stale') AS stale,
                    count(*) FILTER (WHERE verdict = 'insert') AS inserted,
                    count(*) FILTER (WHERE verdict = 'update') AS updated,
                    count(*) FILTER (WHERE verdict = 'rejected') AS rejected,
                    count(*) FILTER (WHERE verdict = 'delete') AS deleted
                FROM hub.sightings GROUP BY 1, 2)
            SELECT * FROM hub.landing_counts c LEFT JOIN seen s USING (landing_id, collection)
            WHERE (c.inserted, c.updated, c.unchanged, c.stale, c.duplicate, c.rejected, c.deleted) IS DISTINCT FROM
                (coalesce(s.inserted, 0), coalesce(s.updated, 0), coalesce(s.unchanged, 0), coalesce(s.stale, 0),
                 coalesce(s.duplicate, 0), coalesce(s.rejected, 0), coalesce(s.deleted, 0))""").fetchall()
    assert wrong == []


def test_each_change_is_queued_or_told_why_not(traces: dict[str, Trace]) -> None:
    """The entries and the verdicts of a route together are the record's versions, each once."""
    for hub_id, found in traces.items():
        queued = {event.details["seq"] for event in of(found, "queued")}
        passed = [event.details["seq"] for event in of(found, "not_queued")]
        assert len(passed) == len(set(passed)), hub_id
        assert queued.isdisjoint(passed), hub_id
        assert queued | set(passed) == {event.details["seq"] for event in of(found, "version")}, hub_id
        assert not any(event.details["verdict"].startswith("not told") for event in of(found, "not_queued")), hub_id


def test_every_delivered_entry_tells_the_call_that_delivered_it(traces: dict[str, Trace]) -> None:
    for hub_id, found in traces.items():
        delivered = [e for e in of(found, "attempt") if e.details["outcome"] == "delivered"]
        done = {e.details["entry_id"] for e in of(found, "queued") if e.details["state"] == "delivered"}
        assert {e.details["entry_id"] for e in delivered} == done, hub_id
        assert all(len(e.details["calls"]) == 1 for e in delivered), hub_id


def test_a_record_comes_with_the_words_of_the_source(past: Past, traces: dict[str, Trace]) -> None:
    rejected = next(h for h, found in traces.items() if found.hub.state == "rejected" or of(found, "resolved"))
    found = past.trace(rejected, Wanted(records=True))
    sighted = [event for event in of(found, "seen") if event.details["verdict"] == "rejected"]
    assert sighted[0].details["record"]["id"] == int(found.source_id)
    assert sighted[0].details["reasons"]
