"""What a bulk job says of its records: three files of CSV, in any order, matched by the column that named them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from ipaas_dagster.destinations.base import Entry, Outcome
from ipaas_dagster.destinations.salesforce.pieces import Job
from ipaas_dagster.destinations.salesforce.problems import deleted, from_text, refused

SUCCESSFUL, FAILED, UNPROCESSED = "successfulResults", "failedResults", "unprocessedrecords"
FILES = (SUCCESSFUL, FAILED, UNPROCESSED)
_ERROR, _ID = "sf__Error", "sf__Id"


class Unreadable(Exception):
    """A file is no CSV with the columns that it must have."""


def outcomes_of(job: Job, files: Mapping[str, bytes], ended: str, *, deletes: bool) -> dict[int, Outcome]:
    """By entry id; records that no file names are missing. `ended` says how the job did, for what it left out."""
    found: dict[int, Outcome] = {}
    for _, entry in _rows(job, files[UNPROCESSED]):
        found[entry.entry_id] = Outcome(entry.entry_id, "retry", reason=f"it was not processed: {ended}")
    for row, entry in _rows(job, files[FAILED]):
        problems = [from_text(row.get(_ERROR) or "")]
        found[entry.entry_id] = deleted(entry, problems) if deletes else refused(entry, problems)
    for row, entry in _rows(job, files[SUCCESSFUL]):
        found[entry.entry_id] = Outcome(entry.entry_id, "delivered", external_id=row.get(_ID) or entry.external_id)
    return found


def _rows(job: Job, file: bytes) -> Iterator[tuple[dict[str, Any], Entry]]:
    if not file.strip():
        return
    try:
        reader = csv.DictReader(io.StringIO(file.decode("utf-8-sig"), newline=""))
    except UnicodeDecodeError:
        raise Unreadable("a result file is no UTF-8") from None
    if job.column not in (reader.fieldnames or ()):
        raise Unreadable(f"a result file has no column {job.column}")
    for row in reader:
        for entry in job.rows.get(row[job.column] or "", ()):
            yield row, entry
