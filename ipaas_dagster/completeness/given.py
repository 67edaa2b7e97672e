"""Given records of one system compared and repaired, as when the system itself said that they changed."""

from __future__ import annotations

from collections.abc import Sequence

from ipaas_dagster.completeness.looking import Looking
from ipaas_dagster.completeness.repairing import queue_repairs
from ipaas_dagster.completeness.results import Comparison
from ipaas_dagster.deliver import Means, connect
from ipaas_dagster.destinations.held import Compares, in_chunks
from ipaas_dagster.errors import UsageError
from ipaas_dagster.operations.tables import links
from ipaas_dagster.outbox import differences
from ipaas_dagster.outbox.among import among
from ipaas_dagster.project import Project


def check_records(
    project: Project,
    system: str,
    collection: str,
    hub_ids: Sequence[str] = (),
    *,
    external_ids: Sequence[str] = (),
    means: Means | None = None,
) -> Comparison:
    """Compare these records, named by hub id or by their id there, and queue what repairs them; the next delivery
    sends it. An id there that no record of ours has is none of ours. Remarks are not repaired again.

    Raises UsageError for a route that there is not, or a system that cannot be read; Unreachable, Throttled, Paused.
    """
    route = next((r for r in project.worksheet.routes(system) if r.collection == collection), None)
    if route is None:
        raise UsageError(f"{system} is sent no {collection!r}")
    destination = (means or Means(connect)).connect(project, system)
    try:
        if not isinstance(destination, Compares):
            raise UsageError(f"{system} cannot be read back")
        since_us = int(project.clock().timestamp() * 1e6)
        looking = Looking(project, route, destination, destination, since_us)
        wanted = [*hub_ids, *_linked(project, system, collection, external_ids)]
        for some in in_chunks(dict.fromkeys(wanted), max(1, destination.compared_at_once)):
            with project.operations.write() as connection:
                known = differences.remarks(connection, system, collection, some)
                differences.drop(connection, system, collection, [i for i in some if i not in known])
            records = project.hub.records(collection, some).values()
            looking.compare([record for record in records if record.operation != "delete"])
        queue_repairs(looking, deletes=False)
    finally:
        destination.close()
    return looking.counts


def _linked(project: Project, system: str, collection: str, external_ids: Sequence[str]) -> list[str]:
    from sqlalchemy import select

    if not external_ids:
        return []
    of = links.c
    with project.operations.read() as connection:
        mine = (of.system == system) & (of.collection == collection) & ~of.deleted
        return list(connection.scalars(select(of.hub_id).where(mine, among(connection, of.external_id, external_ids))))
