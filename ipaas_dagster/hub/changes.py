"""Reading the hub: its head, its changes in order, its current records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from ipaas_dagster import contracts
from ipaas_dagster.contracts.base import Collection, Type
from ipaas_dagster.hub.dialect import record_fields
from ipaas_dagster.hub.tables import table

if TYPE_CHECKING:
    from ipaas_dagster.hub.store import HubConnection

Operation = Literal["insert", "update", "delete"]


@dataclass(frozen=True)
class HubHead:
    """Where the hub's changes end. A restored or new hub has another epoch, and its `seq` means nothing to old
    positions. A hub that does not exist has the epoch "" and the seq 0."""

    epoch: str
    seq: int


@dataclass(frozen=True, slots=True)
class ChangedRecord:
    """A record at one of its versions. `record` has typed values by column name (money int, times aware UTC, JSON
    parsed) with hub_id, source_system, source_id, extra and version; for a delete, the last live state."""

    seq: int
    collection: str
    hub_id: str
    operation: Operation
    version: int
    record: dict[str, Any]
    changed_us: int | None = None
    """When the hub took this version, in microseconds since 1970; of a deleted record, when it was deleted."""


def read_head(connection: HubConnection) -> HubHead:
    epoch = connection.execute("SELECT value FROM hub.meta WHERE name = 'epoch'").fetchone()
    last = connection.execute("SELECT max(seq) FROM hub.changes").fetchone()
    return HubHead(str(epoch[0]) if epoch else "", int(last[0] or 0) if last else 0)


def read_changes(
    connection: HubConnection, collection: str, after_seq: int, limit: int, upto: int | None
) -> list[ChangedRecord]:
    """Changes in `seq` order, each with its record as of that version (not as of now).

    The narrow `changes` tell where the chunk ends, so that only its own part of the wide `versions` is read: sorting
    all that follows for its first rows takes ten times as long, and more with every row there is.
    """
    bound = "" if upto is None else f"AND seq <= {int(upto)}"
    last = connection.execute(
        f"""
        SELECT max(seq) FROM (
            SELECT seq FROM hub.changes WHERE collection = ? AND seq > ? {bound}
            ORDER BY seq LIMIT {int(limit)}) chunk""",
        [collection, after_seq],
    ).fetchone()
    if last is None or last[0] is None:
        return []
    rows = connection.execute(
        f"""
        SELECT seq, hub_id, operation, version, record::VARCHAR, {connection.sql.micros("changed_at")}
        FROM hub.versions
        WHERE collection = ? AND seq > ? AND seq <= ? ORDER BY seq""",
        [collection, after_seq, last[0]],
    ).fetchall()
    read = reader(contracts.collection(collection))
    return [
        ChangedRecord(seq, collection, hub_id, operation, version, read(record, version), changed)
        for seq, hub_id, operation, version, record, changed in rows
    ]


def reader(collection: Collection) -> Callable[[str, int], dict[str, Any]]:
    """Decode a version's record JSON into typed values."""
    from ipaas_dagster.hub.stored import decode

    times = [column.name for column in collection.columns if column.type is Type.TIME]
    reals = [column.name for column in collection.columns if column.type is Type.REAL]

    def read(text: str, version: int) -> dict[str, Any]:
        record: dict[str, Any] = decode(text)
        for name in times:
            if record[name] is not None:
                record[name] = datetime.fromisoformat(record[name])
        for name in reals:  # a store may write 5.0 as 5
            if record[name] is not None:
                record[name] = float(record[name])
        record["source_system"], record["version"] = "instagaze", version
        return record

    return read


def read_current(
    connection: HubConnection, collection: str, *, after: str | None, limit: int, seq: int
) -> list[ChangedRecord]:
    """Live records after a hub id, in hub id order."""
    where = "c.deleted_at IS NULL AND c.hub_id > ?"
    return _current(connection, collection, where, [after or ""], f"LIMIT {int(limit)}", seq)


def read_records(
    connection: HubConnection, collection: str, hub_ids: Sequence[str], seq: int
) -> dict[str, ChangedRecord]:
    """Current rows of these records, deleted ones included, by hub id."""
    found = _current(connection, collection, "c.hub_id IN (SELECT unnest(?::VARCHAR[]))", [list(hub_ids)], "", seq)
    return {record.hub_id: record for record in found}


def _current(
    connection: HubConnection, name: str, where: str, values: list[Any], limit: str, seq: int
) -> list[ChangedRecord]:
    collection, sql = contracts.collection(name), connection.sql
    query = f"""
        SELECT c.hub_id, c.version, c.deleted_at IS NOT NULL, {sql.json_text("c", record_fields(collection))},
            {sql.micros("c.changed_at")}
        FROM {table(collection)} c WHERE {where} ORDER BY c.hub_id {limit}"""
    read = reader(collection)
    return [
        ChangedRecord(seq, name, hub_id, "delete" if gone else "update", version, read(record, version), changed)
        for hub_id, version, gone, record, changed in connection.execute(query, values).fetchall()
    ]
