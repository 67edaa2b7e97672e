"""What a test may ask of Salesforce by name: the words of its control paths.

expire_tokens  {}                                           every token that was given out is invalid now
usage          {"used": 99990, "most": 100000}              requests of today, and how many there may be
behaviour      {"bulk_polls": 3, ...}                       see behaviour.py; what is left out is as by default
seed           {"object": "Account", "records": [{...}]}    stored as another client would have; answers the ids
change         {"object": "Account", "id": "001...", "fields": {...}}
delete         {"object": "Account", "id": "001..."}
break          {"object": "Contact", "field": "AccountId"}  no parent is found through this reference
refuse         {"object": "Account", "code": "UNABLE_TO_LOCK_ROW", "message": "...", "where": {...}, "times": 2}
mend           {}                                           all references work, no record is refused any more
finish_jobs    {}                                           bulk jobs whose upload is complete are done now
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ipaas_dagster.sandbox.salesforce.behaviour import read_behaviour
from ipaas_dagster.sandbox.salesforce.bulk import finish
from ipaas_dagster.sandbox.salesforce.problems import Problem, Refusal
from ipaas_dagster.sandbox.salesforce.rules import Rule
from ipaas_dagster.sandbox.salesforce.table import Table
from ipaas_dagster.sandbox.salesforce.writing import Reading

if TYPE_CHECKING:
    from ipaas_dagster.sandbox.salesforce.state import Salesforce

Given = dict[str, Any]


def run(server: Salesforce, name: str, given: Given) -> Given:
    """Raises ValueError for a command that there is not and for a record that the org refuses, KeyError."""
    if name not in COMMANDS:
        raise ValueError(f"salesforce has no command {name} (it has: {', '.join(COMMANDS)})")
    try:
        return COMMANDS[name](server, given)
    except (Problem, Refusal) as problem:
        raise ValueError(str(problem)) from problem


def _expire_tokens(server: Salesforce, given: Given) -> Given:
    return {"expired": server.tokens.expire()}


def _usage(server: Salesforce, given: Given) -> Given:
    server.usage.used = given.get("used", server.usage.used)
    server.usage.most = given.get("most", server.usage.most)
    return {"used": server.usage.used, "most": server.usage.most}


def _behaviour(server: Salesforce, given: Given) -> Given:
    server.behaviour = read_behaviour(given)
    return asdict(server.behaviour)


def _seed(server: Salesforce, given: Given) -> Given:
    table, writes = _table(server, given), server.org.writes()
    reading = Reading(server.org, table.sobject)
    return {"ids": [writes.insert(table, reading.values(record)) for record in given["records"]]}


def _change(server: Salesforce, given: Given) -> Given:
    table = _table(server, given)
    server.org.writes().update(table, given["id"], Reading(server.org, table.sobject).values(given["fields"]))
    return {}


def _delete(server: Salesforce, given: Given) -> Given:
    server.org.writes().delete(_table(server, given), given["id"])
    return {}


def _break(server: Salesforce, given: Given) -> Given:
    field = _table(server, given).sobject.fields[given["field"]]
    server.org.broken.add((given["object"], field.name))
    return {}


def _refuse(server: Salesforce, given: Given) -> Given:
    table = _table(server, given)
    unknown = [name for name in given.get("where", ()) if name not in table.sobject.fields]
    if unknown:
        raise ValueError(f"{table.sobject.name} has no field {', '.join(unknown)}")
    server.org.rules.add(Rule(**given))
    return {}


def _mend(server: Salesforce, given: Given) -> Given:
    server.org.broken.clear()
    server.org.rules.clear()
    return {}


def _finish_jobs(server: Salesforce, given: Given) -> Given:
    return {"finished": finish(server.org, server.jobs)}


def _table(server: Salesforce, given: Given) -> Table:
    return server.org.tables[given["object"]]


COMMANDS: dict[str, Callable[[Salesforce, Given], Given]] = {
    "expire_tokens": _expire_tokens,
    "usage": _usage,
    "behaviour": _behaviour,
    "seed": _seed,
    "change": _change,
    "delete": _delete,
    "break": _break,
    "refuse": _refuse,
    "mend": _mend,
    "finish_jobs": _finish_jobs,
}
