"""Results as tables for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ipaas_dagster.hub.counts import Counts

if TYPE_CHECKING:
    from datetime import datetime

    from rich.table import Table

    from ipaas_dagster.merge import MergeResult
    from ipaas_dagster.sync import Outcome

MERGE_COLUMNS = (
    "fetched",
    "inserted",
    "updated",
    "unchanged",
    "stale",
    "duplicate",
    "rejected",
    "deleted",
    "warned",
)
ROUTE_COLUMNS = ("changes", "queued", "coalesced", "same_as_delivered", "filtered", "not_needed")
COMPARE_COLUMNS = ("compared", "missing", "changed", "extra", "owed", "remarks", "doubles", "held", "queued")
DELIVER_COLUMNS = (*ROUTE_COLUMNS, "delivered")


def outcome(result: Outcome) -> list[Table | str]:
    """What was pulled, merged, reconciled and delivered; only what there was."""
    made: list[Table | str] = []
    if result.pulled:
        made.append(
            table("pulled", ["collection", "scope", "records", "requests", "seconds", "cursor"], _pulled(result))
        )
    if result.followed:
        rows = [
            [f.collection, f.events, f.records, f.asked, f.gone, f.waiting, len(f.refused)] for f in result.followed
        ]
        columns = ["collection", "webhooks", "records", "asked_by_id", "gone", "waiting", "refused"]
        made.append(table("webhooks followed", columns, rows))
    if result.checked:
        made.append(
            table(
                "webhooks checked",
                ["system", "collection", "compared", "missing", "changed", "queued"],
                [
                    [one.system, name, c.compared, c.missing, c.changed, c.queued]
                    for one in result.checked
                    for name, c in one.routes.items()
                ],
            )
        )
    made += merged([*result.merged, *(m for r in result.reconciled for m in r.merged)])
    if result.reconciled:
        rows = [[r.collection, r.missed, r.deleted, r.held] for r in result.reconciled]
        made.append(table("reconciled", ["collection", "missed", "deleted", "held"], rows))
    if result.delivered:
        columns, rows = ["system", "collection", *DELIVER_COLUMNS, "open"], _delivered(result)
        made.append(table("delivered", columns, rows) if rows else "nothing was owed to any system")
    if result.compared:
        rows = [
            [one.system, name, *(getattr(counts, column) for column in COMPARE_COLUMNS)]
            for one in result.compared
            for name, counts in one.routes.items()
        ]
        made += [table("compared", ["system", "collection", *COMPARE_COLUMNS], rows)] if rows else []
    return made


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    """Numbers to the right, with thousands apart; None is a dash."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    made = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for position, name in enumerate(columns):
        numeric = any(isinstance(row[position], int | float) for row in rows)
        made.add_column(name.replace("_", " "), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        made.add_row(*(cell(value) for value in row))
    return made


def cell(value: Any) -> str:
    from rich.markup import escape

    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else escape(str(value))


def moment(value: datetime | None) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S}" if value else ""


def ago(seconds: float | None) -> str:
    """A lag in the unit a person would say: `95 s`, `12 min`, `5 h`, `3 days`."""
    if seconds is None:
        return ""
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _pulled(result: Outcome) -> list[list[Any]]:
    return [
        [r.collection, r.scope.kind, r.fetched, r.requests, r.seconds, moment(r.cursor_after)] for r in result.pulled
    ]


def merged(results: Sequence[MergeResult]) -> list[Table]:
    """All landings of a collection in one row; no table where nothing was merged."""
    sums: dict[str, Counts] = {}
    for result in results:
        for name, counts in result.counts.items():
            sums[name] = sums.get(name, Counts()) + counts
    columns = (*MERGE_COLUMNS, "held")
    rows = [[name, *(getattr(counts, column) for column in columns)] for name, counts in sums.items()]
    return [table("merged", ["collection", *columns], rows)] if rows else []


def _delivered(result: Outcome) -> list[list[Any]]:
    """Routes on which anything happened or is open, and the systems that are switched off."""
    rows: list[list[Any]] = []
    for system in result.delivered:
        if system.switched_off:
            empty = [None] * (len(DELIVER_COLUMNS) + 1)
            rows.append([system.system, f"switched off: {system.switched_off}", *empty])
        for name, counts in system.routes.items():
            numbers, still = [getattr(counts, column) for column in DELIVER_COLUMNS], states(counts.states)
            if any(numbers) or still:
                rows.append([system.system, name, *numbers, still])
    return rows


def states(counts: Mapping[str, int], *, done: bool = False) -> str:
    """`3 blocked, 1 dead`; what is delivered or superseded is named only where asked for."""
    named = [state for state in counts if done or state not in ("delivered", "superseded")]
    return ", ".join(f"{counts[state]:,} {state}" for state in named if counts[state])
