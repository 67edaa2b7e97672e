"""A request to the admin API, to the resource it means, to its answer."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import TYPE_CHECKING

from ipaas_dagster.sandbox.exchange import Answer, Call
from ipaas_dagster.sandbox.instagaze.answers import Problem, dump, error
from ipaas_dagster.sandbox.instagaze.filters import NAMES, read_filters, refuse_unknown
from ipaas_dagster.sandbox.instagaze.resources import BY_PATH, Resource
from ipaas_dagster.sandbox.instagaze.writing import change, create, read_body

if TYPE_CHECKING:
    from ipaas_dagster.sandbox.instagaze.state import Instagaze

SCHEMA_FILTER = "filter[where][ppobject_id]"
TIMES = ("created", "modified")


def respond(server: Instagaze, call: Call) -> Answer:
    try:
        _authorise(server, call)
        resource, number = _find(call.path)
        allowed = resource.list_verbs if number is None else resource.record_verbs
        if call.method not in allowed:
            refused = error(405, f"{call.method} is not allowed here.", wrapped=server.dialect.wrapped_errors)
            return Answer(405, refused.body, {"allow": ", ".join(sorted(allowed))})
        _accept(call)
        if number is None:
            return _on_list(server, resource, call)
        return _on_record(server, resource, number, call)
    except Problem as problem:
        return error(problem.status, problem.message, problem.param, wrapped=server.dialect.wrapped_errors)


def _authorise(server: Instagaze, call: Call) -> None:
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or token.strip() != server.token:
        raise Problem(401)


def _accept(call: Call) -> None:
    wanted = call.headers.get("accept", "*/*")
    if not any(kind in wanted for kind in ("*/*", "application/json", "application/*")):
        raise Problem(406, param="Accept")


def _find(path: tuple[str, ...]) -> tuple[Resource, int | None]:
    """The resource, and the record's id if one is meant: below /api/admin/ or /api/{portal}/admin/."""
    parts = tuple(part.lower() for part in path)
    rest = parts[2:] if parts[1:2] == ("admin",) else parts[3:] if parts[2:3] == ("admin",) else ()
    if rest in BY_PATH:
        return BY_PATH[rest], None
    resource = BY_PATH.get(rest[:-1])
    if resource is None or not resource.record_verbs or not (rest[-1].isascii() and rest[-1].isdigit()):
        raise Problem(404)
    return resource, int(rest[-1])


def _on_list(server: Instagaze, resource: Resource, call: Call) -> Answer:
    if call.method == "POST":
        shelf = server.shelves[resource.name]
        record = create(resource, shelf.next_id, read_body(call.body), server.surroundings())
        server.put(resource.name, record)
        return Answer(201, _shown(server, dump(record)))
    if resource.name == "schemas":
        return _schema(server, call)
    known = NAMES if resource.envelope else ()
    if server.dialect.refuses_unknown_filters:
        refuse_unknown(call.query, known)
    if resource.envelope:
        return _list(server, resource, call)
    return Answer(200, b"[%b]" % b",".join(_shown(server, body) for body in server.shelves[resource.name]))


def _list(server: Instagaze, resource: Resource, call: Call) -> Answer:
    dialect, shelf = server.dialect, server.shelves[resource.name]
    ignored = {
        "order": not dialect.honours_order,
        "modified": not dialect.honours_modified,
        "offset": not dialect.honours_offset,
    }
    query = [(name, value) for name, value in call.query if not ignored.get(name, False)]
    asked = read_filters(query, _properties(server, resource), server.paging)
    total, bodies = shelf.page(asked.wanted, asked.offset, asked.limit)
    return Answer(200, _page(server, total, bodies))


def _page(server: Instagaze, total: int, bodies: list[bytes]) -> bytes:
    dialect = server.dialect
    if dialect.reshapes:
        bodies = [dialect.reshape(body) for body in bodies]
    joined = b",".join(bodies)
    if dialect.bare_lists:
        return b"[%b]" % joined
    if dialect.count == "missing":
        return b'{"results":[%b]}' % joined
    count = {"right": total, "page": len(bodies), "wrong": total // 2}[dialect.count]
    return b'{"count":%d,"results":[%b]}' % (count, joined)


def _properties(server: Instagaze, resource: Resource) -> Collection[str]:
    """What can be ordered by: the times, and the properties of the records."""
    first = next(iter(server.shelves[resource.name]), b"{}")
    return {"id", *TIMES, *json.loads(first)}


def _schema(server: Instagaze, call: Call) -> Answer:
    """The fields of one object. The document shows no list of all."""
    refuse_unknown(call.query, (SCHEMA_FILTER,))
    wanted = dict(call.query).get(SCHEMA_FILTER)
    if wanted is None or not (wanted.isascii() and wanted.isdigit()):
        raise Problem(400, f"{SCHEMA_FILTER} must be the id of an object.", SCHEMA_FILTER)
    rows = [row for row in server.truth("schemas") if row["ppobject_id"] == int(wanted)]
    shown = [{name: value for name, value in row.items() if name != "ppobject_id"} for row in rows]
    return Answer(200, b"[%b]" % b",".join(_shown(server, dump(row)) for row in shown))


def _on_record(server: Instagaze, resource: Resource, number: int, call: Call) -> Answer:
    shelf = server.shelves[resource.name]
    body = shelf.get(number)
    if body is None:
        gone = server.dialect.deleted_are_gone and number in shelf.used
        raise Problem(410 if gone else 404, f"There is no record {number} in {resource.name}.")
    if call.method == "GET":
        return Answer(200, _one(server, resource, body))
    if call.method == "DELETE":
        server.delete(resource.name, number)
        return Answer(204)
    given = read_body(call.body)
    if given:
        record = change(resource, json.loads(body), given, server.surroundings())
        server.put(resource.name, record)
        body = dump(record)
    return Answer(200, _shown(server, body)) if resource.patch_answers else Answer(204)


def _one(server: Instagaze, resource: Resource, body: bytes) -> bytes:
    if resource.one_in_envelope and not server.dialect.plain_subscription:
        return _page(server, 1, [body])
    return _shown(server, body)


def _shown(server: Instagaze, body: bytes) -> bytes:
    return server.dialect.reshape(body) if server.dialect.reshapes else body
