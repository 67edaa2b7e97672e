"""The records of the company, found by number, key and index; every write can be undone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ipaas_dagster.sandbox.intacct.fields import Record, Value, show
from ipaas_dagster.sandbox.intacct.objects import INDEXES, OBJECTS, ObjectType

USER_NUMBER = 1


class Shelf:
    """One object's records by RECORDNO, in their order of creation. A record is never changed, only replaced."""

    def __init__(self, kind: ObjectType) -> None:
        self.kind = kind
        self._records: dict[int, Record] = {}
        names = {(kind.key,), *INDEXES.get(kind.name, ())}
        self._indexes: dict[tuple[str, ...], dict[tuple[str, ...], dict[int, None]]] = {name: {} for name in names}

    def get(self, number: int) -> Record | None:
        return self._records.get(number)

    def find(self, **fields: Value) -> list[Record]:
        """Records with these values, by an index that is declared; oldest first."""
        index = self._indexes[tuple(fields)]
        numbers = index.get(tuple(show(value) for value in fields.values()), {})
        return [self._records[number] for number in sorted(numbers)]

    def by_key(self, key: str) -> Record | None:
        found = self.find(**{self.kind.key: key})
        return found[0] if found else None

    def replace(self, number: int, record: Record | None) -> Record | None:
        """Put a record there, or nothing; returns what was there."""
        before = self._records.pop(number, None)
        if before is not None:
            for names, index in self._indexes.items():
                index[self._entry(before, names)].pop(number)
        if record is not None:
            self._records[number] = record
            for names, index in self._indexes.items():
                index.setdefault(self._entry(record, names), {})[number] = None
        return before

    def _entry(self, record: Record, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(show(record.get(name)) for name in names)

    def numbers(self) -> list[int]:
        return sorted(self._records)

    def __iter__(self) -> Iterator[Record]:
        return (self._records[number] for number in self.numbers())

    def __len__(self) -> int:
        return len(self._records)


class Company:
    """All shelves. `mark` and `undo` bracket what may have to be taken back; numbers are never used again."""

    def __init__(self) -> None:
        self.shelves = {name: Shelf(kind) for name, kind in OBJECTS.items()}
        self._next = dict.fromkeys(OBJECTS, 1)
        self._undo: list[tuple[str, int, Record | None]] = []
        self._numbered: dict[str, int] = {}

    def __getitem__(self, name: str) -> Shelf:
        return self.shelves[name]

    def add(self, name: str, record: Record, now: datetime) -> Record:
        """Store a new record with the next RECORDNO and its stamps; returns it whole."""
        number = self._next[name]
        self._next[name] = number + 1
        stamps: dict[str, Value] = {"CREATEDBY": USER_NUMBER}
        # An invoice's WHENCREATED is the day its sender gave; when it was stored stands in AUWHENCREATED.
        fields = self.shelves[name].kind.fields
        stamps["AUWHENCREATED" if "AUWHENCREATED" in fields else "WHENCREATED"] = now.replace(microsecond=0)
        return self.put(name, {"RECORDNO": number, **stamps, **record}, now)

    def put(self, name: str, record: Record, now: datetime) -> Record:
        """Replace a record, modified now."""
        whole: Record = {**record, "WHENMODIFIED": now.replace(microsecond=0), "MODIFIEDBY": USER_NUMBER}
        self._write(name, number_of(whole), whole)
        return whole

    def remove(self, name: str, number: int) -> None:
        self._write(name, number, None)

    def _write(self, name: str, number: int, record: Record | None) -> None:
        self._undo.append((name, number, self.shelves[name].replace(number, record)))

    def mark(self) -> int:
        return len(self._undo)

    def undo(self, mark: int) -> None:
        """Take back everything since that mark, last first."""
        while len(self._undo) > mark:
            name, number, before = self._undo.pop()
            self.shelves[name].replace(number, before)

    def keep(self) -> None:
        """What was written stays: forget how to undo it."""
        self._undo.clear()

    def next_text(self, prefix: str) -> str:
        """The next number of a document sequence: INV-1, INV-2, ..."""
        self._numbered[prefix] = self._numbered.get(prefix, 0) + 1
        return f"{prefix}{self._numbered[prefix]}"


def number_of(record: Record) -> int:
    return int(str(record["RECORDNO"]))
