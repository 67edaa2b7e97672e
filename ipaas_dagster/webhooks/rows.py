"""The table `inbox`: one row an event, by system and the event's id, so that one that comes twice is known.

    pending ──► landed ──► done          what it is about was read into a landing; the landing was merged
        ├─────► waiting ─► done          a delete that nobody can ask about: the next reconcile finds it
        └─────► ignored                  of nothing that we carry

A row holds ids, the collection and the method. Of the body nothing else is ever stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from ipaas_dagster.operations.tables import inbox
from ipaas_dagster.outbox.bulk import bound
from ipaas_dagster.webhooks.event import SAYS, Event

PENDING, LANDED, WAITING, DONE, IGNORED = "pending", "landed", "waiting", "done", "ignored"

_COLUMNS = ("event_id", "system", "collection", "source_id", "method", "state", "reason", "received_at")

_A_STATEMENT = 1_000
"""Events; SQLite takes at most 32,766 values in one."""

Told = tuple[str, Event, datetime, str]
"""System, event, when it was received, and why it is ignored (empty: it is not)."""


def add_events(connection: Connection, told: Sequence[Told]) -> int:
    """Store what is not known yet, in the caller's transaction. Returns how many were new.

    An event without an id of its own is known by what it says, and that may be said again of a later change: it is
    pending anew, which costs one more look at the record.
    """
    once = list({(system, event.event_id): (system, event, at, why) for system, event, at, why in told}.values())
    return sum(_add(connection, once[start : start + _A_STATEMENT]) for start in range(0, len(once), _A_STATEMENT))


def _add(connection: Connection, told: Sequence[Told]) -> int:
    """One statement for all: each row of its own would hand the interpreter to and fro with the thread that answers."""
    marker = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    one = f"({', '.join([marker] * len(_COLUMNS))})"
    statement = (
        f"INSERT INTO inbox ({', '.join(_COLUMNS)}) VALUES {', '.join([one] * len(told))} "
        "ON CONFLICT (event_id, system) DO UPDATE SET state = excluded.state, received_at = excluded.received_at, "
        f"landing_id = NULL, done_at = NULL WHERE substr(inbox.event_id, 1, {len(SAYS)}) = '{SAYS}'"
    )
    given: list[str | None] = []
    for system, event, at, why in told:
        given += (event.event_id, system, event.collection, event.record_id, event.method, *_state(why))
        given.append(bound(connection, inbox, "received_at", at))
    return connection.exec_driver_sql(statement, tuple(given)).rowcount


def _state(ignored: str) -> tuple[str, str | None]:
    return (IGNORED, ignored) if ignored else (PENDING, None)
