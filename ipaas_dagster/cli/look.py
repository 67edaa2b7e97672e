"""`ipaas status`, `worksheet`, `check`, `files current`: looking, without changing anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ipaas_dagster.cli.report import AsJson, Debug, command
from ipaas_dagster.cli.run import open_project

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ipaas_dagster.moves import Move
    from ipaas_dagster.project import Project
    from ipaas_dagster.status import Status, SystemStatus


def status(as_json: AsJson = False, debug: Debug = False) -> None:
    """Collections, systems and the balance: what is where, what is owed, what is open."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.status import read_status

        state = read_status(project)
        report.show(document(state), *([] if as_json else shown_status(state)))
        report.findings(state.findings)


def document(state: Status) -> dict[str, Any]:
    """The state as JSON; `balance.true` is the verdict on the books."""
    balance = {
        "true": state.balance.true,
        "findings": state.balance.findings,
        "landings": state.balance.landings,
        "routes": state.balance.routes,
    }
    return {
        "collections": state.collections,
        "systems": state.systems,
        "holds": state.holds,
        "balance": balance,
    }


def shown_status(state: Status) -> list[RenderableType]:
    """The state as tables, the verdict on the books last."""
    from ipaas_dagster.cli.tables import ago, moment, states, table

    collections = [
        [
            c.collection,
            c.source,
            c.records,
            moment(c.cursor),
            ago(c.lag_seconds),
            c.open_rejects,
            c.waiting_landings,
        ]
        for c in state.collections
    ]
    systems = [
        [s.system, s.kind, s.switched_off or _paused(s) or "on", s.delivered, states(s.states), _limits(s)]
        for s in state.systems
    ]
    verdict = "[bold green]the books balance[/]" if state.balance.true else "[bold red]the books do not balance[/]"
    names = ["collection", "from", "records", "cursor (UTC)", "lag", "open rejects", "landings to merge"]
    return [
        table("collections", names, collections),
        table("systems", ["system", "kind", "state", "delivered", "open", "its API calls"], systems),
        *shown_balance(state),
        verdict,
    ]


def _paused(system: SystemStatus) -> str:
    return "; ".join(f"{name} is paused: {reason} (ipaas resume {name})" for name, reason in system.paused.items())


def _limits(system: SystemStatus) -> str:
    if not system.limits:
        return ""
    used, most = system.limits["used"], system.limits["of"]
    return f"{used:,} of {most:,} used ({system.limits['at'][:16].replace('T', ' ')})"


def shown_balance(state: Status) -> list[RenderableType]:
    """Both halves of the balance: what was fetched against what became of it, what was queued likewise."""
    from ipaas_dagster.cli.tables import MERGE_COLUMNS, ROUTE_COLUMNS, states, table

    landed = [
        [c.collection, *(getattr(c.counts, name) for name in MERGE_COLUMNS)]
        for c in state.balance.landings.collections
        if c.counts.fetched or c.counts.deleted
    ]
    routes = [
        [f"{r.system}/{r.collection}", *(getattr(r, name) for name in ROUTE_COLUMNS), states(r.states, done=True)]
        for r in state.balance.routes
    ]
    return [
        table("balance of landings: fetched = inserted + ... + rejected", ["collection", *MERGE_COLUMNS], landed),
        table("balance of routes: changes = queued + ... + not needed", ["route", *ROUTE_COLUMNS, "entries"], routes),
    ]


def worksheet(as_json: AsJson = False, debug: Debug = False) -> None:
    """Which collection moves in which direction between the hub and which system, and how far it has."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.cli.tables import table
        from ipaas_dagster.moves import moves

        found = moves(project)
        document = {"worksheet": [move.row._asdict() | _numbers(move) for move in found]}
        columns = [*_SHOWN, "records", "delivered", "open", "dead", "last success (UTC)", "remark"]
        rows = [] if as_json else [_shown_move(move) for move in found]
        report.show(document, *([] if as_json else [table("worksheet", columns, rows)]))


_SHOWN = ("collection", "system", "direction", "template", "deletes")


def _shown_move(move: Move) -> list[Any]:
    from ipaas_dagster.cli.tables import moment

    only = f"only where {move.row.only}" if move.row.only else ""
    remarks = [text for text in (move.row.remark, only, move.switched_off) if text]
    said = [getattr(move.row, name) for name in _SHOWN]
    numbers = [move.records, move.delivered, move.open, move.dead, moment(move.last_success)]
    return [*said, *numbers, "; ".join(remarks)]


def _numbers(move: Move) -> dict[str, Any]:
    counted = {"records": move.records, "delivered": move.delivered, "open": move.open, "dead": move.dead}
    return {**counted, "last_success": move.last_success, "switched_off": move.switched_off}


def check(as_json: AsJson = False, debug: Debug = False) -> None:
    """Try every connection: the source and each system of the worksheet."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.cli.tables import table

        rows = _checked(project)
        shown = [[row["system"], row["state"], row["says"]] for row in rows]
        report.show({"connections": rows}, table("connections", ["system", "state", "says"], shown))
        report.findings([f"{row['system']}: {row['says']}" for row in rows if row["state"] == "failed"])


def _checked(project: Project) -> Sequence[dict[str, Any]]:
    from ipaas_dagster.connections import check_all

    return [{"system": c.system, "state": c.state, "says": c.says} for c in check_all(project)]


Collection = Annotated[str, typer.Argument(help="A hub collection, such as customers.")]


def files_current(
    collection: Collection,
    system: Annotated[str, typer.Option(help="Which system of the kind `files`.")] = "files",
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """The live records of a collection, from folding the batches in manifest order."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.cli.tables import table
        from ipaas_dagster.connections import files_fold

        records = list(files_fold(project, system, collection))
        columns = list(dict.fromkeys(name for record in records for name in record))
        rows = [[record.get(name) for name in columns] for record in records]
        document = {"system": system, "collection": collection, "count": len(records), "records": records}
        report.show(document, *([] if as_json else [table(collection, columns, rows)]))
