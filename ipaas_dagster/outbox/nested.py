"""Children that stand in their parent's payload: a change of one is an input of the parent's route.

The child collection has a position of its own beside the route's, whose changes are all `coalesced` into the parents'
entries; so the balance holds for it too. A parent is looked at again where a child changed and it did not itself.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ipaas_dagster.outbox.positions import (
    Position,
    Tally,
    begin_nested,
    count,
    forget_epoch,
    read_positions,
    save_position,
)
from ipaas_dagster.outbox.queue import Stamp, queue
from ipaas_dagster.outbox.readings import Looked, note_reading
from ipaas_dagster.outbox.rendering import Renders, candidates

if TYPE_CHECKING:
    from ipaas_dagster.hub import HubHead
    from ipaas_dagster.hub.related import Touched
    from ipaas_dagster.outbox.catch_up import Reading


def catch_up_nested(
    reading: Reading, route: Renders, collection: str, head: HubHead, since: int, *, all_follow: bool
) -> Tally:
    """Read the changes of one nested collection up to `head`. Parents changed after the seq `since` were rendered
    a moment ago, with the children they have now; with `all_follow` every parent will be."""
    with reading.operations.read() as connection:
        found = read_positions(connection, route.system).get(collection)
    position = begin_nested(found, head.epoch)
    if found is not None and found.epoch != position.epoch:
        with reading.operations.write() as connection:
            forget_epoch(connection, route.system, collection)
            save_position(connection, route.system, collection, position, Tally(), reading.clock())
    elif found is not None and found != position and position.seq >= head.seq:
        with reading.operations.write() as connection:
            save_position(connection, route.system, collection, position, Tally(), reading.clock())
    total = Tally()
    while position.seq < head.seq:
        touched = reading.hub.touched(collection, position.seq, reading.chunk, head.seq, since)
        looked = Looked("changes", position.seq, touched.upto)
        position = replace(position, seq=touched.upto)
        total.add(_commit(reading, route, collection, position, touched, looked, render=not all_follow))
    return total


def _commit(
    reading: Reading,
    route: Renders,
    collection: str,
    position: Position,
    touched: Touched,
    looked: Looked,
    *,
    render: bool,
) -> Tally:
    """Queue the parents whose payload became another, in the transaction that moves the position."""
    current = reading.hub.records(route.collection, touched.parents) if render and touched.parents else {}
    alive = [record for record in current.values() if record.operation != "delete"]
    chunk = candidates(route, alive, reading.hub)
    now = reading.clock()
    stamp = Stamp(
        route.system,
        route.collection,
        position.epoch,
        reading.run_id,
        now,
        route.deletes,
        renew=True,
        keeps_hub_ids=reading.keeps_hub_ids,
    )
    with reading.operations.write() as connection:
        tally = queue(connection, chunk, stamp)
        if chunk:
            count(connection, route.system, route.collection, tally, now)
        coalesced = Tally(changes=touched.changes, coalesced=touched.changes)
        if touched.changes:
            note_reading(connection, replace(stamp, collection=collection), looked, route.digest)
        save_position(connection, route.system, collection, position, coalesced, now)
    return tally
