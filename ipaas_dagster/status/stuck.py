"""All that goes nowhere without a person, by cause, with what mends it; and what a run will move."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ipaas_dagster.outbox.entry import State
from ipaas_dagster.outbox.pauses import Pause
from ipaas_dagster.status.hub_side import HubOpen
from ipaas_dagster.status.mending import mend_of
from ipaas_dagster.status.model import OnItsWay, Stuck
from ipaas_dagster.status.owed import Owed, pause_of

if TYPE_CHECKING:
    from ipaas_dagster.outbox.change_holds import ChangeHold
    from ipaas_dagster.outbox.positions import HeldDeletes

HUB = "hub"


def of_hub(hub: HubOpen) -> list[Stuck]:
    """Rejects and held deletes."""
    found = [
        Stuck(
            "rejected",
            HUB,
            one.cause,
            one.records,
            {one.collection: one.records},
            one.since,
            one.example,
            one.reason,
            "",
        )
        for one in hub.causes
    ]
    return found + [
        Stuck(
            "held", HUB, one.reason, one.records, {one.collection: one.records}, one.since, one.hold_id, one.reason, ""
        )
        for one in hub.holds
    ]


UNKNOWN_THERE = "the system holds records that this hub does not know; deleting them waits for a word"


def of_systems(owed: Iterable[Owed], pauses: Sequence[Pause], off: Mapping[str, str | None]) -> list[Stuck]:
    """Dead letters, what is blocked for good, and all that is owed to what is paused or switched off. `off`: system ->
    why, of every system of the worksheet; one that is not in it is gone from there."""
    return [stuck for one in owed if (stuck := stuck_of(one, pauses, off)) is not None]


def of_holds(
    deletes: Iterable[HeldDeletes], changes: Iterable[ChangeHold], unread: Mapping[tuple[str, str], int]
) -> list[Stuck]:
    """What one system waits for a word for. A route that waits before a mass change reads nothing after it either:
    `unread` are the changes that a route has not read."""
    found = [
        Stuck("held", h.system, UNKNOWN_THERE, h.deletes, {h.collection: h.deletes}, h.since, h.hold_id, "", "")
        for h in deletes
    ]
    for hold in changes:
        count = unread.get((hold.system, hold.collection), hold.records) if hold.kind == "changes" else hold.records
        counted = {hold.collection: count}
        found.append(Stuck("held", hold.system, hold.reason, count, counted, hold.since, hold.hold_id, hold.reason, ""))
    return found


def stuck_of(one: Owed, pauses: Sequence[Pause], off: Mapping[str, str | None]) -> Stuck | None:
    """Why no run moves these entries; None: one does."""
    counted = {one.collection: one.entries}
    made = Stuck("dead", one.system, one.cause, one.entries, counted, one.since, one.example, one.reason, "")
    if one.state is State.DEAD:
        return made
    if one.for_good:
        return replace(made, state="blocked")
    why = off.get(one.system, "it is not in the worksheet any more")
    if why is not None:
        return replace(made, state="switched_off", cause=why, reason="")
    pause = pause_of(one, pauses)
    if pause is not None:
        return replace(made, state="paused", cause=pause.reason, reason="", since=pause.paused_at)
    return None


def on_its_way(owed: Iterable[Owed]) -> list[OnItsWay]:
    """Entries that are not stuck, those of one route and cause together."""
    return [
        OnItsWay(one.state.value, one.system, one.collection, one.cause, one.entries, one.since, one.next_attempt_at)
        for one in owed
    ]


def by_cause(found: Iterable[Stuck]) -> list[Stuck]:
    """Those of one place, state and cause as one, with what mends it; oldest first, of the same age the most first."""
    together: dict[tuple[str, ...], Stuck] = {}
    for one in found:
        key = one.state, one.where, one.cause, one.example if one.state == "held" else ""
        together[key] = _joined(together[key], one) if key in together else one
    mended = [replace(one, mend=mend_of(one)) for one in together.values()]
    return sorted(mended, key=lambda one: (one.since, -one.records, one.where, one.cause))


def _joined(one: Stuck, other: Stuck) -> Stuck:
    """The one that is stuck longest is the example."""
    first = min(one, other, key=lambda stuck: (stuck.since, stuck.example))
    counted = dict(one.collections)
    for collection, records in other.collections.items():
        counted[collection] = counted.get(collection, 0) + records
    return replace(first, records=one.records + other.records, collections=counted)
