"""What a person sees on a materialisation: numbers as numbers (the UI plots them), tables, cursors, findings.

Keys are the words of the balance. `findings` are the sentences for which the run will end failed, the same
on every key of a multi-asset; the checks read numbers and findings back from here, so what is shown is what
is judged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import dagster as dg

from ipaas_dagster import contracts
from ipaas_dagster.contracts.base import Collection
from ipaas_dagster.deliver import DeliverResult, RouteCounts
from ipaas_dagster.hub.counts import Counts
from ipaas_dagster.merge import MergeResult
from ipaas_dagster.orchestration.look import Look
from ipaas_dagster.orchestration.partitions import scope_text
from ipaas_dagster.pull import PullResult
from ipaas_dagster.status import RouteStanding
from ipaas_dagster.webhooks.following import Followed

Metadata = dict[str, Any]
OWNERS = ["team:finance-operations"]
LONGEST_TEXT = 80
ROUTE_NUMBERS = (
    *(
        "changes",
        "queued",
        "coalesced",
        "same_as_delivered",
        "filtered",
        "not_needed",
        "delivered",
        "new_dead",
        "new_blocked",
    ),
)


def column_schema(collection: Collection) -> Metadata:
    """The columns of a hub collection, for an asset's definition."""
    columns = [dg.TableColumn(name, kind, description) for name, kind, description in contracts.schema_rows(collection)]
    return {"dagster/column_schema": dg.TableSchema(columns=[dg.TableColumn("hub_id", "VARCHAR"), *columns])}


def of_pull(result: PullResult) -> Metadata:
    """What a pull read. `scope` is what was really read: a poll without a cursor is full."""
    return {
        "scope": scope_text(result.scope),
        "fetched": result.fetched,
        "requests": result.requests,
        "seconds": round(result.seconds, 3),
        "landing": result.landing_id or "none: nothing new was found",
        "cursor_before": _time(result.cursor_before),
        "cursor_after": _time(result.cursor_after),
        "dagster/partition_row_count": result.fetched,
        **_notes(result.notes),
    }


def of_followed(result: Followed) -> Metadata:
    """What webhooks named, and what was read for them."""
    polled = of_pull(result.polled) if result.polled else {"scope": "named by webhooks", "fetched": result.found}
    return {
        **polled,
        "webhooks": result.events,
        "records_named": result.records,
        "asked_by_id": result.asked,
        "gone": result.gone,
        "waiting_for_reconcile": result.waiting,
        "refused": len(result.refused),
        "landings": ", ".join(result.landings) or "none: nothing new was found",
        "dagster/partition_row_count": result.found + (result.polled.fetched if result.polled else 0),
        **_notes([f"record {one}: {why}" for one, why in result.refused.items()]),
    }


def of_merge(results: Sequence[MergeResult], collection: str, seen: Look, findings: Sequence[str]) -> Metadata:
    """One hub collection's share of the landings that a run merged."""
    counts = sum((result.counts.get(collection, Counts()) for result in results), Counts())
    return {
        **{one.name: getattr(counts, one.name) for one in fields(Counts)},
        "new_rejects": seen.new_rejects,
        "open_rejects": seen.open_rejects,
        "rejects_since": _time(seen.rejects_since),
        **({"lag_seconds": round(seen.lag_seconds, 1)} if seen.lag_seconds is not None else {}),
        "landings": len(results),
        "damaged_landings": sum(result.damaged is not None for result in results),
        "dagster/row_count": seen.rows,
        "findings": dg.MetadataValue.json(list(findings)),
        **_table("rejects", [_reject_row(reject) for reject in seen.rejects]),
        **(_TRACE_LINK if seen.rejects else {}),
        **_table("sample", [_flat(row) for row in seen.sample]),
        **_notes([note for result in results for note in result.notes]),
    }


