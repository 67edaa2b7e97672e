"""A first load by several workers: the same as a single scan, under writes and after a kill."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from ipaas_dagster.errors import UsageError
from ipaas_dagster.load import begin_load, work
from ipaas_dagster.merge import merge
from ipaas_dagster.operations.load_tables import load_ranges
from ipaas_dagster.project import Project
from ipaas_dagster.pull import pull
from ipaas_dagster.sandbox import Sandbox, running_sandbox
from ipaas_dagster_tests.flow.world import World

MORE = (("IPAAS_LAG_SECONDS", "0"), ("IPAAS_PAGE_SIZE", "20"))


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(accounts=1_500, seed=6, samples=None) as running:
        yield running


def landed(project: Project) -> dict[int, str | None]:
    with project.operations.read() as connection:
        rows = connection.execute(select(load_ranges.c.number, load_ranges.c.landing_id))
        return {row.number: row.landing_id for row in rows}


def finished(process: Any) -> dict[str, Any]:
    out, _ = process.communicate(timeout=300)
    assert process.returncode == 0, out
    found: dict[str, Any] = json.loads(out[out.index("{") : out.rindex("}") + 1])["loaded"]
    return found


def equal(world: World) -> None:
    """After a poll the hub is the truth; what was deleted meanwhile is a reconcile's to find."""
    project = world.project()
    assert pull(project, "accounts").scope.kind == "since", "the load set the cursor"
    merge(project)
    hub, truth = world.hub()["customers"], world.truth()["customers"]
    assert {key: hub.get(key) for key in truth} == truth
    world.check_books()


def test_it_is_the_same_as_a_single_scan(sandbox: Sandbox, tmp_path: Path, each_store: str) -> None:
    one, other = World(sandbox, tmp_path / "one", MORE), World(sandbox, tmp_path / "other", MORE)
    project = one.project()
    load = begin_load(project, "accounts", 5)
    assert load is not None
    assert len(load.ranges) == 5
    done = work(project, load)
    assert (done.complete, done.ranges) == (True, 5)
    merge(project)
    other.sync(["accounts"])
    assert one.hub()["customers"] == other.hub()["customers"] == one.truth()["customers"]
    assert one.hub()["contacts"] == other.hub()["contacts"]
    assert begin_load(project, "accounts", 5) == begin_load(project, "accounts", 9), "it is done, and not begun again"
    equal(one)
    with pytest.raises(UsageError, match="read whole"):
        begin_load(project, "gateways", 2)


def test_what_the_list_moved_between_two_ranges_is_searched_and_read(sandbox: Sandbox, tmp_path: Path) -> None:
    """150 records come back before the first join after the ranges were cut: by offsets alone, as many that nobody
    touched would be in no range."""
    source = sandbox.instagaze
    away = [source.record("accounts", number) for number in source.usable_ids("accounts")[:300:2]]
    for record in away:
        assert record is not None
        source.delete("accounts", int(record["id"]))
    world = World(sandbox, tmp_path / "state", MORE)
    project = world.project()
    load = begin_load(project, "accounts", 3)
    for record in away:
        assert record is not None
        source.put("accounts", record)
    assert load is not None
    work(project, load)
    merge(project)
    equal(world)


@pytest.mark.slow
def test_two_processes_under_writes(sandbox: Sandbox, tmp_path: Path) -> None:
    world = World(sandbox, tmp_path / "state", MORE)
    before = {record["id"] for record in sandbox.instagaze.truth("accounts")}
    process, ended = world.command("load", "accounts", "--workers", "2", "--json"), threading.Event()

    def write() -> None:
        number = 0
        while not ended.wait(0.01):
            number += 1
            sandbox.instagaze.mutate("accounts", insert=1, change=2, delete=2, seed=number)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        done = finished(process)
    finally:
        ended.set()
        writer.join()
    assert done["complete"]
    assert done["ranges"] == done["all_ranges"] > 1
    alive = {record["id"] for record in sandbox.instagaze.truth("accounts")}
    assert before - alive, "nothing was deleted while it was read"
    equal(world)


def test_who_is_killed_leaves_its_range_to_the_next(sandbox: Sandbox, tmp_path: Path) -> None:
    world = World(sandbox, tmp_path / "state", MORE)
    dying = World(sandbox, tmp_path / "state", (*MORE, ("IPAAS_CRASH_POINT", "landing.renamed#3")))  # heads, one, two
    killed = dying.command("load", "accounts", "--workers", "1", "--no-merge")
    killed.communicate(timeout=300)
    assert killed.returncode == -signal.SIGKILL
    there = {number: found for number, found in landed(world.project()).items() if found}
    assert len(there) == 1

    asked = sandbox.journal.total
    done = finished(world.command("load", "accounts", "--workers", "2", "--json"))
    assert (done["complete"], done["ranges"]) == (True, 6)
    assert landed(world.project()).items() >= there.items(), "what was landed stays"
    assert sandbox.journal.total - asked < 1_500 / 18 + 7, "and is not read again"
    equal(world)
    assert world.project().landings.leftovers() == []
