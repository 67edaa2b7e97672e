"""Bodies of writes: what was sent and what was answered, masked, compressed, in a table of their own.

They stand apart from the calls, which are read often and kept longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ipaas_dagster.ledger.guard import Guard
from ipaas_dagster.records import Call

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LEVEL = 3


def write_bodies(connection: Connection, call: Call, guard: Guard, *, requested: bool) -> None:
    """In the transaction of the call's row. `requested`: its request was written with its intent."""
    from sqlalchemy import insert, update

    from ipaas_dagster.operations.tables import call_bodies as t

    response = _packed(call.response_body, guard)
    if requested:
        mine = update(t).where(t.c.call_id == call.call_id)
        if response is None or connection.execute(mine.values(response=response)).rowcount:
            return
    row = {"call_id": call.call_id, "request": _packed(call.request_body, guard), "response": response}
    connection.execute(insert(t).values(row))


def read_bodies(connection: Connection, call_ids: Sequence[str]) -> dict[str, tuple[bytes | None, bytes | None]]:
    """(request, response) by call id, of those that are still kept."""
    from sqlalchemy import select

    from ipaas_dagster.operations.tables import call_bodies as t
    from ipaas_dagster.outbox.among import among

    query = select(t).where(among(connection, t.c.call_id, call_ids))
    return {row.call_id: (_unpacked(row.request), _unpacked(row.response)) for row in connection.execute(query)}


def _packed(body: bytes | str | None, guard: Guard) -> bytes | None:
    import zstandard

    if body is None:
        return None
    raw = body.encode() if isinstance(body, str) else body
    return zstandard.ZstdCompressor(level=_LEVEL).compress(guard.mask(raw))


def _unpacked(packed: bytes | None) -> bytes | None:
    import zstandard

    return None if packed is None else zstandard.ZstdDecompressor().decompress(packed)
