"""The ids of the source's objects, which the schemas are read by."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from ipaas_dagster.errors import LandingDamaged
from ipaas_dagster.source.client import Client
from ipaas_dagster.source.collections import source_collection
from ipaas_dagster.source.connection import Connection
from ipaas_dagster.source.landed import read_cursor
from ipaas_dagster.source.parse import record_id
from ipaas_dagster.source.snapshot import object_ids

if TYPE_CHECKING:
    from ipaas_dagster.project import Project

FRESH = timedelta(minutes=10)
"""Objects pulled so shortly before need not be asked for again: a sync pulls them just before the schemas."""


async def read_objects(project: Project, connection: Connection) -> list[str]:
    seen = read_cursor(project, "objects")
    if seen.updated_at is not None and timedelta(0) <= project.clock() - seen.updated_at < FRESH:
        landed = _landed(project)
        if landed:
            return landed
    return object_ids((await Client(connection, source_collection("objects")).whole()).records)


def _landed(project: Project) -> list[str]:
    from sqlalchemy import select

    from ipaas_dagster.operations.tables import landings as t

    query = select(t).where(t.c.collection == "objects", t.c.scope == "snapshot").order_by(t.c.number.desc()).limit(1)
    with project.operations.read() as connection:
        row = connection.execute(query).first()
    if row is None:
        return []
    try:
        project.landings.verify(row)
        lines = [msgspec.json.decode(line, type=_Line).record for line in project.landings.lines(row.landing_id)]
    except (LandingDamaged, OSError, msgspec.DecodeError):
        return []
    return [found for line in lines if (found := record_id(bytes(line))) is not None]


class _Line(msgspec.Struct):
    record: msgspec.Raw = msgspec.Raw(b"{}")
