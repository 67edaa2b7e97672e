"""Staged tables made by hand, so that the hub is tested apart from contracts: accounts with contacts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ipaas_dagster import contracts
from ipaas_dagster.contracts.types import duckdb_type
from ipaas_dagster.hub import Hub
from ipaas_dagster.hub.deletes import Guard
from ipaas_dagster.hub.fences import Fence
from ipaas_dagster.hub.landing import Merged, merge_landing
from ipaas_dagster.locks import Locks
from ipaas_dagster.records import LandingNote

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Person:
    """A contact as an element of its account's array; `bad` fails the contract."""

    id: int | None
    name: str = "x"
    bad: bool = False
    removed: bool = False


@dataclass(frozen=True)
class Account:
    """`contacts` None: the array is not stated."""

    id: int | None
    name: str = "x"
    contacts: tuple[Person, ...] | None = ()
    bad: bool = False
    at: int = 0


@dataclass
class Landing:
    """`at` counts hours from START; an account's own `at` is added in seconds, as if from another page."""

    name: str
    at: int
    accounts: list[Account] = field(default_factory=list)
    tombstones: list[str] = field(default_factory=list)
    scope: str = "since"
    approval: str | None = None

    @property
    def time(self) -> datetime:
        return START + timedelta(hours=self.at)


def open_hub(folder: Path, url: str = "") -> Hub:
    """The hub of a file in `folder`, unless `url` says otherwise."""
    return Hub(url or f"duckdb:///{folder}/ipaas.duckdb", Locks(folder / "locks", 30), folder=folder)


def merge_into(hub: Hub, landing: Landing, guard: Guard | None = None, fence: Fence | None = None) -> Merged:
    note = LandingNote(
        landing.name,
        "accounts",
        landing.scope,  # type: ignore[arg-type]
        len(landing.accounts),
        "",
        0,
        landing.time,
        landing.time,
        "run",
        details={"approval": landing.approval} if landing.approval else {},
    )
    with hub.scratch() as scratch:
        stage(scratch, landing)
        with hub.receiving(scratch) as connection:
            return merge_landing(connection, note, guard=guard or Guard(1.1, 10**9), run_id="run", fence=fence)


def stage(connection: Any, landing: Landing) -> None:
    _make_tables(connection)
    for line, account in enumerate(landing.accounts, 1):
        at = landing.time + timedelta(seconds=account.at)
        hub_id = None if account.id is None else f"instagaze:accounts:{account.id}"
        _insert(connection, "staged_lines", line=line, observed_at=at, hub_id=hub_id)
        common = {"line": line, "observed_at": at}
        if account.bad or hub_id is None:
            _reject(connection, "customers", common, 0, hub_id, account.id, None, account.name)
        else:
            row = {"source_id": str(account.id), "removed": False, "name": account.name, "extra": "{}"}
            content = f"{account.name}"
            _insert(
                connection,
                "staged_customers",
                **common,
                element=0,
                hub_id=hub_id,
                content_hash=content,
                **row,
            )
            if account.contacts is not None:
                _insert(connection, "staged_sets", **common, parent_hub_id=hub_id, collection="contacts")
        _stage_contacts(connection, account, hub_id, common)
    for number, hub_id in enumerate(landing.tombstones, 1):
        _insert(connection, "staged_tombstones", line=number, observed_at=landing.time, hub_id=hub_id)


def _stage_contacts(connection: Any, account: Account, parent: str | None, common: dict[str, Any]) -> None:
    for element, person in enumerate(account.contacts or (), 1):
        hub_id = None if person.id is None else f"instagaze:contacts:{person.id}"
        if person.bad or account.bad or parent is None or hub_id is None:
            _reject(connection, "contacts", common, element, hub_id, person.id, parent, person.name)
            continue
        _insert(
            connection,
            "staged_contacts",
            **common,
            element=element,
            hub_id=hub_id,
            source_id=str(person.id),
            parent_hub_id=parent,
            customer_id=parent,
            removed=person.removed,
            name=person.name,
            extra="{}",
            content_hash=f"{person.name}|{parent}",
        )


def _reject(
    connection: Any,
    name: str,
    common: dict[str, Any],
    element: int,
    hub_id: str | None,
    source_id: Any,
    parent: str | None,
    content: str,
) -> None:
    _insert(
        connection,
        "staged_rejects",
        **common,
        collection=name,
        element=element,
        hub_id=hub_id,
        source_id=None if source_id is None else str(source_id),
        parent_hub_id=parent,
        reasons=[f"name: {content!r} is bad"],
        record=f'{{"name":"{content}"}}',
    )


def _insert(connection: Any, table: str, **values: Any) -> None:
    marks = ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", list(values.values()))


def _make_tables(connection: Any) -> None:
    line = "line BIGINT, observed_at TIMESTAMPTZ"
    for collection in contracts.of_source("accounts"):
        columns = ", ".join(f'"{c.name}" {duckdb_type(c.type)}' for c in collection.columns)
        connection.execute(
            f"CREATE TABLE staged_{collection.name} ({line}, element INTEGER, hub_id VARCHAR, source_id VARCHAR, "
            f"parent_hub_id VARCHAR, removed BOOLEAN, {columns}, extra JSON, content_hash VARCHAR)"
        )
    connection.execute(
        f"CREATE TABLE staged_rejects (collection VARCHAR, {line}, element INTEGER, "
        "hub_id VARCHAR, source_id VARCHAR, parent_hub_id VARCHAR, reasons VARCHAR[], record JSON)"
    )
    connection.execute(
        "CREATE TABLE staged_warnings (collection VARCHAR, line BIGINT, element INTEGER, source_id VARCHAR, "
        "field VARCHAR, reason VARCHAR)"
    )
    connection.execute(f"CREATE TABLE staged_sets ({line}, parent_hub_id VARCHAR, collection VARCHAR)")
    connection.execute(f"CREATE TABLE staged_tombstones ({line}, hub_id VARCHAR)")
    connection.execute(f"CREATE TABLE staged_lines ({line}, hub_id VARCHAR)")
