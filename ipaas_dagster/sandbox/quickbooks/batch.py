"""Batches: several operations in one request, one after the other, none of which sees what another made."""

from __future__ import annotations

from typing import Any

from ipaas_dagster.sandbox.quickbooks.books import Books
from ipaas_dagster.sandbox.quickbooks.kinds import BY_NAME
from ipaas_dagster.sandbox.quickbooks.operations import write
from ipaas_dagster.sandbox.quickbooks.problems import Problem, missing
from ipaas_dagster.sandbox.quickbooks.properties import Record
from ipaas_dagster.sandbox.quickbooks.query import parse
from ipaas_dagster.sandbox.quickbooks.replays import LONGEST_BATCH_ITEM
from ipaas_dagster.sandbox.quickbooks.select import select

_AROUND = frozenset({"bId", "operation", "optionsData"})
OPERATIONS = ("create", "update", "delete", "void", "query")


def run(books: Books, given: Any, *, request_id: str | None) -> list[Record]:
    """The answers, in the order of the items. Raises Problem if the batch as a whole cannot be taken."""
    items = given.get("BatchItemRequest") if isinstance(given, dict) else None
    if not isinstance(items, list) or not items or not all(isinstance(one, dict) for one in items):
        raise missing("BatchItemRequest")
    most = books.settings.batch_items
    if len(items) > most:
        raise Problem("1040", f"Batch size exceeds the limit of {most} items. Supplied size:{len(items)}")
    queries = sum("Query" in one for one in items)
    if queries > books.settings.batch_query_items:
        raise Problem("1040", f"Batch has more than {books.settings.batch_query_items} queries. Supplied:{queries}")
    _check_names(items, request_id)
    try:
        return [_answer(books, one) for one in items]
    finally:
        books.unseen.clear()


def _check_names(items: list[Record], request_id: str | None) -> None:
    names = [str(one.get("bId") or "") for one in items]
    if not all(names):
        raise missing("bId")
    if len(set(names)) < len(names):
        raise Problem("2010", "Each bId has to be unique in its batch", "bId")
    if request_id is not None and any(len(name) > LONGEST_BATCH_ITEM for name in names):
        raise Problem("2130", f"With a request id, a bId has at most {LONGEST_BATCH_ITEM} characters", "bId")


def _answer(books: Books, item: Record) -> Record:
    try:
        return {**_do(books, item), "bId": item["bId"]}
    except Problem as problem:
        return {"Fault": problem.as_json(), "bId": item["bId"]}


def _do(books: Books, item: Record) -> Record:
    if "Query" in item:
        return select(books, parse(str(item["Query"])))
    entities = [name for name in item if name not in _AROUND]
    if len(entities) != 1 or entities[0] not in BY_NAME:
        raise Problem("2000", f"Object Name:{', '.join(entities)} is unsupported or invalid")
    entity, operation = entities[0], item.get("operation")
    if operation not in OPERATIONS:
        raise missing("operation") if not operation else Problem("2170", f"Invalid Enumeration : {operation}")
    record = write(books, BY_NAME[entity], str(operation), item[entity], str(item.get("optionsData") or ""))
    if operation == "create":
        books.unseen.add((entity, record["Id"]))
    return {entity: record}
