"""What a test may ask of Instagaze by name: the words of its control paths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ipaas_dagster.sandbox.instagaze.dialects import read_dialect
from ipaas_dagster.sandbox.instagaze.telling import read_telling

if TYPE_CHECKING:
    from ipaas_dagster.sandbox.instagaze.state import Instagaze

Given = dict[str, Any]


def run(server: Instagaze, name: str, given: Given) -> Given:
    """Raises ValueError for a command that there is not, KeyError for a word that is missing."""
    if name not in COMMANDS:
        raise ValueError(f"instagaze has no command {name} (it has: {', '.join(COMMANDS)})")
    return COMMANDS[name](server, given)


def _mutate(server: Instagaze, given: Given) -> Given:
    counts = {name: number for name, number in given.items() if name != "collection"}
    return asdict(server.mutate(given["collection"], **counts))


def _put(server: Instagaze, given: Given) -> Given:
    return {"id": server.put(given["collection"], given["record"])}


def _insert(server: Instagaze, given: Given) -> Given:
    return server.insert(given["collection"], given.get("fields"))


def _change(server: Instagaze, given: Given) -> Given:
    return server.change(given["collection"], given["id"], given.get("fields"))


def _delete(server: Instagaze, given: Given) -> Given:
    server.delete(given["collection"], given["id"])
    return {}


def _dialect(server: Instagaze, given: Given) -> Given:
    server.dialect = read_dialect(given)
    return asdict(server.dialect)


def _webhooks(server: Instagaze, given: Given) -> Given:
    """With an address: tell each change to it from now on; without one: to nobody."""
    server.webhooks(read_telling(given) if given else None)
    return {}


def _told(server: Instagaze, given: Given) -> Given:
    """How many events were told, and how many are owed."""
    return {} if server.teller is None else server.teller.counts()


COMMANDS: dict[str, Callable[[Instagaze, Given], Given]] = {
    "mutate": _mutate,
    "put": _put,
    "insert": _insert,
    "change": _change,
    "delete": _delete,
    "dialect": _dialect,
    "webhooks": _webhooks,
    "told": _told,
}
