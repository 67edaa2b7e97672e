"""The tables of what is watched over: differences of systems, holds and pauses, alerts, what was pruned."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Integer, String, Table, Text

from ipaas_dagster.operations.column_types import Number, UtcTime
from ipaas_dagster.operations.tables import metadata

differences = Table(  # what a system holds otherwise than it was sent, as the last comparison found it
    "differences",
    metadata,
    Column("system", String, primary_key=True),
    Column("collection", String, primary_key=True),
    Column("hub_id", String, primary_key=True),
    Column("what", String, nullable=False),  # missing, changed, extra
    Column("state", String, nullable=False),  # found, queued, remark (it came back right after its repair)
    Column("external_id", String),
    Column("entry_id", Number, nullable=False, default=0),  # the newest confirmed one when it was looked at
    Column("payload_hash", String),
    Column("found_hash", String),  # of the differing values that were found
    Column("fields", JSON, nullable=False),  # their names
    Column("told", Boolean, nullable=False, default=False),
    Column("run_id", String, nullable=False, default=""),
    Column("found_at", UtcTime, nullable=False),
)

change_holds = Table(  # a mass change that a route does not read on into before a person says so
    "change_holds",
    metadata,
    Column("system", String, primary_key=True),
    Column("collection", String, primary_key=True),
    Column("kind", String, primary_key=True),  # changes (of one landing), repairs, deletes (found by a comparison)
    Column("state", String, nullable=False),  # waiting, approved
    Column("epoch", String, nullable=False),
    Column("before_seq", Number, nullable=False),  # the route waits before this change
    Column("upto_seq", Number, nullable=False),  # the last one of the mass
    Column("landing_id", String),
    Column("records", Number, nullable=False),
    Column("alive", Number, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("approved_at", UtcTime),
)

alerts = Table(  # causes of alerts, each told when it opens and when it is over
    "alerts",
    metadata,
    Column("alert_id", String, primary_key=True),
    Column("cause", String, nullable=False, index=True),  # such as dead:salesforce/customers
    Column("kind", String, nullable=False),
    Column("message", Text, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("told_at", UtcTime),
    Column("closed_at", UtcTime),
    Column("recovery_told_at", UtcTime),
    Column("tries", Integer, nullable=False, default=0),
    Column("tried_at", UtcTime),  # in vain
    Column("trouble", Text),  # why it could not be told last
    Column("run_id", String, nullable=False, default=""),
)

carried = Table(  # counts of what was pruned, so that the books still balance
    "carried",
    metadata,
    Column("system", String, primary_key=True),
    Column("collection", String, primary_key=True),
    Column("state", String, primary_key=True),  # of the entries: delivered, superseded
    Column("entries", Number, nullable=False),
    Column("settled_before", UtcTime, nullable=False),  # what was settled before is forgotten
)

pauses = Table(  # nothing is sent there until a person says so
    "pauses",
    metadata,
    Column("system", String, primary_key=True),
    Column("collection", String, primary_key=True),  # empty: the whole system
    Column("reason", Text, nullable=False),
    Column("run_id", String, nullable=False, default=""),
    Column("paused_at", UtcTime, nullable=False),
)
