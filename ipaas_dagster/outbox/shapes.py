"""What a route's payloads look like, as its destination needs to know it."""

from __future__ import annotations

from ipaas_dagster.destinations.base import Shape
from ipaas_dagster.mapping import Route


def shape_of(route: Route) -> Shape:
    """The field with the hub id is the key, where that holds it as it is; else the first that does."""
    fields = {target.name: target.type for target in route.targets}
    references = {target.name: target.references for target in route.targets if target.references}
    whole = [target.name for target in route.targets if target.column == "hub_id" and not target.modifiers]
    hub_id_field = route.key if route.key in whole else next(iter(whole), None)
    constants = {target.name: target.constant for target in route.targets if target.column is None and not target.child}
    for target in route.targets:
        below = target.child.targets if target.child else ()
        constants |= {f"{target.name}.{one.name}": one.constant for one in below if one.column is None}
    return Shape(route.collection, route.object, route.key, fields, references, hub_id_field, constants)
