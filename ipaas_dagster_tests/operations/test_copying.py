"""An embedded state folder moved to PostgreSQL: all rows, and the next sync goes on where it was."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from ipaas_dagster.errors import UsageError
from ipaas_dagster.ledger import balance
from ipaas_dagster.operations import Operations
from ipaas_dagster.operations.copying import copy_store
from ipaas_dagster.operations.tables import calls, marks
from ipaas_dagster.records import utc_now
from ipaas_dagster.sandbox import running_sandbox
from ipaas_dagster_tests.flow.world import World


def test_the_next_sync_goes_on_where_it_was(tmp_path: Path, postgresql: str) -> None:
    with running_sandbox(accounts=30, seed=9, samples=None) as sandbox:
        world = World(sandbox, tmp_path / "state", (("IPAAS_LAG_SECONDS", "0"),))
        world.sync(["accounts", "products"])
        sent = {name: world.sql()[name] for name in ("customers", "contacts", "items")}
        moved = world.command("operations", "copy", postgresql, "--json")
        out, _ = moved.communicate(timeout=120)
        assert moved.returncode == 0, out
        assert json.loads(out[out.index("{") :])["rows"]["landings"] == 2

        world = replace(world, extra=(*world.extra, ("IPAAS_OPERATIONS_URL", postgresql)))
        outcome = world.sync(["accounts", "products"])
        assert [pulled.scope.kind for pulled in outcome.pulled] == ["since", "since"], "no full reload"
        assert sum(counts.queued for result in outcome.delivered for counts in result.routes.values()) == 0
        sandbox.instagaze.mutate("accounts", insert=2, change=3, delete=0, seed=1)
        outcome = world.sync(["accounts", "products"])
        assert not outcome.findings
        assert world.hub()["customers"] == world.truth()["customers"] == world.sql()["customers"]
        assert len(world.sql()["customers"]) == len(sent["customers"]) + 2
        assert balance(world.project()).true


def test_every_value_arrives_and_numbers_go_on(tmp_path: Path, postgresql: str) -> None:
    source, target = Operations(f"sqlite:///{tmp_path}/operations.db"), Operations(postgresql)
    call = {"call_id": "c", "system": "s", "direction": "read", "method": "GET", "path": "/é", "outcome": "ok"}
    with source.write() as connection:
        connection.execute(insert(marks).values(name="a", value={"list": [1, None, "é"]}, updated_at=utc_now()))
        connection.execute(insert(calls), [{**call, "started_at": utc_now(), "reason": "a\x00b"}] * 3)
    assert copy_store(source, target)["calls"] == 3
    with target.write() as connection:
        connection.execute(insert(calls).values(**call, started_at=utc_now()))
        assert connection.scalars(select(calls.c.number).order_by(calls.c.number)).all() == [1, 2, 3, 4]
        assert connection.scalar(select(calls.c.reason).where(calls.c.number == 1)) == "a\N{REPLACEMENT CHARACTER}b"
        assert connection.scalar(select(marks.c.value)) == {"list": [1, None, "é"]}
    with pytest.raises(UsageError, match="is in use"):
        copy_store(source, target)
    back = Operations(f"sqlite:///{tmp_path}/back.db")
    assert copy_store(target, back)["calls"] == 4
    for store in (source, target, back):
        store.dispose()
