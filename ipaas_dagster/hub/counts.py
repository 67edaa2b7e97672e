"""The balance of one landing: how many records of each collection ended in which way."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from ipaas_dagster.contracts.base import Collection
from ipaas_dagster.hub.matching import some

if TYPE_CHECKING:
    from ipaas_dagster.hub.store import HubConnection


@dataclass(frozen=True)
class Counts:
    """What became of the records of one collection in one landing. `deleted` and `held` stand beside it:
    fetched = inserted + updated + unchanged + stale + duplicate + rejected."""

    fetched: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    stale: int = 0
    duplicate: int = 0
    rejected: int = 0
    deleted: int = 0
    warned: int = 0
    held: int = 0

    @property
    def balanced(self) -> bool:
        ended = self.inserted + self.updated + self.unchanged + self.stale + self.duplicate + self.rejected
        return self.fetched == ended

    def __add__(self, other: Counts) -> Counts:
        return Counts(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})


_FETCHED_RECORDS = "SELECT count(*) FROM staged_lines"
_FETCHED_ELEMENTS = """
    SELECT (SELECT count(*) FROM staged_{name})
         + (SELECT count(*) FROM staged_rejects WHERE collection = '{name}')"""

# Counted on its own, never as what is left over: otherwise a lost record would look balanced.
_DUPLICATE_RECORDS = "SELECT count(*) FROM losers"
_DUPLICATE_ELEMENTS = f"""
    SELECT (SELECT count(*) FROM staged_{{name}} s WHERE {some("losers", "s")})
         + (SELECT count(*) FROM staged_rejects r WHERE collection = '{{name}}' AND {some("losers", "r")})
         + (SELECT count(*) FROM losers_{{name}})"""

_STALE_REJECTS = f"""
    SELECT count(*) FROM staged_rejects r WHERE collection = '{{name}}' AND {some("outdated", "r")}"""


def count(connection: HubConnection, collection: Collection, *, held: int) -> Counts:
    """The counts of one collection, from the tables that classification made."""
    name, is_child = collection.name, collection.parent is not None

    def number(sql: str) -> int:
        row = connection.execute(sql.format(name=name)).fetchone()
        return int(row[0]) if row else 0

    verdicts = dict(connection.execute(f"SELECT verdict, count(*) FROM verdict_{name} GROUP BY verdict").fetchall())
    return Counts(
        fetched=number(_FETCHED_ELEMENTS if is_child else _FETCHED_RECORDS),
        inserted=verdicts.get("insert", 0),
        updated=verdicts.get("update", 0),
        # an element marked deleted is an observation; the delete itself is counted beside the balance
        unchanged=verdicts.get("unchanged", 0) + verdicts.get("delete", 0),
        stale=verdicts.get("stale", 0) + number(_STALE_REJECTS),
        duplicate=number(_DUPLICATE_ELEMENTS if is_child else _DUPLICATE_RECORDS),
        rejected=number("SELECT count(*) FROM rejected_{name}"),
        deleted=number("SELECT count(*) FROM gone_{name}"),
        warned=number("SELECT count(*) FROM staged_warnings WHERE collection = '{name}'"),
        held=held,
    )


def write_counts(
    connection: HubConnection, landing_id: str, source: str, collection: Collection, counts: Counts
) -> None:
    names = [f.name for f in fields(counts)]
    level = "element" if collection.parent else "record"
    connection.execute(
        f"INSERT INTO hub.landing_counts (landing_id, source_collection, collection, level, "
        f"{', '.join(names)}) VALUES (?, ?, ?, ?{', ?' * len(names)})",
        [landing_id, source, collection.name, level, *asdict(counts).values()],
    )
