"""What a test may ask by name: the words of the control paths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ipaas_dagster.sandbox.exchange import Answer
from ipaas_dagster.sandbox.intacct.company import Shelf, number_of
from ipaas_dagster.sandbox.intacct.fields import PARSE, Record, Value
from ipaas_dagster.sandbox.intacct.limits import Usage

if TYPE_CHECKING:
    from ipaas_dagster.sandbox.intacct.state import Intacct

Given = dict[str, Any]
_SECRET = ("sender_password", "user_password")


def run(intacct: Intacct, name: str, given: Given) -> Given:
    """Raises ValueError for a command that there is not, KeyError for a word that is missing."""
    if name not in COMMANDS:
        raise ValueError(f"intacct has no command {name} (it has: {', '.join(COMMANDS)})")
    return COMMANDS[name](intacct, given)


def _settings(intacct: Intacct, given: Given) -> Given:
    """{"max_functions": 10}: from now on; {} only says how they are."""
    intacct.settings = intacct.settings.changed(given)
    return {name: value for name, value in asdict(intacct.settings).items() if name not in _SECRET}


def _expire_sessions(intacct: Intacct, given: Given) -> Given:
    return {"expired": intacct.sessions.expire()}


def _forget_control_ids(intacct: Intacct, given: Given) -> Given:
    """{"controlids": [...]}, or {} for all."""
    return {"forgotten": intacct.executed.forget(given.get("controlids"))}


def _seed(intacct: Intacct, given: Given) -> Given:
    """{"object": "ITEM", "records": [{...}]}: stored as they are, not checked. Answers their RECORDNOs."""
    shelf = _shelf(intacct, given)
    made = [
        intacct.company.add(shelf.kind.name, {**_defaults(shelf), **_values(shelf, record)}, intacct.clock.now())
        for record in given["records"]
    ]
    intacct.company.keep()
    return {"numbers": [number_of(record) for record in made]}


def _change(intacct: Intacct, given: Given) -> Given:
    """{"object": "CUSTOMER", "key": "C1", "fields": {...}}, behind the client's back; `number` instead of `key`."""
    shelf, found = _found(intacct, given)
    changed = {**found, **_values(shelf, given["fields"])}
    intacct.company.put(shelf.kind.name, changed, intacct.clock.now())
    intacct.company.keep()
    return {"number": number_of(changed)}


def _delete(intacct: Intacct, given: Given) -> Given:
    """{"object": "CUSTOMER", "key": "C1"}: gone, whatever refers to it."""
    shelf, found = _found(intacct, given)
    intacct.company.remove(shelf.kind.name, number_of(found))
    intacct.company.keep()
    return {"number": number_of(found)}


def _counters(intacct: Intacct, given: Given) -> Given:
    """What was used; with {"reset": true} the counts start again."""
    counted = {**intacct.usage.as_json(), "throttled": intacct.limits.throttled, "control_ids": len(intacct.executed)}
    if given.get("reset"):
        intacct.usage = Usage()
        intacct.limits.throttled = 0
    return counted


def _next_answer(intacct: Intacct, given: Given) -> Given:
    """{"status": 200, "body": "<html>", "content_type": "text/html", "times": 1}: answered, and nothing is done."""
    answer = Answer(
        given.get("status", 200), given["body"].encode(), content_type=given.get("content_type", "text/html")
    )
    intacct.next_answers += [answer] * given.get("times", 1)
    return {"waiting": len(intacct.next_answers)}


def _asynchronous(intacct: Intacct, given: Given) -> Given:
    """The responses of asynchronous requests, which would go to the policy's address."""
    return {"responses": list(intacct.asynchronous)}


def _shelf(intacct: Intacct, given: Given) -> Shelf:
    return intacct.company[given["object"]]


def _found(intacct: Intacct, given: Given) -> tuple[Shelf, Record]:
    shelf = _shelf(intacct, given)
    found = shelf.get(int(given["number"])) if "number" in given else shelf.by_key(str(given["key"]))
    if found is None:
        raise KeyError(f"{shelf.kind.name} has no {given.get('number', given.get('key'))}")
    return shelf, found


def _defaults(shelf: Shelf) -> Record:
    return {"STATUS": "active"} if "STATUS" in shelf.kind.fields else {}


def _values(shelf: Shelf, fields: Given) -> dict[str, Value]:
    """Texts to values of the fields' kinds; names that the object does not have are kept as texts."""
    kinds = shelf.kind.fields
    return {name: PARSE[kinds.get(name, "text")](str(value)) if value != "" else "" for name, value in fields.items()}


COMMANDS: dict[str, Callable[[Intacct, Given], Given]] = {
    "settings": _settings,
    "expire_sessions": _expire_sessions,
    "forget_control_ids": _forget_control_ids,
    "seed": _seed,
    "change": _change,
    "delete": _delete,
    "counters": _counters,
    "next_answer": _next_answer,
    "asynchronous": _asynchronous,
}
