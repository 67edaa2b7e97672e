"""Change data capture: what was changed or deleted since a time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ipaas_dagster.sandbox.quickbooks.books import Books
from ipaas_dagster.sandbox.quickbooks.kinds import BY_PATH, Kind
from ipaas_dagster.sandbox.quickbooks.problems import Problem, missing
from ipaas_dagster.sandbox.quickbooks.properties import Record

MOST = 1000


def changed_since(books: Books, entities: str, since: str) -> dict[str, Any]:
    """Of each entity what was changed at or after the time, at most 1,000, and markers of what was deleted."""
    if not entities or not since:
        raise missing("entities" if not entities else "changedSince")
    try:
        moment = datetime.fromisoformat(since.replace(" ", "+"))
    except ValueError:
        raise Problem("2070", f"The date value must be a valid value. Supplied value:{since[:40]}") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.fromisoformat(books.now()).tzinfo)
    answers = [_of(books, name.strip(), moment) for name in entities.split(",")]
    return {"CDCResponse": [{"QueryResponse": answers}]}


def _of(books: Books, name: str, moment: datetime) -> Record:
    kind = BY_PATH.get(name.lower())
    if kind is None:
        raise Problem("2000", f"Object Name:{name} is unsupported or invalid")
    found = [*_changed(books, kind, moment), *_deleted(books, kind, moment)][:MOST]
    return {kind.name: found, "startPosition": 1, "maxResults": len(found)} if found else {}


def _changed(books: Books, kind: Kind, moment: datetime) -> list[Record]:
    table = books.tables[kind.name].values()
    return [one for one in table if datetime.fromisoformat(one["MetaData"]["LastUpdatedTime"]) >= moment]


def _deleted(books: Books, kind: Kind, moment: datetime) -> list[Record]:
    return [
        {"domain": "QBO", "status": "Deleted", "Id": number, "MetaData": {"LastUpdatedTime": at}}
        for number, at in books.deleted[kind.name].items()
        if datetime.fromisoformat(at) >= moment
    ]
