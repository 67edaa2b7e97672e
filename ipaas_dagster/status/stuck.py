"""All that goes nowhere without a person, by cause, with the command that mends it; and what a run will move."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ipaas_dagster.outbox.entry import State
from ipaas_dagster.outbox.pauses import Pause
from ipaas_dagster.status.hub_side import HubOpen
from ipaas_dagster.status.model import OnItsWay, Stuck
from ipaas_dagster.status.owed import Owed, pause_of

if TYPE_CHECKING:
    from ipaas_dagster.outbox.positions import HeldDeletes

HUB = "hub"


def of_hub(hub: HubOpen) -> list[Stuck]:
    """Rejects and held deletes."""
    found = [
        Stuck(
            "rejected",
            HUB,
            one.collection,
            one.cause,
            one.records,
            one.since,
            one.example,
            one.reason,
            "correct it at the source: the next poll takes it; after a change of contracts `ipaas rejects retry`",
        )
        for one in hub.causes
    ]
    return found + [
        Stuck(
            "held",
            HUB,
            hold.collection,
            "a mass delete waits for a word",
            hold.records,
            hold.since,
            hold.hold_id,
            hold.reason,
            f"`ipaas approve {hold.hold_id}` if it is meant; look with `ipaas approve list`",
        )
        for hold in hub.holds
    ]


def of_systems(
    owed: Iterable[Owed], pauses: Sequence[Pause], off: Mapping[str, str | None], held: Sequence[HeldDeletes]
) -> list[Stuck]:
    """Dead letters, what is blocked for good, and all that is owed to what is paused or switched off. `off`: system ->
    why, of every system of the worksheet; one that is not in it is gone from there."""
    found = [stuck for one in owed if (stuck := _stuck(one, pauses, off)) is not None]
    return found + [
        Stuck(
            "held",
            one.system,
            one.collection,
            "it holds records that this hub does not know; deleting them waits for a word",
            one.deletes,
            one.since,
            one.hold_id,
            "the hub was replaced, or restored from a backup",
            f"`ipaas approve {one.hold_id}` if they are to go",
        )
        for one in held
    ]


def is_stuck(one: Owed, pauses: Sequence[Pause], off: Mapping[str, str | None]) -> bool:
    return _stuck(one, pauses, off) is not None


def _stuck(one: Owed, pauses: Sequence[Pause], off: Mapping[str, str | None]) -> Stuck | None:
    def stuck(state: str, cause: str, reason: str, mend: str) -> Stuck:
        where = one.system, one.collection, cause, one.entries, since, one.example, reason, mend
        return Stuck(state, *where)  # type: ignore[arg-type]

    since = one.since
    if one.state is State.DEAD:
        route = f"--system {one.system} --collection {one.collection}"
        mend = f"mend its cause, then `ipaas dead retry {route}`; or let them go: `ipaas dead discard {route}`"
        return stuck("dead", one.cause, one.reason, mend)
    if one.for_good:
        return stuck("blocked", one.cause, one.reason, f"mend what it waits for: `ipaas trace {one.example}` names it")
    why = off.get(one.system, "it is not in the worksheet any more")
    if why is not None:
        return stuck("switched_off", f"switched off: {why}", why, "set what is missing; then it goes by itself")
    pause = pause_of(one, pauses)
    if pause is not None:
        since = pause.paused_at
        return stuck("paused", f"paused: {pause.reason}", pause.reason, f"`ipaas resume {pause.name}`")
    return None


def on_its_way(owed: Iterable[Owed]) -> list[OnItsWay]:
    """Entries that are not stuck, those of one route and cause together."""
    return [
        OnItsWay(one.state.value, one.system, one.collection, one.cause, one.entries, one.since, one.next_attempt_at)
        for one in owed
    ]


def by_age(found: Iterable[Stuck]) -> list[Stuck]:
    """Oldest first; of the same age the most first. The causes of one pause stand together."""
    return sorted(
        _joined(found), key=lambda one: (one.since is None, one.since, -one.records, one.where, one.collection)
    )


def _joined(found: Iterable[Stuck]) -> Iterable[Stuck]:
    """What is paused or switched off is one cause of a route, whatever state its entries are in."""
    together: dict[tuple[str, ...], Stuck] = {}
    for one in found:
        key = one.state, one.where, one.collection, one.cause
        known = together.get(key)
        together[key] = replace(known, records=known.records + one.records) if known else one
    return together.values()
