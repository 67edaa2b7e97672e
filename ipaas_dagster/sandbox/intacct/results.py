"""Result sets of readByQuery that readMore goes on with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass
class ResultSet:
    """The records that matched when the query ran, by number, and how many were given out."""

    id: str
    session: str
    name: str
    fields: Sequence[str]
    numbers: Sequence[int]
    pagesize: int
    given: int = 0

    def next_page(self) -> Sequence[int]:
        page = self.numbers[self.given : self.given + self.pagesize]
        self.given += len(page)
        return page

    @property
    def remaining(self) -> int:
        return len(self.numbers) - self.given


class Results:
    """Sets that have more to give. A set belongs to its session; the newest of an object goes by its name too."""

    def __init__(self) -> None:
        self._sets: dict[str, ResultSet] = {}
        self._count = 0

    def new(self, session: str, name: str, fields: Sequence[str], numbers: Sequence[int], pagesize: int) -> ResultSet:
        self._count += 1
        made = ResultSet(f"sandbox-{self._count:08d}@result", session, name, fields, numbers, pagesize)
        self._sets[made.id] = made
        return made

    def find(self, session: str, *, id: str = "", name: str = "") -> ResultSet | None:
        mine = [one for one in self._sets.values() if one.session == session]
        fitting = [one for one in mine if (one.id == id if id else one.name == name)]
        return fitting[-1] if fitting else None

    def done(self, finished: ResultSet) -> None:
        self._sets.pop(finished.id, None)
