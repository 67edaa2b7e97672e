"""Where the two halves of the balance meet: what routes counted against the changes that the hub really has.

    changes - seeded = the hub's changes of the collection up to the position     per route of the hub's epoch

The sums within the operations store are `route_balance`; this one also finds a change that a position passed over.
"""

from __future__ import annotations

from sqlalchemy import select

from ipaas_dagster.hub import Hub
from ipaas_dagster.operations import Operations
from ipaas_dagster.operations.tables import positions


def outbox_balance(operations: Operations, hub: Hub) -> tuple[str, ...]:
    """What does not add up, by system and collection; empty: true. Routes of another hub than this one cannot be
    compared and are left out. Opens the hub for reading once, after the operations store is read."""
    with operations.read() as store:
        rows = store.execute(select(positions).order_by(positions.c.system, positions.c.collection)).all()
    if not rows:
        return ()
    findings = []
    with hub.reading() as connection:
        if connection is None:
            return ()
        epoch = connection.execute("SELECT value FROM hub.meta WHERE name = 'epoch'").fetchone()
        count = "SELECT count(*) FROM hub.changes WHERE collection = ? AND seq <= ?"
        for row in rows:
            if epoch is None or row.epoch != epoch[0]:
                continue
            found = connection.execute(count, [row.collection, row.seq]).fetchone()
            there, read = int(found[0]) if found else 0, row.changes - row.seeded
            if there != read:
                findings.append(
                    f"{row.system}/{row.collection}: {there} changes in the hub up to its position, {read} read"
                )
    return tuple(findings)
