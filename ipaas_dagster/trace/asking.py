"""What a person asks of a trace beside the record's name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from ipaas_dagster.errors import UsageError


@dataclass(frozen=True)
class Wanted:
    """`records`: the source's record as it was received, at every sighting. `bodies`: whole requests and answers.
    `read`: ask the systems what they hold now. `deep`: read landings that no sightings are kept of."""

    records: bool = False
    bodies: bool = False
    read: bool = False
    deep: bool = False
    as_of: datetime | None = None


def moment(text: str | None) -> datetime | None:
    """ISO 8601; a time without an offset is UTC, a day alone its beginning. Raises UsageError."""
    if text is None:
        return None
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no time; write it as 2026-01-31T12:00:00Z") from None
    return given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)
