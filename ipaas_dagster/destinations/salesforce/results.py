"""What a bulk job says of its records: three files of CSV, in any order, matched by the column that named them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping

from ipaas_dagster.destinations.base import Entry, Outcome
from ipaas_dagster.destinations.salesforce.pieces import Job
from ipaas_dagster.destinations.salesforce.problems import deleted, from_text, refused

SUCCESSFUL, FAILED, UNPROCESSED = "successfulResults", "failedResults", "unprocessedrecords"
FILES = (SUCCESSFUL, FAILED, UNPROCESSED)
_ERROR, _ID = "sf__Error", "sf__Id"


class Unreadable(Exception):
    """A file is no whole CSV."""


class Unmatched(Exception):
    """A file lacks the column that tells its rows apart: Salesforce leaves out what is not spelt as it spells it."""


def outcomes_of(job: Job, files: Mapping[str, bytes], ended: str, *, deletes: bool) -> dict[int, Outcome]:
    """By entry id; records that no file names are missing. `ended` says how the job did, for what it left out.
    Raises Unreadable, Unmatched."""
    found: dict[int, Outcome] = {}
    for _, _, entry in _rows(job, files[UNPROCESSED]):
        found[entry.entry_id] = Outcome(entry.entry_id, "retry", reason=f"it was not processed: {ended}")
    for _, said, entry in _rows(job, files[FAILED]):
        problems = [from_text(said)]
        found[entry.entry_id] = deleted(entry, problems) if deletes else refused(entry, problems)
    for own_id, _, entry in _rows(job, files[SUCCESSFUL]):
        found[entry.entry_id] = Outcome(entry.entry_id, "delivered", external_id=own_id or entry.external_id)
    return found


def _rows(job: Job, file: bytes) -> Iterator[tuple[str, str, Entry]]:
    """(Salesforce id, error, entry) of each row; the text is never held as a whole."""
    if not file.strip():
        return
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(file), "utf-8-sig", newline=""))
    try:
        place = {name: number for number, name in enumerate(next(reader))}
        if job.column not in place:
            raise Unmatched(f"a result file has no column {job.column}: write that field as the org spells it")
        key, own_id, error = place[job.column], place.get(_ID), place.get(_ERROR)
        for row in reader:
            for entry in job.rows.get(row[key], ()):
                yield row[own_id] if own_id is not None else "", row[error] if error is not None else "", entry
    except (csv.Error, UnicodeDecodeError, IndexError) as problem:
        raise Unreadable(f"a result file cannot be read: {type(problem).__name__}") from None
