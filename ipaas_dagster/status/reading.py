"""`read_status`: the whole state, as the command, the report and the UI show it."""

from __future__ import annotations

from ipaas_dagster.outbox import change_holds
from ipaas_dagster.outbox.pauses import read_pauses
from ipaas_dagster.outbox.positions import held_deletes
from ipaas_dagster.project import Project
from ipaas_dagster.status import collections, owed, stuck, systems
from ipaas_dagster.status.hub_side import read_hub_open
from ipaas_dagster.status.model import Status
from ipaas_dagster.status.verdict import verdict_of


def read_status(project: Project) -> Status:
    """Opens the hub for reading, a few times shortly, and writes nothing. `findings` are what is wrong in itself:
    books that do not balance."""
    from ipaas_dagster.ledger import balance

    books, hub, off = balance(project), read_hub_open(project), systems.switched_off(project)
    with project.operations.read() as connection:
        open_, pauses = owed.read_owed(connection), read_pauses(connection)
    held, all_unread = change_holds.waiting(project.operations), systems.to_queue(project, off, hub)
    waits = {(hold.system, hold.collection) for hold in held if hold.kind == "changes"}
    unread = [one for one in all_unread if (one.where, one.collection) not in waits]
    by_route = {(one.where, one.collection): one.count for one in all_unread}
    of_collections = collections.read_collections(project, books, hub)
    found = stuck.by_cause(
        [
            *stuck.of_hub(hub),
            *stuck.of_systems(open_, pauses, off),
            *stuck.of_holds(held_deletes(project.operations), held, by_route),
        ]
    )
    moving = [one for one in open_ if stuck.stuck_of(one, pauses, off) is None]
    under_way = [*collections.to_merge(project), *unread, *stuck.on_its_way(moving)]
    return Status(
        collections=of_collections,
        systems=systems.read_systems(project, off, pauses, owed.open_since(open_), unread),
        balance=books,
        holds=len(hub.holds),
        findings=books.findings,
        verdict=verdict_of(books.findings, of_collections, found, under_way),
        stuck=found,
        on_its_way=under_way,
        waiting=[
            *systems.pipelines(project),
            *systems.differing(project),
            *collections.set_aside(project),
            *collections.stale(of_collections),
            *systems.not_connected(off),
        ],
        at=project.clock(),
    )
