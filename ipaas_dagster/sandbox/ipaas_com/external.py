"""External ids: which record here is which record of a system, by table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ipaas_dagster.sandbox.ipaas_com.problems import duplicate
from ipaas_dagster.sandbox.ipaas_com.settings import Settings

Key = tuple[int, str, str]
"""(system id, table in small letters, external id)"""


@dataclass
class Link:
    number: int
    system_id: int
    table: str
    external_id: str
    internal_id: int
    deleted: bool = False

    @property
    def answered(self) -> str:
        """What a look-up of its external id says."""
        return f"DELETED:{self.internal_id}" if self.deleted else str(self.internal_id)

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.number,
            "system_id": self.system_id,
            "external_id": self.external_id,
            "internal_id": self.internal_id,
        }


@dataclass
class Links:
    """One a record and system; see Settings for what is unique."""

    _by_key: dict[Key, Link] = field(default_factory=dict)
    _by_record: dict[tuple[str, int], dict[int, Link]] = field(default_factory=dict)
    _next: int = 1

    def find(self, system_id: int, table: str, external_id: str) -> Link | None:
        return self._by_key.get((system_id, table.lower(), external_id))

    def of(self, table: str, internal_id: int) -> list[Link]:
        return list(self._by_record.get((table.lower(), internal_id), {}).values())

    def check(self, system_id: int, table: str, external_id: str, mine: int | None, code: str, by: Settings) -> None:
        """Raises Problem where the external id is another record's; `mine` is the record that is to have it."""
        if by.ids_unique == "table":
            taken = [self._by_key.get((system_id, table.lower(), external_id))]
        else:
            taken = [link for key, link in self._by_key.items() if (key[0], key[2]) == (system_id, external_id)]
        for link in taken:
            if link is None or (link.table == table.lower() and link.internal_id == mine):
                continue
            if not link.deleted or by.deleted_ids_block:
                raise duplicate(code, external_id, system_id)

    def put(self, system_id: int, table: str, external_id: str, internal_id: int) -> Link:
        """The record has this external id from now on, in place of what it had in this system."""
        table = table.lower()
        mine = self._by_record.setdefault((table, internal_id), {})
        old = mine.get(system_id)
        if old is not None and old.external_id == external_id and not old.deleted:
            return old
        if old is not None:
            self._by_key.pop((system_id, table, old.external_id), None)
        number, self._next = (old.number, self._next) if old else (self._next, self._next + 1)
        mine[system_id] = Link(number, system_id, table, external_id, internal_id)
        self._by_key[system_id, table, external_id] = mine[system_id]
        return mine[system_id]

    def mark_deleted(self, table: str, internal_id: int) -> None:
        """Look-ups say of it that it was deleted."""
        for link in self.of(table, internal_id):
            link.deleted = True

    def forget(self, table: str, internal_id: int, system_id: int) -> bool:
        """Whether there was one."""
        link = self._by_record.get((table.lower(), internal_id), {}).pop(system_id, None)
        if link is None:
            return False
        if self._by_key.get((system_id, link.table, link.external_id)) is link:
            del self._by_key[system_id, link.table, link.external_id]
        return True
