"""One entry of the outbox with all that was sent for it and answered: what `ipaas dead show` shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from ipaas_dagster.errors import UsageError
from ipaas_dagster.ledger.bodies import read_bodies
from ipaas_dagster.operations.tables import links, outbox, payloads
from ipaas_dagster.trace.parts import part_of
from ipaas_dagster.trace.system_side import Row, attempts_of, calls_of

if TYPE_CHECKING:
    from ipaas_dagster.project import Project

_SHOWN = (
    "entry_id", "system", "collection", "hub_id", "operation", "state", "version", "attempts", "reason", "died_of",
    "queued_at", "updated_at", "acknowledged_at", "request_key",
)  # fmt: skip


@dataclass(frozen=True)
class Sent:
    """One request of an attempt and its answer: of a batch, the part that names the record, where one does."""

    call: Row
    request: Any = None
    answer: Any = None


@dataclass(frozen=True)
class Letter:
    """`payload`: as it was rendered, references as hub ids. `later`: newer entries of the same record."""

    entry: Row
    payload: str | None
    tried: Sequence[Row]
    sent: Sequence[Sent]
    later: Sequence[Row]
    trace: str
    notes: tuple[str, ...] = field(default=())


def read_letter(project: Project, entry_id: int, *, whole: bool = False) -> Letter:
    """`whole`: bodies as they were, not only the record's part. Raises UsageError for an entry that is not there."""
    with project.operations.read() as connection:
        row = connection.execute(select(outbox).where(outbox.c.entry_id == entry_id)).mappings().first()
        if row is None:
            raise UsageError(f"there is no entry {entry_id}; see `ipaas dead list`")
        payload = connection.scalar(select(payloads.c.payload).where(payloads.c.entry_id == entry_id))
        tried = attempts_of(connection, [entry_id])
        made = calls_of(connection, [one["call_id"] for one in tried if one["call_id"]])
        bodies = read_bodies(connection, [call["call_id"] for call in made])
        names = [name for name in (row["hub_id"], row["request_key"], _its_id(connection, row)) if name]
        sent = [_sent(call, bodies.get(call["call_id"], (None, None)), [] if whole else names) for call in made]
        later = _later(connection, row)
    notes = () if tried or row["attempts"] else ("it was never sent: it could not be rendered",)
    entry = {name: row[name] for name in _SHOWN if row[name] is not None}
    text = payload.decode() if payload else None
    return Letter(entry, text, tried, sent, later, f"ipaas trace {row['hub_id']}", notes)


def _its_id(connection: Connection, row: Any) -> str | None:
    mine = {name: row[name] for name in ("system", "collection", "hub_id")}
    found: str | None = connection.scalar(select(links.c.external_id).filter_by(**mine))
    return found


def _later(connection: Connection, row: Any) -> list[Row]:
    columns = [outbox.c[name] for name in ("entry_id", "operation", "state", "reason", "updated_at")]
    mine = {name: row[name] for name in ("system", "collection", "hub_id")}
    query = select(*columns).filter_by(**mine).where(outbox.c.entry_id > row["entry_id"]).order_by(outbox.c.entry_id)
    return [dict(one) for one in connection.execute(query).mappings()]


def _sent(call: Row, bodies: tuple[bytes | None, bytes | None], names: Sequence[str]) -> Sent:
    request, answer = bodies
    if not names:
        return Sent(call, _text(request), _text(answer))
    return Sent(call, part_of(request, names) or _text(request), part_of(answer, names) or _text(answer))


def _text(body: bytes | None) -> str | None:
    return None if body is None else body.decode("utf-8", "replace")