def of_delivery(
    result: DeliverResult, collection: str, findings: Sequence[str], standing: RouteStanding | None = None
) -> Metadata:
    """One route's share of a delivery; `entries_*` are the outbox entries in each state now, and what is open stands
    there also where it is nothing, so that a plot has no gaps."""
    route, stands = result.routes.get(collection, RouteCounts()), standing or RouteStanding()
    return {
        "standing": _in_words(route, stands),
        **{state: route.states.get(state, 0) for state in OPEN_STATES},
        "blocked_for_good": route.blocked_for_good,
        "owed_since": _time(stands.owed_since),
        "stuck_since": _time(stands.stuck_since),
        "oldest_owed_seconds": round(stands.oldest_seconds, 1),
        **({"paused": "; ".join(f"{name}: {why}" for name, why in result.paused.items())} if result.paused else {}),
        **(_TRACE_LINK if route.states.get("dead") else {}),
        **{name: getattr(route, name) for name in ROUTE_NUMBERS},
        **{f"entries_{state}": number for state, number in sorted(route.states.items())},
        "calls": result.calls,
        "seconds": round(result.seconds, 3),
        "switched_off": result.switched_off or "no",
        "findings": dg.MetadataValue.json(list(findings)),
        **_notes(result.notes),
    }


OPEN_STATES = ("pending", "waiting", "blocked", "in_doubt", "dead")


def _in_words(route: RouteCounts, stands: RouteStanding) -> str:
    """`2 waiting, 4 dead; owed since 2026-11-27 09:40 UTC; stuck since ...`"""
    said = [", ".join(f"{route.states[s]:,} {s.replace('_', ' ')}" for s in OPEN_STATES if route.states.get(s))]
    said += [f"owed since {stands.owed_since:%Y-%m-%d %H:%M} UTC"] if stands.owed_since else []
    said += [f"stuck since {stands.stuck_since:%Y-%m-%d %H:%M} UTC"] if stands.stuck_since else []
    return "; ".join(one for one in said if one) or "nothing is owed, nothing is stuck"


_TRACE_LINK: Metadata = {
    "trace": dg.MetadataValue.md(
        "[The `trace` job](/guess/trace) tells all about a record; so does `ipaas trace HUB_ID`"
    )
}


def route_balanced(numbers: Mapping[str, int]) -> bool:
    ended = ("queued", "coalesced", "same_as_delivered", "filtered", "not_needed")
    return numbers["changes"] == sum(numbers[name] for name in ended)


def materialized(
    context: dg.AssetExecutionContext, key: Sequence[str], figures: Metadata, *, last_day: str | None = None
) -> dg.MaterializeResult[Any]:
    """The materialisation of `key`. In a range every day gets one, but the figures stand on its last day
    only: so that plots and sums over the days stay true, and a range of years stays small."""
    asset_key = dg.AssetKey(key)
    if last_day is None:
        return dg.MaterializeResult(asset_key=asset_key, metadata=figures)
    context.add_asset_metadata(figures, asset_key=asset_key, partition_key=last_day)
    return dg.MaterializeResult(asset_key=asset_key, metadata={"range": f"one run; its figures are on {last_day}"})


def _time(value: datetime | None) -> Any:
    return dg.MetadataValue.timestamp(value) if value is not None else "none"


def _notes(notes: Sequence[str]) -> Metadata:
    return {"notes": dg.MetadataValue.md("\n".join(f"- {note}" for note in notes))} if notes else {}


def _table(name: str, rows: Sequence[Mapping[str, Any]]) -> Metadata:
    if not rows:
        return {}
    columns = [dg.TableColumn(column, "string") for column in rows[0]]
    records = [dg.TableRecord(dict(row)) for row in rows]
    return {name: dg.MetadataValue.table(records, schema=dg.TableSchema(columns=columns))}


def _reject_row(reject: Any) -> dict[str, Any]:
    return {
        "record": reject.record,
        "new": "new" if reject.new else "known",
        "since": reject.since,
        "reasons": "; ".join(reject.reasons),
    }


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _short(value) for name, value in row.items()}


def _short(value: Any) -> str | int | float | bool | None:
    if value is None or isinstance(value, int | float | bool):
        return value
    text = str(value)
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
