"""What a test may ask by name: the words of the control paths /_sandbox/ipaas_com/..."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ipaas_dagster.sandbox.ipaas_com.models import BY_NAME
from ipaas_dagster.sandbox.ipaas_com.problems import Problem

if TYPE_CHECKING:
    from ipaas_dagster.sandbox.ipaas_com.state import IpaasCom

Given = dict[str, Any]
_SECRET = ("password", "api_key")


def run(server: IpaasCom, name: str, given: Given) -> Given:
    """Raises ValueError for a command that there is not, and for what iPaaS.com itself would refuse."""
    if name not in COMMANDS:
        raise ValueError(f"ipaas_com has no command {name} (it has: {', '.join(COMMANDS)})")
    try:
        return COMMANDS[name](server, given)
    except Problem as problem:
        raise ValueError(str(problem)) from None


def _configure(server: IpaasCom, given: Given) -> Given:
    """Change settings by name; answers all of them but the secret ones."""
    server.configure(**given)
    return {name: value for name, value in asdict(server.settings).items() if name not in _SECRET}


def _seed(server: IpaasCom, given: Given) -> Given:
    """{"model": "customer", "records": [{...}]}: made by the rules, but without a request."""
    model = BY_NAME[given["model"]]
    return {"ids": [server.records.create(model, record)["id"] for record in given["records"]]}


def _change(server: IpaasCom, given: Given) -> Given:
    """{"model", "id", "fields"}: somebody else changes these fields of a record."""
    model, number = BY_NAME[given["model"]], int(given["id"])
    table = server.records.tables[model.table]
    if unknown := sorted(set(given["fields"]) - set(model.types)):
        raise ValueError(f"{model.name} has no {', '.join(unknown)}")
    table[number] = {**server.records.find(model, number), **given["fields"]}
    return {"id": number}


def _delete(server: IpaasCom, given: Given) -> Given:
    """{"model", "id"}: somebody else deletes it."""
    return {"id": server.records.delete(BY_NAME[given["model"]], int(given["id"]))["id"]}


def _expire_tokens(server: IpaasCom, given: Given) -> Given:
    """No access token is good any more; a refresh or a login gets another."""
    return {"expired": server.tokens.expire()}


def _change_roles(server: IpaasCom, given: Given) -> Given:
    """Tokens of before have to be made anew by a login; {"api_key": true}: the API key too, by a person."""
    server.tokens.change_roles(key_too=bool(given.get("api_key")))
    return {}


def _monthly_limit(server: IpaasCom, given: Given) -> Given:
    """{"after": N}: so many more calls, then 429 until the month is over; null: no limit."""
    after = given["after"]
    server.configure(monthly_calls=None if after is None else server.limits.used + int(after))
    return {"used": server.limits.used}


def _new_month(server: IpaasCom, given: Given) -> Given:
    """Calls are counted from nothing again."""
    return {"used": server.limits.new_month()}


def _counters(server: IpaasCom, given: Given) -> Given:
    """Calls of this month, calls refused by kind, and how each token came to be."""
    limits = server.limits
    return {"used": limits.used, "refused": dict(limits.refused), "tokens": list(server.tokens.issued)}


COMMANDS: dict[str, Callable[[IpaasCom, Given], Given]] = {
    "configure": _configure,
    "seed": _seed,
    "change": _change,
    "delete": _delete,
    "expire_tokens": _expire_tokens,
    "change_roles": _change_roles,
    "monthly_limit": _monthly_limit,
    "new_month": _new_month,
    "counters": _counters,
}
