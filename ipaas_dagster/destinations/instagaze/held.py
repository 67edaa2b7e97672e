"""What a portal holds beside what was written to it, field by field of the written form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ipaas_dagster.destinations.base import Entry
from ipaas_dagster.destinations.held import Held
from ipaas_dagster.destinations.instagaze.api import Record
from ipaas_dagster.destinations.instagaze.bodies import Bodies, Refused
from ipaas_dagster.destinations.instagaze.comparing import differing, form_of
from ipaas_dagster.destinations.instagaze.objects import BY_NAME, Written
from ipaas_dagster.destinations.instagaze.records import Records

FEW = 50
"""Up to so many are asked for one by one, where there is a GET of one; more are looked for in the list."""


def held(records: Records, bodies: Bodies, entries: Sequence[Entry]) -> dict[int, Held]:
    """By their ids there. Raises Unreachable, Throttled."""
    written = BY_NAME[entries[0].object]
    ids = [str(entry.external_id) for entry in entries if entry.external_id]
    there = records.find(written, ids) if len(ids) <= FEW else records.listed(written, ids)
    found = ((entry, there.get(str(entry.external_id))) for entry in entries)
    return {e.entry_id: _held(written, bodies, e, record) for e, record in found if record is not None}


def _held(written: Written, bodies: Bodies, entry: Entry, record: Record) -> Held:
    """Values are given as they are read; those that are the same in another form are given alike."""
    number = str(entry.external_id)
    try:
        body: Mapping[str, object] = bodies.of(entry.collection, entry.payload) if entry.payload else {}
    except Refused:
        body = {}
    other = differing(written, form_of(written, body), form_of(written, record))
    forms = zip(written.fields, form_of(written, body), form_of(written, record), strict=True)
    values = {field.name: (ours, theirs) for field, ours, theirs in forms if field.name in other}
    return Held(
        number,
        {name: repr(ours) for name, (ours, _) in values.items()},
        {name: repr(theirs) for name, (_, theirs) in values.items()},
    )
