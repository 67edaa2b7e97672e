"""A request to the token endpoint or below /services/data, to its answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ipaas_dagster.sandbox.exchange import Answer, Call
from ipaas_dagster.sandbox.salesforce.asked import Asked
from ipaas_dagster.sandbox.salesforce.bulk import on_ingest
from ipaas_dagster.sandbox.salesforce.bulk_query import on_query_jobs
from ipaas_dagster.sandbox.salesforce.composite import on_composite
from ipaas_dagster.sandbox.salesforce.many import on_collections
from ipaas_dagster.sandbox.salesforce.org import ORG_ID
from ipaas_dagster.sandbox.salesforce.problems import Problem, Refusal, answered, not_found, refused
from ipaas_dagster.sandbox.salesforce.queries import on_query
from ipaas_dagster.sandbox.salesforce.single import on_sobjects

if TYPE_CHECKING:
    from ipaas_dagster.sandbox.salesforce.state import Salesforce

FIRST_VERSION, LAST_VERSION = 31, 66
_VERSION = re.compile(r"v(\d\d)\.0")
_SEASONS = ("Spring", "Summer", "Winter")


def respond(server: Salesforce, call: Call) -> Answer:
    if call.path == ("services", "oauth2", "token"):
        return server.tokens.answer(call)
    try:
        if call.path == ("services", "data"):
            return answered(_versions())
        server.tokens.check(call.headers)
        server.usage.count()
        answer = _route(server, call)
    except Refusal as refusal:
        answer = refused(refusal.alone())
    except Problem as problem:
        answer = refused(problem)
    return replace(answer, headers={**answer.headers, **server.usage.header})


def _route(server: Salesforce, call: Call) -> Answer:
    if call.path == ("services", "oauth2", "userinfo") or call.path[:1] == ("id",):
        return answered(_user(server, call))
    version = _VERSION.fullmatch(call.path[2]) if call.path[:2] == ("services", "data") else None
    if version is None or not FIRST_VERSION <= int(version[1]) <= LAST_VERSION:
        raise not_found()
    return dispatch(Asked(server, call, f"{version[1]}.0", call.path[3:]))


def dispatch(asked: Asked) -> Answer:
    if asked.rest == ():
        known = {name: f"{asked.base}/{name}" for name in sorted(RESOURCES)}
        return answered({**known, "identity": _identity(asked.server, asked.call)})
    for length in (2, 1):
        resource = RESOURCES.get("/".join(asked.rest[:length]))
        if resource:
            return resource(asked)
    raise not_found()


def _limits(asked: Asked) -> Answer:
    asked.allow("GET")
    if asked.rest[1:] == ("recordCount",):
        wanted = [one for one in asked.query.get("sObjects", "").split(",") if one]
        tables = [asked.table(name) for name in wanted or asked.org.tables]
        return answered({"sObjects": [{"count": len(one.rows), "name": one.sobject.name} for one in tables]})
    return answered(asked.server.usage.as_json())


def _versions() -> list[dict[str, str]]:
    """From Spring '14 (30.0) three a year."""
    return [
        {
            "label": f"{_SEASONS[(number - 30) % 3]} '{14 + (number - 30 + 1) // 3}",
            "url": f"/services/data/v{number}.0",
            "version": f"{number}.0",
        }
        for number in range(FIRST_VERSION, LAST_VERSION + 1)
    ]


def _identity(server: Salesforce, call: Call) -> str:
    return f"{call.origin}/id/{ORG_ID}/{server.org.user_id}"


def _user(server: Salesforce, call: Call) -> dict[str, Any]:
    name, identity = server.credentials.username, _identity(server, call)
    ids = {"id": identity, "sub": identity, "user_id": server.org.user_id, "organization_id": ORG_ID}
    return {**ids, "username": name, "preferred_username": name, "email": name, "user_type": "STANDARD"}


RESOURCES: dict[str, Callable[[Asked], Answer]] = {
    "composite/sobjects": on_collections,
    "composite": on_composite,
    "jobs/ingest": on_ingest,
    "jobs/query": on_query_jobs,
    "limits": _limits,
    "query": on_query,
    "queryAll": on_query,
    "sobjects": on_sobjects,
}
