"""`ipaas worksheet`, `check`, `files current`: looking, without changing anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ipaas_dagster.cli.report import AsJson, Debug, command
from ipaas_dagster.cli.run import open_project

if TYPE_CHECKING:
    from ipaas_dagster.moves import Move
    from ipaas_dagster.project import Project


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
