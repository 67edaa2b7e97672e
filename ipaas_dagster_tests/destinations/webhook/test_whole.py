"""Through the whole product: the receiver's records, folded from events, are the hub's."""

from __future__ import annotations

import json
import re
import signal
from datetime import datetime
from pathlib import Path
from typing import Any

from ipaas_dagster.sandbox import every_kind, running_sandbox
from ipaas_dagster_tests.destinations.webhook.killed import RECORDS, fill, started
from ipaas_dagster_tests.destinations.webhook.stage import SYSTEM, Fault, Stage, staged
from ipaas_dagster_tests.flow.world import World


def folded(there: Any, collection: str) -> dict[str, dict[str, Any]]:
    records = there.truth(collection)
    found = {record["hub_id"]: record for record in records}
    assert len(found) == len(records), "a record is there twice"
    return found


def assert_whole(stage: Stage) -> None:
    """Equal in every column; every delivered event was there, under its own id; and no id had two contents."""
    for collection in ("customers", "contacts"):
        there, alive = folded(stage.there, collection), stage.hub.alive(collection)
        assert there.keys() == alive.keys()
        for hub_id, record in there.items():
            wanted = {name: alive[hub_id][name] for name in record.keys() - {"epoch"}}
            assert {name: record[name] for name in wanted} == wanted
    entries = stage.world.entries(system=SYSTEM)
    assert {entry.state for entry in entries} <= {"delivered", "superseded"}
    delivered = {entry.request_key for entry in entries if entry.state == "delivered"}
    assert delivered <= stage.there.fold.arrivals.keys()
    stage.world.assert_balanced()


def test_everything_arrives_and_a_second_run_sends_nothing(tmp_path: Path) -> None:
    with running_sandbox(accounts=20, seed=7) as sandbox:
        there = sandbox.webhook
        extra = there.environment(sandbox.origin)
        world = World(sandbox, tmp_path / "state", tuple(extra.items()))
        assert world.sync().findings == []
        assert_equals_hub(there, world)
        before = there.journal.total
        assert world.sync().findings == []
        assert there.journal.total == before
        for name in ("accounts", "invoices", "transactions"):
            sandbox.instagaze.mutate(name, insert=3, change=4, seed=1)
        assert world.sync().findings == []
        assert_equals_hub(there, world)
        assert all(event.timestamp for event in there.fold.events)
        world.check_books()


def assert_equals_hub(there: Any, world: World) -> None:
    for collection, records in world.hub().items():
        found = folded(there, collection)
        assert found.keys() == records.keys(), collection
        for hub_id, record in records.items():
            for name, value in record.items():
                assert _plain(found[hub_id][name]) == _plain(value), (collection, name)


def _plain(value: Any) -> Any:
    """JSON as its text, times as seconds."""
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True)
    if isinstance(value, str) and value[:1] in ("{", "["):
        return json.dumps(json.loads(value), sort_keys=True)
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", value):
        return datetime.fromisoformat(value)
    return value


def test_a_fifth_of_all_answers_lost(tmp_path: Path) -> None:
    with staged(tmp_path, WEBHOOK_BATCH_SIZE="4") as stage:
        fill(stage)
        stage.there.faults.set([Fault("lost_answer", 0.2), *every_kind(0.02)], seed=3)
        for n in range(12):
            stage.deliver()
            stage.customer(n % RECORDS, name=f"changed {n}")
            stage.wait(600)
        stage.drop(2)
        stage.there.faults.clear()
        for _ in range(2):
            stage.deliver()
            stage.wait(86_400)
        assert max(stage.there.fold.arrivals.values()) > 1, "some came more than once"
        assert_whole(stage)


def test_killed_at_every_commit(tmp_path: Path) -> None:
    """Each process dies at its next commit but a few; the last one finds everything there."""
    with staged(tmp_path, WEBHOOK_BATCH_SIZE="4") as stage:
        fill(stage)
        ended = []
        for commit in range(2, 60, 2):
            process = started(stage, tmp_path, commit, "before" if commit % 4 else "after")
            process.join()
            ended.append(process.exitcode)
            if process.exitcode == 0:
                break
        assert ended[0] == -signal.SIGKILL
        assert ended[-1] == 0, "the last process came to the end"
        stage.world.project.__dict__.pop("operations", None)
        assert stage.deliver().stopped is None
        assert_whole(stage)
        assert max(stage.there.fold.arrivals.values()) > 1, "some came more than once"


def test_over_https_with_a_certificate_of_its_own(tmp_path: Path) -> None:
    with running_sandbox(samples=None, https=True, ca_folder=tmp_path) as sandbox:
        assert sandbox.https_origin is not None
        environment = {**sandbox.webhook.environment(sandbox.https_origin), "WEBHOOK_CA_FILE": str(sandbox.ca_file)}
        stage = Stage(tmp_path / "it", sandbox.webhook, environment)
        stage.customer(1)
        assert stage.deliver().stopped is None
        assert len(stage.events) == 1
        untrusting = Stage(tmp_path / "other", sandbox.webhook, {**environment, "WEBHOOK_CA_FILE": ""})
        untrusting.customer(1)
        assert "no connection" in (untrusting.deliver().stopped or "")
