"""Stage 1: reading the source into landings.

collections   what there is to read
address, connection, parse, client      one request and its answer (`http.py` is the policy)
chain, ahead, scan                      a list, completely, while others write to it
probe, facts, window, polled, snapshot  the scopes, and what the server honours
redaction, cards                        secrets never reach a file
landing, landed                         the file, its row, orphans
changes, confirm                        the sensor's probe; one record by id
"""

from ipaas_dagster.source.changes import Changes, changes, mark_launched
from ipaas_dagster.source.collections import (
    POLLED,
    SNAPSHOTS,
    SOURCE_COLLECTIONS,
    SourceCollection,
    source_collection,
)
from ipaas_dagster.source.confirm import Confirmed, get_record, get_records
from ipaas_dagster.source.landed import add_landing, adopt_orphans, read_cursor, scan_lock, write_cursor
from ipaas_dagster.source.landing import LandingStore

__all__ = [
    "POLLED",
    "SNAPSHOTS",
    "SOURCE_COLLECTIONS",
    "Changes",
    "Confirmed",
    "LandingStore",
    "SourceCollection",
    "add_landing",
    "adopt_orphans",
    "changes",
    "get_record",
    "get_records",
    "mark_launched",
    "read_cursor",
    "scan_lock",
    "source_collection",
    "write_cursor",
]
