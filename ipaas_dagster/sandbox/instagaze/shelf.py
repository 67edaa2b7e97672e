"""One collection's records, kept as the bytes that are answered, and the orders that lists ask for."""

from __future__ import annotations

import json
from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

NULL = -1
KEPT_VIEWS = 8


@dataclass(frozen=True)
class Wanted:
    """Which records a list asks for, in which order. Times are milliseconds since 1970, at or after."""

    order: str = "id"
    descending: bool = False
    modified_from: int | None = None
    created_from: int | None = None

    @property
    def view(self) -> Wanted:
        """A descending list is the ascending one read backwards."""
        return Wanted(self.order, False, self.modified_from, self.created_from)


class Shelf:
    """Records by id. Ids are dense from small numbers, so what is known of a record stands in arrays by id.

    A list is answered from a view: the ids that it wants, in their order. A view is built when first asked
    for, then kept right by every write, so that a page costs its own length however deep it is.
    """

    def __init__(self) -> None:
        self._bodies: list[bytes | None] = []
        self._modified = array("q")
        self._created = array("q")
        self._views: OrderedDict[Wanted, array[int]] = OrderedDict()
        self.used: set[int] = set()
        """Ids of removed records: they are not given again."""

    @property
    def next_id(self) -> int:
        return max(1, len(self._bodies))

    def __len__(self) -> int:
        return len(self._view(Wanted()))

    def __iter__(self) -> Iterator[bytes]:
        """All records by id."""
        return (body for body in self._bodies if body is not None)

    def ids(self) -> array[int]:
        return self._view(Wanted())

    def get(self, number: int) -> bytes | None:
        return self._bodies[number] if 0 <= number < len(self._bodies) else None

    def modified(self, number: int) -> int | None:
        stamp = self._modified[number]
        return None if stamp == NULL else stamp

    def created(self, number: int) -> int | None:
        stamp = self._created[number]
        return None if stamp == NULL else stamp

    def fill(self, rows: Iterable[tuple[int, bytes, int | None, int | None]]) -> None:
        """Put many at once: id, body, created, modified. Views are built anew when next asked for."""
        self._views.clear()
        for number, body, created, modified in rows:
            self._set(number, body, created, modified)

    def put(self, number: int, body: bytes, created: int | None, modified: int | None) -> None:
        """Insert or replace one record."""
        self._leave_views(number)
        self._set(number, body, created, modified)
        for wanted, ids in self._views.items():
            if self._wants(wanted, number):
                ids.insert(self._place(wanted, ids, number), number)

    def remove(self, number: int) -> None:
        self._leave_views(number)
        self._bodies[number] = None
        self.used.add(number)

    def page(self, wanted: Wanted, offset: int, limit: int) -> tuple[int, list[bytes]]:
        """How many records there are in all, and those of one page."""
        ids = self._view(wanted.view)
        total = len(ids)
        first, last = min(offset, total), min(offset + limit, total)
        chosen = ids[total - last : total - first][::-1] if wanted.descending else ids[first:last]
        bodies = self._bodies
        return total, [body for number in chosen if (body := bodies[number]) is not None]

    def _set(self, number: int, body: bytes, created: int | None, modified: int | None) -> None:
        missing = number + 1 - len(self._bodies)
        if missing > 0:
            self._bodies.extend([None] * missing)
            self._modified.extend([NULL] * missing)
            self._created.extend([NULL] * missing)
        self._bodies[number] = body
        self._modified[number] = NULL if modified is None else modified
        self._created[number] = NULL if created is None else created

    def _leave_views(self, number: int) -> None:
        if self.get(number) is None:
            return
        for wanted, ids in self._views.items():
            if self._wants(wanted, number):
                del ids[self._place(wanted, ids, number)]

    def _wants(self, wanted: Wanted, number: int) -> bool:
        """A record without a time is never at or after one."""
        late = wanted.modified_from is None or self._modified[number] >= max(0, wanted.modified_from)
        return late and (wanted.created_from is None or self._created[number] >= max(0, wanted.created_from))

    def _view(self, wanted: Wanted) -> array[int]:
        if wanted in self._views:
            self._views.move_to_end(wanted)
            return self._views[wanted]
        view = array("q", self._build(wanted))
        self._views[wanted] = view
        if len(self._views) > KEPT_VIEWS:
            self._views.popitem(last=False)
        return view

    def _build(self, wanted: Wanted) -> list[int]:
        ids = [number for number in self._candidates(wanted) if self._wants(wanted, number)]
        ids.sort()
        if wanted.order != "id":
            ids.sort(key=self._value(wanted.order))
        return ids

    def _candidates(self, wanted: Wanted) -> Iterable[int]:
        """What has to be looked at: all, or for a modified time only what the order by modified shows."""
        if wanted.modified_from is None:
            return (number for number, body in enumerate(self._bodies) if body is not None)
        by_modified = self._view(Wanted("modified"))
        start = bisect_left(by_modified, wanted.modified_from, key=self._modified.__getitem__)
        return by_modified[start:]

    def _place(self, wanted: Wanted, ids: array[int], number: int) -> int:
        """Where a record stands in a view, or would: records of equal value stand by id."""
        if wanted.order == "id":
            return bisect_left(ids, number)
        value = self._value(wanted.order)
        return bisect_left(ids, (value(number), number), key=lambda other: (value(other), other))

    def _value(self, order: str) -> Callable[[int], Any]:
        if order == "modified":
            return self._modified.__getitem__
        if order == "created":
            return self._created.__getitem__
        return lambda number: _rank(json.loads(self._bodies[number] or b"{}").get(order))


def _rank(value: Any) -> tuple[int, Any]:
    """Values of any JSON type in one order: null, numbers, text, the rest."""
    if value is None:
        return 0, 0
    if isinstance(value, (int, float)):
        return 1, value
    return (2, value) if isinstance(value, str) else (3, json.dumps(value, sort_keys=True))
