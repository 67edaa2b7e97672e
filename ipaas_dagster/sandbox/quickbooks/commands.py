"""What a test may ask by name: the words of the control paths /_sandbox/quickbooks/..."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ipaas_dagster.sandbox.quickbooks.kinds import BY_NAME
from ipaas_dagster.sandbox.quickbooks.operations import write
from ipaas_dagster.sandbox.quickbooks.problems import Problem

if TYPE_CHECKING:
    from ipaas_dagster.sandbox.quickbooks.state import QuickBooks

Given = dict[str, Any]
_SECRET = ("client_secret", "refresh_token")


def run(server: QuickBooks, name: str, given: Given) -> Given:
    """Raises ValueError for a command that there is not, and for what QuickBooks itself would refuse."""
    if name not in COMMANDS:
        raise ValueError(f"quickbooks has no command {name} (it has: {', '.join(COMMANDS)})")
    try:
        return COMMANDS[name](server, given)
    except Problem as problem:
        raise ValueError(str(problem)) from None


def _configure(server: QuickBooks, given: Given) -> Given:
    """Change settings by name; answers all of them but the secret ones."""
    server.configure(**given)
    return {name: value for name, value in asdict(server.settings).items() if name not in _SECRET}


def _seed(server: QuickBooks, given: Given) -> Given:
    """{"entity": "Customer", "records": [{...}]}: made by the rules, but without a request."""
    kind = BY_NAME[given["entity"]]
    return {"ids": [write(server.books, kind, "create", record)["Id"] for record in given["records"]]}


def _change(server: QuickBooks, given: Given) -> Given:
    """{"entity", "id", "fields"}: somebody else changes a record, so its SyncToken moves."""
    return _on_current(server, given, "update", {**given["fields"], "sparse": True})


def _delete(server: QuickBooks, given: Given) -> Given:
    """{"entity", "id"}: somebody else deletes it."""
    return _on_current(server, given, "delete", {})


def _on_current(server: QuickBooks, given: Given, operation: str, fields: Given) -> Given:
    entity, number = given["entity"], str(given["id"])
    token = server.books.find(entity, number)["SyncToken"]
    done = write(server.books, BY_NAME[entity], operation, {**fields, "Id": number, "SyncToken": token})
    return {"id": number, "sync_token": done.get("SyncToken")}


def _expire_tokens(server: QuickBooks, given: Given) -> Given:
    """No access token is good any more; a refresh gets another."""
    return {"expired": server.tokens.expire_access()}


def _revoke(server: QuickBooks, given: Given) -> Given:
    """The user disconnects: no token is good any more, a refresh is refused."""
    return {"revoked": server.tokens.revoke()}


def _authorize(server: QuickBooks, given: Given) -> Given:
    """The user consents (again): a code for grant_type=authorization_code."""
    return {"code": server.tokens.authorize()}


def _forget_request_ids(server: QuickBooks, given: Given) -> Given:
    return {"forgotten": server.replays.forget()}


def _counters(server: QuickBooks, given: Given) -> Given:
    """What was done, by entity and operation; what was throttled and replayed; every refresh by token number."""
    return {
        "done": dict(server.counts),
        "throttled": server.limits.throttled,
        "replayed": server.replays.replayed,
        "request_ids_with_other_bodies": server.replays.other_bodies,
        "refreshes": list(server.tokens.refreshes),
    }


COMMANDS: dict[str, Callable[[QuickBooks, Given], Given]] = {
    "configure": _configure,
    "seed": _seed,
    "change": _change,
    "delete": _delete,
    "expire_tokens": _expire_tokens,
    "revoke": _revoke,
    "authorize": _authorize,
    "forget_request_ids": _forget_request_ids,
    "counters": _counters,
}
