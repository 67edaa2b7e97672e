"""What is forgotten in time, what never, and what a trace says about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from ipaas_dagster.ledger.bodies import read_bodies
from ipaas_dagster.ledger.calls import note_call
from ipaas_dagster.ledger.prune import prune
from ipaas_dagster.operations.tables import calls
from ipaas_dagster.project import Project
from ipaas_dagster.records import Call, new_id, utc_now
from ipaas_dagster.sandbox import running_sandbox
from ipaas_dagster.settings import load
from ipaas_dagster.sync import sync
from ipaas_dagster.trace import Trace, Wanted, find, trace
from ipaas_dagster_tests.flow.world import World
from ipaas_dagster_tests.trace.told import config


@pytest.fixture
def project(tmp_path: Path, each_engine: str) -> Iterator[Project]:
    extra = (("IPAAS_LAG_SECONDS", "0"), ("IPAAS_CONFIG", str(config(tmp_path / "config", {}))))
    with running_sandbox(accounts=8, seed=3, samples=None) as sandbox:
        made = World(sandbox, tmp_path / "state", extra).project()
        first = sandbox.instagaze.usable_ids("accounts")[0]
        for name in ("One", "Two"):
            sandbox.instagaze.change("accounts", first, {"account_name": name})
            sync(made, [("accounts", None)], ["sql"])
        sync(made, [("accounts", None)], ["sql"])
        yield made
        made.operations.dispose()


def later(project: Project, days: int) -> None:
    ahead = timedelta(days=days)
    project.clock = lambda: utc_now() + ahead


def rows(project: Project, direction: str) -> list[str]:
    with project.operations.read() as connection:
        return list(connection.scalars(select(calls.c.call_id).where(calls.c.direction == direction)))


def of(project: Project, words: str, wanted: Wanted | None = None) -> Trace:
    return trace(project, find(project, words), wanted)


def changed(project: Project) -> str:
    with project.hub.reading() as connection:
        assert connection is not None
        row = connection.execute("SELECT hub_id FROM hub.versions WHERE version = 2").fetchone()
    assert row is not None
    return str(row[0])


def test_old_calls_go_but_what_confirmed_the_present_stays(project: Project) -> None:
    hub_id, writes = changed(project), rows(project, "write")
    assert len(writes) >= 3
    later(project, 89)
    early = prune(project)
    assert (early.calls, early.sightings) == (0, 0)
    later(project, 91)
    done = prune(project, chunk=2)
    assert rows(project, "read") == []
    assert done.calls > 2
    found = of(project, hub_id)
    told = [event.details["calls"] for event in found.events if event.what == "attempt"]
    assert [len(some) for some in told][-1] == 1  # the delivery that the system last confirmed
    assert [event.details["verdict"] for event in found.events if event.what == "seen"][:2] == ["insert", "update"]
    assert prune(project).calls == 0


def test_the_calls_of_a_dead_letter_stay(project: Project) -> None:
    from sqlalchemy import update

    from ipaas_dagster.operations.tables import links, outbox

    with project.operations.write() as connection:
        connection.execute(update(links).values(entry_id=0))  # no confirmed entry keeps them
        connection.execute(update(outbox).where(outbox.c.entry_id == 1).values(state="dead", reason="for the test"))
    kept = len(rows(project, "write"))
    later(project, 91)
    prune(project)
    assert 0 < len(rows(project, "write")) < kept


def test_what_changed_nothing_is_forgotten_and_a_deep_trace_finds_it_again(project: Project) -> None:
    with project.hub.reading() as connection:
        assert connection is not None
        quiet = connection.execute(
            "SELECT hub_id FROM hub.sightings WHERE verdict = 'unchanged' AND collection = 'customers'"
        ).fetchone()
    assert quiet is not None
    before = [event.details["line"] for event in of(project, quiet[0]).events if event.what == "seen"]
    later(project, 91)
    assert prune(project).sightings > 0
    found = of(project, quiet[0])
    assert len([event for event in found.events if event.what == "seen"]) < len(before)
    assert "--deep" in found.notes[0]
    deep = of(project, quiet[0], Wanted(deep=True))
    assert [event.details["line"] for event in deep.events if event.what == "seen"] == before


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Project]:
    """Without a hub."""
    made = Project(load({"IPAAS_STATE": str(tmp_path)}, tmp_path / "no.env"))
    yield made
    made.operations.dispose()


def test_bodies_go_before_their_calls(bare: Project) -> None:
    call = Call(new_id(), "crm", "write", "POST", "/x", utc_now(), outcome="intent", request_body=b"asked")
    with bare.operations.write() as connection:
        note_call(connection, call)
        note_call(connection, replace(call, outcome="ok", response_body=b"answered"))
        assert read_bodies(connection, [call.call_id]) == {call.call_id: (b"asked", b"answered")}
    later(bare, 31)
    assert prune(bare).bodies == 1
    with bare.operations.read() as connection:
        assert read_bodies(connection, [call.call_id]) == {}
    assert rows(bare, "write") == [call.call_id]


def test_days_are_settings(bare: Project) -> None:
    with bare.operations.write() as connection:
        note_call(connection, Call(new_id(), "crm", "read", "GET", "/x", utc_now(), outcome="ok"))
    bare.settings = replace(bare.settings, ledger_days=3)
    later(bare, 4)
    assert prune(bare).calls == 1
