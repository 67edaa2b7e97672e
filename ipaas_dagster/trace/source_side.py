"""Where in the landings a record stood, and which call brought each of those lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection, select

from ipaas_dagster.operations.tables import calls, landings
from ipaas_dagster.outbox.among import among

if TYPE_CHECKING:
    from ipaas_dagster.project import Project

Place = tuple[str, int]
"""(landing id, line from 1)"""


@dataclass(frozen=True)
class Landed:
    """A landing as operations knows it. `merged_at` is when the hub got it first."""

    landing_id: str
    collection: str
    scope: str
    state: str
    observed_from: datetime
    created_at: datetime
    merged_at: datetime | None
    run_id: str
    records: int


@dataclass(frozen=True)
class Line:
    """One line of a landing. `call` is its call's row in the ledger, None where none is known (any more)."""

    observed_at: datetime
    call: Mapping[str, Any] | None
    record: Any = None
    """As it was received, secrets removed; only where it was asked for. A tombstone names what is gone."""


def read_landings(project: Project, landing_ids: Iterable[str]) -> dict[str, Landed]:
    names = [c for c in landings.c if c.name in Landed.__dataclass_fields__]
    with project.operations.read() as connection:
        wanted = sorted(set(landing_ids))
        rows = connection.execute(select(*names).where(among(connection, landings.c.landing_id, wanted)))
        return {row["landing_id"]: Landed(**row) for row in rows.mappings()}


def read_lines(project: Project, places: Sequence[Place], *, records: bool) -> dict[Place, Line]:
    """Landings' files are opened only for their records, and where no call tells when a line was observed."""
    with project.operations.read() as connection:
        found = {place: _call_of(connection, *place) for place in dict.fromkeys(places)}
    untold = [place for place, call in found.items() if records or call is None]
    read = _read_files(project, untold)
    lines = {}
    for place, call in found.items():
        observed_at, record = read.get(place, (None, None))
        at = observed_at or (call["started_at"] if call else None)
        if at is not None:
            lines[place] = Line(at, call, record if records else None)
    return lines


def _call_of(connection: Connection, landing_id: str, line: int) -> Mapping[str, Any] | None:
    query = (
        select(calls)
        .where(calls.c.landing_id == landing_id, calls.c.first_line <= line)
        .order_by(calls.c.first_line.desc())
        .limit(1)
    )
    row = connection.execute(query).mappings().first()
    return shown_call(row) if row is not None and line < row["first_line"] + row["lines"] else None


_SHOWN = (
    "call_id", "system", "direction", "method", "path", "status", "attempt", "started_at", "duration_ms", "bytes_out",
    "bytes_in", "outcome", "reason", "request_digest", "response_digest", "run_id", "first_line", "lines",
)  # fmt: skip


def shown_call(row: Mapping[Any, Any]) -> dict[str, Any]:
    """What a trace tells of a call; what is empty is left out."""
    return {name: row[name] for name in _SHOWN if row[name] not in (None, "")}


class _Line(msgspec.Struct):
    observed_at: int
    record: Any = None
    deleted: str | None = None


def _read_files(project: Project, places: Sequence[Place]) -> dict[Place, tuple[datetime, Any]]:
    """A landing's lines are read up to the last one that is wanted; a file that is gone tells nothing."""
    wanted: dict[str, set[int]] = {}
    for landing_id, line in places:
        wanted.setdefault(landing_id, set()).add(line)
    found = {}
    for landing_id, numbers in wanted.items():
        for number, text in _lines(project, landing_id, numbers):
            try:
                told = msgspec.json.decode(text, type=_Line)
            except msgspec.MsgspecError:
                continue
            record = told.record if told.deleted is None else {"deleted": told.deleted}
            found[landing_id, number] = (_time(told.observed_at), record)
    return found


def _lines(project: Project, landing_id: str, numbers: set[int]) -> Iterable[tuple[int, bytes]]:
    last = max(numbers)
    try:
        for number, text in enumerate(project.landings.lines(landing_id), 1):
            if number in numbers:
                yield number, text
            if number >= last:
                return
    except OSError:
        return


def _time(micros: int) -> datetime:
    return datetime.fromtimestamp(micros // 1_000_000, UTC) + timedelta(microseconds=micros % 1_000_000)
