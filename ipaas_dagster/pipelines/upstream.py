"""The pipelines as the hub's reference collections have them: `ipaas sync` keeps these, nothing is asked here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ipaas_dagster import contracts
from ipaas_dagster.mapping.pipeline import Pipeline, Unusable, read_pipeline

if TYPE_CHECKING:
    from ipaas_dagster.hub.store import HubConnection
    from ipaas_dagster.project import Project

SAMPLES = 20
"""Values of a column that modifiers are tried on."""


@dataclass(frozen=True)
class Upstream:
    """`unusable`: ids of those that cannot be read at all, with the reason."""

    pipelines: Sequence[Pipeline]
    unusable: Mapping[str, str]


def read_upstream(project: Project) -> Upstream:
    """Opens the hub for reading, for a moment."""
    with project.hub.reading() as connection:
        if connection is None:
            return Upstream((), {})
        records = _records(connection, "pipelines")
        fields = {(str(one.get("ppobject_id")), str(one.get("id"))): one for one in _records(connection, "schemas")}
        objects = {str(one.get("id")): one for one in _records(connection, "objects")}
    found: list[Pipeline] = []
    unusable: dict[str, str] = {}
    for record in records:
        try:
            found.append(
                read_pipeline(
                    record,
                    lambda object_id, field_id: fields.get((str(object_id), str(field_id)), {}).get("field"),
                    lambda object_id: objects.get(str(object_id), {}).get("name"),
                )
            )
        except Unusable as error:
            unusable[str(record.get("id"))] = str(error)
    return Upstream(found, unusable)


def _records(connection: HubConnection, name: str) -> list[dict[str, Any]]:
    from ipaas_dagster.hub.tables import table

    rows = connection.execute(
        f"SELECT record::VARCHAR FROM {table(contracts.collection(name))} WHERE deleted_at IS NULL ORDER BY hub_id"
    ).fetchall()
    records = [json.loads(text) for (text,) in rows if text]
    return [record for record in records if isinstance(record, dict)]


def samples(project: Project, collection: str) -> list[Mapping[str, Any]]:
    """Some live records of a hub collection, as templates see them."""
    return [change.record for change in project.hub.current(collection, None, SAMPLES)] if project.hub.exists() else []
