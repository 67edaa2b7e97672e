"""A state folder with a past: everything that can happen to a hub between its first landing and now."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
from click.testing import Result
from typer.testing import CliRunner

from ipaas_dagster import contracts
from ipaas_dagster.cli.app import app
from ipaas_dagster.contracts.base import Collection, Rule
from ipaas_dagster.mend import approve, land_records, retry_rejects
from ipaas_dagster.merge import merge
from ipaas_dagster.project import Project
from ipaas_dagster.pull import pull
from ipaas_dagster.records import Scope, new_id, utc_now
from ipaas_dagster.sync import reconcile_all, sync
from ipaas_dagster_tests.flow.world import World

SETTINGS = (("IPAAS_LAG_SECONDS", "0"), ("IPAAS_HOLD_RECORDS", "10"))


def merge_all(world: World, collections: Sequence[str], scope: Scope | None = None) -> None:
    outcome = sync(world.project(), [(name, scope) for name in collections], [])
    assert not outcome.unexpected, outcome.findings


def live_through(world: World) -> None:
    """Inserts, changes, deletes, holds, retries, backfills, stale answers, a kill and a damaged landing."""
    source = world.sandbox.instagaze
    merge_all(world, ["accounts", "products", "invoices", "gateways"])
    source.mutate("accounts", insert=3, change=4, delete=2, seed=1)
    source.mutate("invoices", insert=2, change=3, delete=1, seed=2)
    merge_all(world, ["accounts", "invoices"])
    reconcile_all(world.project(), ["accounts"], ())
    retry_rejects(world.project())
    _answer_that_is_older(world)
    _backfill(world)
    _killed(world)
    _damaged(world)
    _held_and_approved(world)
    source.mutate("gateways", delete=1, seed=3)
    merge_all(world, ["gateways"])
    settle(world)


def settle(world: World) -> None:
    """Move what connections that this process left open have in SQLite's log into the file."""
    with closing(sqlite3.connect(world.state / "operations.db")) as store:
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def live_shortly(world: World) -> None:
    """Accounts only, with a change, deletes, a stale answer, rejects and a hold that waits; and a snapshot twice."""
    source = world.sandbox.instagaze
    merge_all(world, ["accounts", "gateways"])
    _answer_that_is_older(world)
    source.mutate("accounts", insert=2, change=3, delete=12, seed=1)
    source.mutate("gateways", delete=1, seed=3)
    merge_all(world, ["accounts", "gateways"])
    assert reconcile_all(world.project(), ["accounts"], ()).reconciled[0].holds
    source.mutate("accounts", change=3, seed=2)
    merge_all(world, ["accounts"])


def _answer_that_is_older(world: World) -> None:
    """Of two accounts: one that the hub has seen since, and one that it has not; the first is stale."""
    known = world.sandbox.instagaze.truth("accounts")[0]
    unknown = {**known, "id": 990_001, "account_name": "seen once", "contacts": []}
    before = utc_now() - timedelta(days=2)
    records = [(before, json.dumps(record).encode()) for record in ({**known, "account_name": "old"}, unknown)]
    land_records(world.project(), "accounts", records)
    (result,) = merge(world.project(), ["accounts"])
    assert (result.counts["customers"].stale, result.counts["customers"].inserted) == (1, 1)


def _backfill(world: World) -> None:
    today = utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
    window = Scope.window(today - timedelta(days=3), today + timedelta(days=1))
    merge_all(world, ["accounts"], window)


def _killed(world: World) -> None:
    world.sandbox.instagaze.mutate("invoices", insert=3, change=2, seed=8)
    process = world.command("sync", "invoices", "--no-deliver")
    try:
        process.communicate(timeout=1.5)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    merge_all(world, ["invoices"])


def _damaged(world: World) -> None:
    world.sandbox.instagaze.mutate("accounts", change=3, seed=9)
    landed = pull(world.project(), "accounts")
    assert landed.landing_id
    file = world.project().landings.path(landed.landing_id)
    file.write_bytes(file.read_bytes()[:-20])
    assert merge(world.project(), ["accounts"])[0].damaged
    merge_all(world, ["accounts"])


