"""query and queryAll: a page of what a query finds, and where the next one is."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from ipaas_dagster.sandbox.exchange import Answer
from ipaas_dagster.sandbox.salesforce.asked import Asked
from ipaas_dagster.sandbox.salesforce.ids import make_id
from ipaas_dagster.sandbox.salesforce.problems import Problem, answered
from ipaas_dagster.sandbox.salesforce.search import Search
from ipaas_dagster.sandbox.salesforce.soql_parser import parse
from ipaas_dagster.sandbox.salesforce.table import Row

LONGEST_URL = 16_384
LONGEST_QUERY = 100_000
SMALLEST_PAGE, LARGEST_PAGE = 200, 2000
KEPT = 50
_BATCH = re.compile(r"batchSize\s*=\s*(\d+)", re.IGNORECASE)
_LOCATOR = re.compile(r"(\w{18})-(\d+)")


@dataclass(frozen=True)
class _Result:
    search: Search
    rows: list[Row]


class Cursors:
    """Results that were not read to their end. Too many of them, and the oldest are lost."""

    def __init__(self) -> None:
        self._results: OrderedDict[str, _Result] = OrderedDict()
        self._last = 0

    def keep(self, result: _Result) -> str:
        self._last += 1
        name = make_id("01g", self._last)
        self._results[name] = result
        if len(self._results) > KEPT:
            self._results.popitem(last=False)
        return name

    def find(self, name: str) -> _Result | None:
        return self._results.get(name)


def on_query(asked: Asked) -> Answer:
    asked.allow("GET")
    if len(asked.rest) > 1:
        return _next(asked, asked.rest[1])
    text = asked.query.get("q")
    if text is None:
        raise Problem(400, "MALFORMED_QUERY", "Missing required query parameter: q")
    if len(text) > LONGEST_URL:
        raise Problem(414, "URI_TOO_LONG", f"the address may have {LONGEST_URL} characters")
    search = Search(asked.org, parse(text), deleted=asked.rest[0] == "queryAll")
    rows = search.found()
    if search.counts:
        return answered({"totalSize": len(rows), "done": True, "records": []})
    return _page(asked, _Result(search, rows), 0, None)


def _next(asked: Asked, locator: str) -> Answer:
    found = _LOCATOR.fullmatch(locator)
    result = asked.server.cursors.find(found[1]) if found else None
    if found is None or result is None:
        raise Problem(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return _page(asked, result, int(found[2]), found[1])


def _page(asked: Asked, result: _Result, first: int, name: str | None) -> Answer:
    last, total = first + _size(asked), len(result.rows)
    done = last >= total
    document: dict[str, Any] = {"totalSize": total, "done": done}
    if not done:
        name = name or asked.server.cursors.keep(result)
        document["nextRecordsUrl"] = f"{asked.base}/{asked.rest[0]}/{name}-{last}"
    document["records"] = [result.search.shown(row, asked.version) for row in result.rows[first:last]]
    return answered(document)


def _size(asked: Asked) -> int:
    wanted = _BATCH.search(asked.call.headers.get("sforce-query-options", ""))
    if wanted is None:
        return asked.server.behaviour.query_page
    return min(max(int(wanted[1]), SMALLEST_PAGE), LARGEST_PAGE)
