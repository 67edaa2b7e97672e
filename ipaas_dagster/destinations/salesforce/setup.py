"""Whether the org has what the templates name: version, objects, fields, and unique external ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from ipaas_dagster.destinations.base import Unreachable
from ipaas_dagster.destinations.remote import AnswerLost
from ipaas_dagster.destinations.salesforce.api import Api
from ipaas_dagster.destinations.salesforce.layout import Field, Layout
from ipaas_dagster.destinations.salesforce.preset import Org


def check(api: Api, org: Org, layouts: Mapping[str, Layout]) -> str:
    """A sentence on what is ready. Raises Unreachable with everything that is missing."""
    problems = [*_version(api, org)]
    if not problems:
        for layout in layouts.values():
            problems += _object(api, layout)
    if problems:
        raise Unreachable(f"{org.system}: {'; '.join(problems)} (docs/salesforce.md lists what the org must have)")
    return f"{len(layouts)} objects are ready at {api.where} (API v{org.api_version}), {api.usage.shown}"


def _version(api: Api, org: Org) -> Iterator[str]:
    _, found = _asked(api, "/services/data")
    offered = [str(one.get("version")) for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    if not offered:
        yield "the list of API versions cannot be read"
    elif org.api_version not in offered:
        yield f"API version {org.api_version} is not offered, {offered[-1]} is the last one; set api_version"


def _object(api: Api, layout: Layout) -> Iterator[str]:
    status, found = _asked(api, api.path("sobjects", layout.object, "describe"))
    if status == 404 or not isinstance(found, dict):
        yield f"there is no object {layout.object}, or the user may not see it"
        return
    if not (found.get("createable") and found.get("updateable")):
        yield f"the user may not create and change {layout.object} (permission set: object settings)"
    fields = {str(one.get("name")): one for one in found.get("fields", ()) if isinstance(one, dict)}
    for field in layout.fields:
        yield from _field(layout, field, fields)
    for name in dict.fromkeys(one for one in (layout.key, layout.hub_id) if one in fields):
        if not (fields[name].get("externalId") and fields[name].get("unique")) and not fields[name].get("idLookup"):
            yield f"{layout.object}.{name} is no unique external id: {_steps(layout, name)}"


def _field(layout: Layout, field: Field, fields: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    there = fields.get(field.name)
    if there is None and field.name in (layout.key, layout.hub_id):
        yield f"{layout.object} has no field {field.name}: {_steps(layout, field.name)}"
    elif there is None:
        yield f"{layout.object} has no field {field.name}, or the user may not see it"
    elif not (there.get("createable") and there.get("updateable")):
        yield f"the user may not write {layout.object}.{field.name} (permission set: field permissions)"
    elif field.parent and there.get("relationshipName") != field.parent.relationship:
        yield f"{layout.object}.{field.name} is no lookup whose relationship is named {field.parent.relationship}"


def _steps(layout: Layout, name: str) -> str:
    return (
        f"Setup > Object Manager > {layout.object} > Fields & Relationships > New > Text(255), "
        f"API name {name}, unique (case sensitive) and External ID"
    )


def _asked(api: Api, path: str) -> tuple[int, Any]:
    try:
        answer = api.read(path)
        return answer.status, msgspec.json.decode(answer.body)
    except AnswerLost as error:
        raise Unreachable(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return answer.status, None