def _held_and_approved(world: World) -> None:
    """One hold that was approved (a record came back meanwhile), and one that still waits."""
    gone = world.sandbox.instagaze.mutate("accounts", delete=15, seed=4).deleted
    (hold,) = reconcile_all(world.project(), ["accounts"], ()).reconciled[0].holds
    back = {**world.sandbox.instagaze.truth("accounts")[0], "id": gone[0], "contacts": []}
    world.sandbox.instagaze.put("accounts", back)
    approve(world.project(), hold)
    world.sandbox.instagaze.mutate("invoices", delete=14, seed=5)
    assert reconcile_all(world.project(), ["invoices"], ()).reconciled[0].holds


def offline(world: World) -> Project:
    """The installation as it is now, where nothing could be called and other settings hold."""
    nowhere = "http://127.0.0.1:1/"
    return Project(replace(world.settings, base_url=nowhere, token=None, hold_records=1_000_000, hold_share=1.0))


def file_of(project: Project) -> Path:
    """The hub as a file to look into: itself, or a copy of what a server holds."""
    if not project.hub.shared:
        return project.hub.path
    copy = project.settings.state.parent / f"{new_id()}.duckdb"
    project.hub.copy_to(copy)
    return copy


def lose(project: Project) -> None:
    """The hub is gone."""
    if not project.hub.shared:
        project.hub.path.unlink()
        return
    with project.hub.writing() as connection:
        for schema in ("hub", "instagaze"):
            connection.execute(f"DROP SCHEMA {schema} CASCADE")


def contents(file: Path) -> dict[str, list[Any]]:
    """All that two hubs of the same landings must have in common, by table, sorted. Not seq, run or epoch."""
    tables = {f'{c.schema}."{c.name}"': "*" for c in (*contracts.COLLECTIONS, *contracts.REFERENCE)}
    tables |= {"hub.versions": "* EXCLUDE (seq)", "hub.changes": "* EXCLUDE (seq, run_id)"}
    tables |= {"hub.rejects": "* EXCLUDE (run_id)", "hub.holds": "*", "hub.landing_counts": "*"}
    tables |= {"hub.warnings": "*", "hub.merged_landings": "* EXCLUDE (run_id)"}
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return {
            table: sorted(connection.execute(f"SELECT {columns} FROM {table}").fetchall(), key=repr)
            for table, columns in tables.items()
        }


def fingerprint(state: Path) -> dict[str, str]:
    """Digest of every file of the state folder that holds data: not locks, nor what SQLite makes to read."""
    passing = ("operations.db-shm", "operations.db-wal")
    found = [file for file in sorted(state.rglob("*")) if file.is_file() and file.name not in passing]
    files = [file for file in found if "locks" not in file.parts]
    return {str(file.relative_to(state)): hashlib.sha256(_content(file)).hexdigest() for file in files}


def _content(file: Path) -> bytes:
    """Of operations what it holds: whoever closes it last moves the log's pages into its file, whenever that is."""
    if file.name != "operations.db":
        return file.read_bytes()
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return "\n".join(connection.iterdump()).encode()


def changed(of: str, /, **columns: Any) -> tuple[Collection, ...]:
    """The declared collections, with other values for the columns of one: `number={"required": True}`."""
    declared = contracts.collection(of)
    made = replace(declared, columns=tuple(replace(c, **columns.get(c.name, {})) for c in declared.columns))
    return tuple(made if collection.name == of else collection for collection in contracts.COLLECTIONS)


def must_be(*values: str) -> tuple[Rule, ...]:
    return (Rule("one_of", values, f"must be one of {', '.join(values)}"),)


def run(world: World, *words: str) -> Result:
    """`ipaas replay` in this process."""
    return CliRunner().invoke(app, ["replay", *words], env={name: "" for name in os.environ} | world.environment)
