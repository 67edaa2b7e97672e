"""What templates make of records, without sending anything: for one record, and as a check of every route."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from ipaas_dagster import contracts
from ipaas_dagster.contracts.base import Collection, Type
from ipaas_dagster.errors import UsageError
from ipaas_dagster.mapping import RenderError, Route, TargetField, payload_bytes, payload_hash
from ipaas_dagster.project import Project

if TYPE_CHECKING:
    from ipaas_dagster.mapping import Rendered

Outcome = Literal["sent", "filtered", "deleted", "error", "nested"]


@dataclass(frozen=True)
class Named:
    """A record that the payload refers to. `id` is what the system knows it by; None: it is not there yet."""

    collection: str
    hub_id: str
    id: str | None


@dataclass(frozen=True)
class Preview:
    """`payload` is what would be sent, its references being ids there, or hub ids of what is not there yet.
    `delivered`: whether the system has confirmed the same payload, another one, or none."""

    hub_id: str
    system: str
    collection: str
    object: str
    template: str
    outcome: Outcome
    says: str = ""
    payload: Mapping[str, Any] | None = None
    references: tuple[Named, ...] = ()
    delivered: Literal["same", "differs", "never"] | None = None


def preview(project: Project, collection: str, hub_id: str, system: str) -> Preview:
    """The record as it is in the hub now. Raises UsageError for a record or route that is not there."""
    route = _route(project, system, collection)
    if collection != route.collection:
        says = f"stands in its record of {route.collection} there; render that one"
        return _told(route, hub_id, "nested", says)
    record = project.hub.records(collection, [hub_id]).get(hub_id)
    if record is None:
        raise UsageError(f"the hub has no {hub_id} in {collection}: it never came, or was rejected")
    if record.operation == "delete":
        rule = "it is deleted there too" if route.deletes == "delete" else "it is kept there"
        return _told(route, hub_id, "deleted", f"the hub's record was deleted; {rule}")
    (result,) = route.render_many([record.record], project.hub)
    if result is None:
        return _told(route, hub_id, "filtered", "a filter of its template or row leaves it out")
    if isinstance(result, RenderError):
        return _told(route, hub_id, "error", str(result))
    return _sent(project, route, hub_id, result)


def _route(project: Project, system: str, collection: str) -> Route:
    project.worksheet.system(system)
    routes = project.worksheet.routes(system)
    for route in routes:
        if collection in (route.collection, *route.nested):
            return route
    carried = ", ".join(route.collection for route in routes)
    raise UsageError(f"{system} has no route for {collection}; the worksheet sends it {carried or 'nothing'}")


def _told(route: Route, hub_id: str, outcome: Outcome, says: str) -> Preview:
    return Preview(hub_id, route.system, route.collection, route.object, route.template.name, outcome, says)


def _sent(project: Project, route: Route, hub_id: str, rendered: Rendered) -> Preview:
    from ipaas_dagster.outbox.links import external_ids
    from ipaas_dagster.outbox.queue import look_up

    kind = project.worksheet.system(route.system).kind
    with project.operations.read() as connection:
        there = external_ids(connection, route.system, rendered.references)
        known = look_up(connection, route.system, route.collection, [hub_id]).get(hub_id)
    if kind.keeps_hub_ids:
        there = {ref: ref[1] for ref in rendered.references}
    stored = payload_bytes(rendered)

    def resolve(collection: str, hub_id: str) -> str:
        return hub_id if kind.refers_by_hub_id else there.get((collection, hub_id), hub_id)

    references = tuple(Named(*ref, there.get(ref)) for ref in dict.fromkeys(rendered.references))
    waits = next((f"waits for {n.collection} {n.hub_id}, which is not there yet" for n in references if not n.id), "")
    confirmed = known.confirmed if known is not None and known.holds else None
    return Preview(
        hub_id,
        route.system,
        route.collection,
        route.object,
        route.template.name,
        "sent",
        waits,
        route.read_payload(stored, resolve),
        references,
        "never" if confirmed is None else "same" if confirmed == payload_hash(stored) else "differs",
    )


@dataclass(frozen=True)
class CheckedRoute:
    """`sample` is the hub id of the record that was rendered, or empty where the hub has none and one was made up;
    `error` says why it cannot be rendered."""

    system: str
    collection: str
    object: str
    template: str
    fields: tuple[TargetField, ...]
    sample: str
    error: str = ""


def check_templates(project: Project, system: str | None = None) -> list[CheckedRoute]:
    """Every route, each with one record rendered. Raises DeclarationError for whatever is declared wrongly, in a
    template that no route uses too."""
    if system is not None:
        project.worksheet.system(system)
    return [_checked(project, route) for route in project.worksheet.routes(system)]


def _checked(project: Project, route: Route) -> CheckedRoute:
    live = project.hub.current(route.collection, None, 1)
    if live:
        (result,) = route.render_many([live[0].record], project.hub)
    else:
        (result,) = route.render_many([_made_up(contracts.collection(route.collection))], _MadeUp())
    sample, error = live[0].hub_id if live else "", str(result) if isinstance(result, RenderError) else ""
    return CheckedRoute(
        route.system, route.collection, route.object, route.template.name, route.template.targets, sample, error
    )


_VALUES: dict[Type, Any] = {
    Type.INTEGER: 1,
    Type.MONEY: 100,
    Type.REAL: 1.5,
    Type.BOOLEAN: True,
    Type.TIME: datetime(2026, 1, 31, 12, tzinfo=UTC),
}


def _made_up(collection: Collection, parent: str | None = None) -> dict[str, Any]:
    """A record with a value in every column."""
    values: dict[str, Any] = {column.name: _VALUES.get(column.type, column.name) for column in collection.columns}
    values |= {c.name: {} for c in collection.columns if c.type is Type.JSON}
    values |= {name: f"instagaze:{to}:1" for name, to in collection.references.items()}
    values |= {"currency": "USD"} if "currency" in values else {}
    values |= {str(collection.parent_column): parent} if parent else {}
    own = {"hub_id": f"instagaze:{collection.name}:1", "source_id": "1", "source_system": "instagaze"}
    return {**values, **own, "version": 1, "extra": {}}


class _MadeUp:
    """The hub of the made-up record: one child for each parent, one holder for each value."""

    def children(self, collection: str, parents: Iterable[str]) -> list[dict[str, Any]]:
        return [_made_up(contracts.collection(collection), parent) for parent in parents]

    def holders(self, collection: str, column: str, values: Iterable[Any]) -> list[tuple[Any, str]]:
        return [(value, f"instagaze:{collection}:1") for value in values]
