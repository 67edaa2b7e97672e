"""What a person asks of a trace beside the record's name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Wanted:
    """`records`: the source's record as it was received, at every sighting. `bodies`: whole requests and answers.
    `read`: ask the systems what they hold now. `deep`: read landings that no sightings are kept of."""

    records: bool = False
    bodies: bool = False
    read: bool = False
    deep: bool = False
    as_of: datetime | None = None
