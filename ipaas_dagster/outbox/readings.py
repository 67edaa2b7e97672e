"""What a route looked at and when, chunk by chunk: a handful of rows a run.

Entries say what was queued. That a change was coalesced, filtered, the same as delivered or not needed stands in no
row of its own; from the chunk it was read in, the template of then and the entries of then, it can be told exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from sqlalchemy import Connection, insert

from ipaas_dagster.operations.tables import readings

if TYPE_CHECKING:
    from ipaas_dagster.outbox.queue import Stamp


class Looked(NamedTuple):
    """`changes` with after_seq < seq <= upto_seq; or, in a seeding, the hub's current `records`, or the `links`
    that the hub may no longer know, with after_id < hub_id <= upto_id (None: from the first, to the last)."""

    kind: Literal["changes", "records", "links"]
    after_seq: int
    upto_seq: int
    after_id: str | None = None
    upto_id: str | None = None


def note_reading(connection: Connection, stamp: Stamp, looked: Looked, template_digest: str) -> None:
    """In the transaction that moves the position."""
    of = {"system": stamp.system, "collection": stamp.collection, "epoch": stamp.epoch, "run_id": stamp.run_id}
    row = {**of, **looked._asdict(), "template_digest": template_digest, "read_at": stamp.now}
    connection.execute(insert(readings).values(row))
