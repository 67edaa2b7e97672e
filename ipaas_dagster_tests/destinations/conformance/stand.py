"""Where the conformance suite meets one destination: how it is connected, looked into, and brought into trouble.

A new entry of DESTINATIONS gets a `Stand` here; the suite then runs over it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ipaas_dagster import contracts
from ipaas_dagster.contracts.base import Type
from ipaas_dagster.destinations import destination_kind
from ipaas_dagster.destinations.base import Batch, Destination, Entry, Setting, Shape
from ipaas_dagster.outbox.entry import batch_id, request_key

CLOCK = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Stand:
    """`fields` are the preset's. `bad`: a payload change that this system refuses, None where it takes anything.
    `unreachable`: fields that lead nowhere."""

    name: str
    kind: str
    fields: Mapping[str, str]
    bad: Mapping[str, Any] | None
    unreachable: Mapping[str, str]
    keeps_order: bool = False
    """It folds batches in the order in which they came, not by version."""

    def connect(self, fields: Mapping[str, str] | None = None) -> Destination:
        setting = Setting("it", fields or self.fields, SHAPES, lambda: CLOCK, lambda call: None)
        return destination_kind(self.kind).connect(setting)


def _shape(name: str) -> Shape:
    columns = {column.name: column.type for column in contracts.collection(name).columns}
    return Shape(name, name, "hub_id", {"hub_id": Type.TEXT, **columns})


SHAPES = {name: _shape(name) for name in ("customers", "contacts", "invoices")}

Make = Callable[[Path, Callable[[str], str]], Stand]
"""make(folder, fixture by name) -> the stand; a fixture is only asked for where it is needed."""


def _sqlite(folder: Path, fixture: Callable[[str], str]) -> Stand:
    url = f"sqlite:///{folder}/sql.db"
    nowhere = f"sqlite:///{folder}/a_file/sql.db"
    (folder / "a_file").write_text("not a folder")
    return Stand("sqlite", "sql", {"url": url}, {"name": "\ud800"}, {"url": nowhere})


def _postgresql(folder: Path, fixture: Callable[[str], str]) -> Stand:
    url = fixture("postgresql")
    nowhere = "postgresql+psycopg://user:secret@127.0.0.1:1/nothing"
    return Stand("postgresql", "sql", {"url": url}, {"name": "a\x00b"}, {"url": nowhere})


def _files(format: str) -> Make:
    def make(folder: Path, fixture: Callable[[str], str]) -> Stand:
        (folder / "a_file").write_text("not a folder")
        fields = {"folder": str(folder / "files"), "format": format}
        return Stand(format, "files", fields, None, {**fields, "folder": str(folder / "a_file")}, True)

    return make


STANDS: dict[str, Make] = {
    "sql-sqlite": _sqlite,
    "sql-postgresql": _postgresql,
    "files-jsonl": _files("jsonl"),
    "files-csv": _files("csv"),
    "files-parquet": _files("parquet"),
}


def upsert(which: int, version: int = 1, *, epoch: str = "e", **columns: Any) -> Entry:
    """Customer `which` at `version`; columns not given are null."""
    return _entry(which, version, "upsert", epoch, columns)


def delete(number: int, version: int, *, epoch: str = "e") -> Entry:
    return _entry(number, version, "delete", epoch, {})


def _entry(number: int, version: int, operation: Any, epoch: str, columns: Mapping[str, Any]) -> Entry:
    hub_id = f"instagaze:accounts:{number}"
    payload = dict.fromkeys(SHAPES["customers"].fields) | {"hub_id": hub_id, "name": f"Customer {number}"}
    seq = number * 100 + version
    return Entry(
        entry_id=seq,
        request_key=request_key("it", "customers", hub_id, epoch, seq, operation),
        collection="customers",
        object="customers",
        hub_id=hub_id,
        operation=operation,
        seq=seq,
        version=version,
        payload=payload | columns if operation == "upsert" else None,
        external_id=None,
        epoch=epoch,
    )


def batch(*entries: Entry) -> Batch:
    return Batch(batch_id(entry.request_key for entry in entries), "customers", entries)


def held(destination: Destination, *numbers: int) -> dict[int, str | None]:
    """Customer -> its name there, None where it is not there."""
    ids = {f"instagaze:accounts:{n}": n for n in numbers}
    found = destination.read("customers", "customers", list(ids))
    return {ids[i]: (record["name"] if record else None) for i, record in found.items()}
