"""Use case 5: what a person or `reconcile` puts right. Every repair is a landing, so that it replays like any other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from ipaas_dagster import contracts
from ipaas_dagster.errors import LandingDamaged, UsageError
from ipaas_dagster.hub.choosing import RejectFilter, choose_rejects
from ipaas_dagster.hub.holds import Hold, list_holds
from ipaas_dagster.ledger.calls import call_rows, place_calls, write_calls
from ipaas_dagster.merge import MergeResult, merge
from ipaas_dagster.project import Project
from ipaas_dagster.pull import pull
from ipaas_dagster.records import Call, LandingNote, Scope
from ipaas_dagster.source.collections import source_collection
from ipaas_dagster.source.confirm import Confirmed, get_records
from ipaas_dagster.source.landed import add_landing, scan_lock

Observed = tuple[datetime, bytes, str]
"""When a source record was observed, the record as JSON, and the id of the call that brought it (empty: none)."""


def land_tombstones(
    project: Project,
    collection: str,
    gone: Iterable[tuple[str, datetime]],
    details: Mapping[str, Any] | None = None,
    calls: Mapping[str, str] | None = None,
) -> LandingNote:
    """Land that these hub ids of a source collection were gone at these times, as these `calls` (by hub id) told.
    `gone` must not be empty."""
    with (
        project.locks.hold(scan_lock(collection)),
        project.landings.writer(collection, run_id=project.run_id) as writer,
    ):
        for hub_id, observed_at in gone:
            writer.tombstone(hub_id, observed_at, (calls or {}).get(hub_id, ""))
        note = writer.close("tombstones", details=details)
        with project.operations.write() as connection:
            add_landing(connection, note, project.clock())
            place_calls(connection, note.landing_id, writer.pages)
    return note


def land_records(
    project: Project, collection: str, records: Iterable[Observed], scope: Literal["retry", "webhook"] = "retry"
) -> LandingNote:
    """Land these single records, each with the time it was observed. `records` must not be empty."""
    with (
        project.locks.hold(scan_lock(collection)),
        project.landings.writer(collection, run_id=project.run_id) as writer,
    ):
        for observed in records:
            writer.record(*observed)
        note = writer.close(scope)
        with project.operations.write() as connection:
            add_landing(connection, note, project.clock())
            place_calls(connection, note.landing_id, writer.pages)
    return note


def retry_rejects(
    project: Project, collection: str | None = None, *, chosen: RejectFilter | None = None
) -> list[MergeResult]:
    """Judge open rejects (of one hub collection, those chosen, or all) again by today's contracts, from their landings'
    lines.

    A rejected child is judged with its whole parent. Each keeps the time it was observed, so that an answer that
    is older than what the hub has seen meanwhile changes nothing.
    """
    lines: dict[str, dict[tuple[str, int], None]] = {}
    for reject in choose_rejects(project.hub, chosen or RejectFilter(collection)):
        lines.setdefault(_source_of(reject["collection"]), {})[reject["landing_id"], reject["line"]] = None
    results = []
    for source, places in lines.items():
        records = list(_lines_again(project, places))
        if records:
            land_records(project, source, records)
            results += merge(project, [source])
    return results


def as_received(project: Project, reject: Mapping[str, Any]) -> Any:
    """The line of its landing that a reject (a row of `choose_rejects`) came from, secrets removed; None where the
    landing is gone or damaged."""
    try:
        found = project.landings.read_line(reject["landing_id"], reject["line"])
    except (OSError, msgspec.MsgspecError):
        return None
    return found.get("record") if found else None


def _source_of(hub_collection: str) -> str:
    declared = contracts.collection(hub_collection)
    return contracts.collection(declared.parent).source if declared.parent else declared.source


def _lines_again(project: Project, places: Iterable[tuple[str, int]]) -> Iterable[Observed]:
    by_landing: dict[str, set[int]] = {}
    for landing_id, line in places:
        by_landing.setdefault(landing_id, set()).add(line)
    for landing_id, wanted in by_landing.items():
        try:
            for number, text in enumerate(project.landings.lines(landing_id), 1):
                if number in wanted:
                    found = msgspec.json.decode(text, type=_Line)
                    yield _time(found.observed_at), bytes(found.record), ""
        except OSError as error:
            raise LandingDamaged(
                f"landing {landing_id} cannot be read ({error.strerror}); its rejects stay open: "
                "restore the file, or read the records again with `ipaas sync --full`"
            ) from error


class _Line(msgspec.Struct):
    observed_at: int
    record: msgspec.Raw


def _time(micros: int) -> datetime:
    from datetime import UTC, timedelta

    return datetime.fromtimestamp(micros // 1_000_000, UTC) + timedelta(microseconds=micros % 1_000_000)


def approve(project: Project, hold_id: str) -> list[MergeResult]:
    """Carry out a held mass delete, after checking it again: what the source still has stays.

    Raises UsageError where no such hold waits.
    """
    with project.hub.reading() as connection:
        waiting = {} if connection is None else {hold.hold_id: hold for hold in list_holds(connection)}
    hold = waiting.get(hold_id)
    if hold is None:
        known = ", ".join(waiting) or "none"
        raise UsageError(f"no hold {hold_id!r} waits (waiting: {known}); see `ipaas approve list`")
    results = _check_again(project, hold)
    told: dict[str, str] = {}
    gone = _still_gone(project, hold, told)
    note = {"approval": hold.hold_id}
    # a hold of which nothing is left to delete is closed by a tombstone that changes nothing
    land_tombstones(project, hold.source_collection, gone or [("", hold.created_at)], note, told)
    return results + merge(project, [hold.source_collection])


def _check_again(project: Project, hold: Hold) -> list[MergeResult]:
    """Where records cannot be asked for one by one, a full scan shows which are still there."""
    source = source_collection(hold.source_collection)
    if source.get_by_id or source.kind == "snapshot" or contracts.collection(hold.collection).parent:
        return []
    pull(project, source.name, Scope.full())
    return merge(project, [source.name])


def _still_gone(project: Project, hold: Hold, told: dict[str, str]) -> Sequence[tuple[str, datetime]]:
    """`told` is given the id of the call that confirmed each."""
    source = source_collection(hold.source_collection)
    if not source.get_by_id or contracts.collection(hold.collection).parent:
        return hold.subjects
    confirmed = ask(project, source.name, [hub_id for hub_id, _ in hold.subjects])
    told.update({hub_id: one.call_id for hub_id, one in confirmed.items()})
    return [(hub_id, confirmed[hub_id].observed_at) for hub_id, _ in hold.subjects if confirmed[hub_id].gone]


def ask(project: Project, collection: str, hub_ids: Sequence[str]) -> dict[str, Confirmed]:
    """Ask the source for these records one by one, and put the calls into the ledger."""
    calls: list[Call] = []
    by_source_id = {hub_id.split(":", 2)[2]: hub_id for hub_id in hub_ids}
    try:
        found = get_records(project, collection, by_source_id, record_call=calls.append)
    finally:
        with project.operations.write() as connection:
            write_calls(connection, call_rows(calls))
    return {by_source_id[source_id]: confirmed for source_id, confirmed in found.items()}
