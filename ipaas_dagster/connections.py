"""Trying connections, and reading back what the local destinations hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ipaas_dagster.destinations.base import Paused, Throttled, Unreachable
from ipaas_dagster.errors import IpaasError, UsageError
from ipaas_dagster.project import Project
from ipaas_dagster.records import SOURCE_SYSTEM, Call, new_id

WITHOUT_HTTP = ("sql", "files")
"""Kinds whose destinations write no calls of their own, and whose records can be read as a whole."""


@dataclass(frozen=True)
class Connection:
    """`says` is what answered, why it failed, or which setting is missing."""

    system: str
    state: Literal["works", "failed", "switched off"]
    says: str


def check_all(project: Project) -> list[Connection]:
    """The source first, then every destination of the worksheet. Writes no record anywhere. Raises DeclarationError
    for what is declared wrongly, before anything is asked."""
    destinations = project.worksheet.destinations
    return [_checked_source(project), *(_checked(project, system.name) for system in destinations)]


def _checked_source(project: Project) -> Connection:
    """One small page of accounts, as a poll would ask for it."""
    from ipaas_dagster.ledger.calls import keep_calls
    from ipaas_dagster.source.client import Client
    from ipaas_dagster.source.collections import source_collection
    from ipaas_dagster.source.session import connect, run

    calls: list[Call] = []

    async def ask() -> tuple[int, str]:
        async with connect(project, calls.append) as connection:
            page = await Client(connection, source_collection("accounts")).page(0, 1)
        return page.count if page.count is not None else len(
            page.records
        ), connection.address.shown + connection.address.shown_path("")

    try:
        count, shown = run(ask())
    except IpaasError as error:
        return Connection(SOURCE_SYSTEM, "failed", str(error))
    finally:
        keep_calls(project, calls)
    return Connection(SOURCE_SYSTEM, "works", f"{count:,} accounts at {shown}")


def _checked(project: Project, system: str) -> Connection:
    from ipaas_dagster.deliver import connect

    off = project.worksheet.switched_off(system, project.settings)
    if off is not None:
        return Connection(system, "switched off", off)
    try:
        destination = connect(project, system)
        try:
            says = destination.check()
            _note_local(project, system, "CHECK")
            return Connection(system, "works", says)
        finally:
            destination.close()
    except (IpaasError, Unreachable, Throttled, Paused) as error:
        return Connection(system, "failed", str(error).removeprefix(f"{system}: "))


def _note_local(project: Project, system: str, method: str) -> None:
    """The ledger's row of a call to a system without HTTP, whose destination writes none."""
    from ipaas_dagster.ledger.calls import keep_calls

    if project.worksheet.system(system).kind.name in WITHOUT_HTTP:
        call = Call(new_id(), system, "read", method, "", project.clock(), outcome="ok", run_id=project.run_id)
        keep_calls(project, [call])


def files_fold(project: Project, system: str, collection: str) -> Iterator[Mapping[str, Any]]:
    """The live records of a `files` system, each with its hub id. Raises UsageError for another kind or route."""
    from ipaas_dagster.deliver import setting
    from ipaas_dagster.destinations.files import current

    kind = project.worksheet.system(system).kind.name
    if kind != "files":
        raise UsageError(f"{system} is of the kind {kind}, not files")
    made = setting(project, system)
    shape = made.shapes.get(collection)
    if shape is None:
        raise UsageError(f"{system} is sent no {collection!r}; choose from: {', '.join(made.shapes)}")
    return current(Path(made.fields["folder"]), collection, shape)


def delivered_ids(project: Project, system: str, collection: str) -> set[str] | None:
    """Hub ids of the records that a system of the kind `sql` or `files` holds; None: it is sent no such collection,
    or is of a kind that cannot be read as a whole."""
    kind = project.worksheet.system(system).kind.name
    routed = any(route.collection == collection for route in project.worksheet.routes(system))
    if not routed or kind not in WITHOUT_HTTP:
        return None
    if kind == "files":
        return {str(record["hub_id"]) for record in files_fold(project, system, collection)}
    return _ids_in_sql(project, system, collection)


def _ids_in_sql(project: Project, system: str, collection: str) -> set[str]:
    from sqlalchemy import ColumnClause, column, create_engine, inspect, select, table

    from ipaas_dagster.deliver import setting

    made = setting(project, system)
    shape, schema = made.shapes[collection], made.fields.get("schema") or None
    engine = create_engine(made.fields["url"])
    try:
        if not inspect(engine).has_table(shape.object, schema=schema):
            return set()
        with engine.connect() as connection:
            key: ColumnClause[str] = column(shape.key or "hub_id")
            return set(connection.scalars(select(key).select_from(table(shape.object, schema=schema))))
    finally:
        engine.dispose()
