"""The tables of the operations store: small rows, many transactions. Times are aware UTC.

Add columns and tables here; never rename one (outside checks read them).
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    text,
)

from ipaas_dagster.operations.column_types import Number, UtcTime, Words

metadata = MetaData()

SCHEMA_VERSION = 10

WHERE = "where"
"""Of an index's `info`: which rows it has. PostgreSQL is told by who opens it: naming it here imports all of its
dialect, a twentieth of the start of each command."""

schema_version = Table("schema_version", metadata, Column("version", Integer, primary_key=True))

cursors = Table(
    "cursors",
    metadata,
    Column("source_system", String, primary_key=True),
    Column("collection", String, primary_key=True),
    Column("cursor", UtcTime),  # null: the next poll is full
    Column("probe_mark", UtcTime),  # server time of the last probe that launched a run
    Column("digest", String),  # of a snapshot's last content: same again means no landing
    Column("landing_id", String),  # the landing that moved the cursor last
    Column("updated_at", UtcTime, nullable=False),
)

server_facts = Table(  # what a probe proved about a server, so that it is asked once
    "server_facts",
    metadata,
    Column("source_system", String, primary_key=True),
    Column("base_url", String, primary_key=True),
    Column("collection", String, primary_key=True),
    Column("fact", String, primary_key=True),
    Column("value", JSON, nullable=False),
    Column("proven_at", UtcTime, nullable=False),
)

landings = Table(
    "landings",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),  # first in, first out per collection
    Column("landing_id", String, nullable=False, unique=True),
    Column("source_system", String, nullable=False),
    Column("collection", String, nullable=False),
    Column("scope", String, nullable=False),
    Column("window_from", UtcTime),
    Column("window_to", UtcTime),
    Column("state", String, nullable=False),  # waiting, merged, damaged, pruned
    Column("reason", Words),
    Column("records", Number, nullable=False),
    Column("bytes", Number, nullable=False),
    Column("sha256", String, nullable=False),
    Column("observed_from", UtcTime, nullable=False),
    Column("observed_to", UtcTime, nullable=False),
    Column("run_id", String, nullable=False),
    Column("details", JSON, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("merged_at", UtcTime),
)
Index("landings_waiting", landings.c.state, landings.c.collection, landings.c.number)

positions = Table(  # how far a route has read the hub's changes, and what became of them
    "positions",
    metadata,
    Column("system", String, primary_key=True),
    Column("collection", String, primary_key=True),
    Column("epoch", String, nullable=False),
    Column("seq", Number, nullable=False),
    Column("enabled", Boolean, nullable=False, default=True),
    Column("template_digest", String),
    Column("changes", Number, nullable=False, default=0),
    Column("queued", Number, nullable=False, default=0),
    Column("coalesced", Number, nullable=False, default=0),
    Column("same_as_delivered", Number, nullable=False, default=0),
    Column("filtered", Number, nullable=False, default=0),
    Column("not_needed", Number, nullable=False, default=0),
    Column("seeded", Number, nullable=False, default=0),  # of `changes`: records counted without a change of the hub
    Column("seed", JSON),  # how far an unfinished seeding got: {phase, after, deletes}
    Column("updated_at", UtcTime, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("entry_id", Number, primary_key=True, autoincrement=True),
    Column("system", String, nullable=False),
    Column("collection", String, nullable=False),
    Column("hub_id", String, nullable=False),
    Column("operation", String, nullable=False),  # upsert, delete
    Column("state", String, nullable=False),
    Column("epoch", String, nullable=False),
    Column("seq", Number, nullable=False),  # of the change it stands for
    Column("version", Integer, nullable=False),
    Column("changed_us", Number),  # when the hub took that version, in microseconds since 1970
    Column("request_key", String, nullable=False),  # the idempotency key; the same for every attempt
    Column("payload_hash", String),
    Column("refs", JSON),  # hub ids that must be known there first
    Column("blocked_on", String),
    Column("reason", Words),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_attempt_at", UtcTime),
    Column("batch_id", String),
    Column("sent", LargeBinary),  # the bytes sent, where a doubt repeats them
    Column("run_id", String, nullable=False, default=""),
    Column("queued_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("acknowledged_at", UtcTime),  # a person let this dead entry go
    Column("told_at", UtcTime),  # a person was told that it is blocked for good
    Column("died_of", Words),  # of a superseded one that was dead: its reason then
)
Index("outbox_owed", outbox.c.system, outbox.c.state, outbox.c.operation, outbox.c.collection, outbox.c.entry_id)
Index("outbox_record", outbox.c.system, outbox.c.collection, outbox.c.hub_id)

payloads = Table(  # apart from the entries: an entry is written three times on its way, its payload once
    "payloads",
    metadata,
    Column("entry_id", Number, primary_key=True, autoincrement=False),
    Column("payload", LargeBinary, nullable=False),  # rendered, references as hub ids
)

attempts = Table(
    "attempts",
    metadata,
    Column("attempt_id", Number, primary_key=True, autoincrement=True),
    Column("entry_id", Number, nullable=False, index=True),
    Column("call_id", String),
    Column("number", Integer, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("outcome", String, nullable=False),
    Column("reason", Words),
    Column("run_id", String, nullable=False, default=""),
)

links = Table(
    "links",
    metadata,
    Column("system", String, primary_key=True),
    Column("collection", String, primary_key=True),
    Column("hub_id", String, primary_key=True),
    Column("external_id", String),
    Column("payload_hash", String),  # of what the system last confirmed; null after a delete
    Column("version", Integer),
    Column("entry_id", Number),  # the confirmed entry
    Column("deleted", Boolean, nullable=False, default=False),
    Column("confirmed_at", UtcTime, nullable=False),
)
_ITS_OWN = text("external_id <> hub_id")
Index("links_external", links.c.external_id, sqlite_where=_ITS_OWN, info={WHERE: _ITS_OWN})
"""Only ids that the systems themselves gave: what keeps hub ids is found by them."""

calls = Table(
    "calls",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("call_id", String, nullable=False, index=True),
    Column("system", String, nullable=False),
    Column("direction", String, nullable=False),
    Column("method", String, nullable=False),
    Column("path", Words, nullable=False),
    Column("status", Integer),
    Column("attempt", Integer, nullable=False, default=1),
    Column("started_at", UtcTime, nullable=False),
    Column("duration_ms", Float, nullable=False, default=0.0),
    Column("bytes_out", Number, nullable=False, default=0),
    Column("bytes_in", Number, nullable=False, default=0),
    Column("outcome", String, nullable=False),
    Column("reason", Words),
    Column("request_digest", String),
    Column("response_digest", String),
    Column("request_body", Words),
    Column("response_body", Words),
    Column("run_id", String, nullable=False, default=""),
    Column("landing_id", String, index=True),
    Column("sending_id", String, index=True),  # of a delivery: the call_id of its attempts
    Column("first_line", Number),  # of a reading: the lines of the landing that it brought
    Column("lines", Integer),
)

_READ = text("first_line IS NOT NULL")
Index("calls_lines", calls.c.landing_id, calls.c.first_line, sqlite_where=_READ, info={WHERE: _READ})

call_bodies = Table(  # of writes, redacted, zstd; the columns of `calls` for them stay empty
    "call_bodies",
    metadata,
    Column("call_id", String, primary_key=True),
    Column("request", LargeBinary),
    Column("response", LargeBinary),
)

readings = Table(  # each chunk that a route read: with it, what became of a change that queued nothing can be told
    "readings",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("system", String, nullable=False),
    Column("collection", String, nullable=False),
    Column("epoch", String, nullable=False),
    Column("kind", String, nullable=False),  # changes, or all current records anew: records, links
    Column("after_seq", Number, nullable=False),  # changes with after_seq < seq <= upto_seq
    Column("upto_seq", Number, nullable=False),
    Column("after_id", String),  # records with after_id < hub_id <= upto_id; null: from the first, to the last
    Column("upto_id", String),
    Column("template_digest", String),
    Column("read_at", UtcTime, nullable=False),
    Column("run_id", String, nullable=False),
)
Index("readings_route", readings.c.system, readings.c.collection, readings.c.number)

batch_notes = Table(  # what a destination must know again after a crash in the middle of a batch
    "batch_notes",
    metadata,
    Column("system", String, primary_key=True),
    Column("batch_id", String, primary_key=True),
    Column("note", JSON, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
)

inbox = Table(
    "inbox",
    metadata,
    Column("event_id", String, primary_key=True),
    Column("system", String, primary_key=True),
    Column("collection", String, nullable=False),
    Column("source_id", String),
    Column("method", String, nullable=False),
    Column("state", String, nullable=False),  # pending, landed, waiting, done, ignored
    Column("received_at", UtcTime, nullable=False),
    Column("done_at", UtcTime),
    Column("landing_id", String),  # the landing that brought what the webhook was about
    Column("reason", Words),  # why it is not done yet, or was ignored
)
Index("inbox_state", inbox.c.state, inbox.c.system, inbox.c.collection, inbox.c.received_at)

marks = Table(  # one named value each: the hub epoch and seq last seen, baselines of what was reported
    "marks",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", JSON, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
)

leases = Table(  # exclusive work, where the store is shared by several machines; times by the database's clock
    "leases",
    metadata,
    Column("name", String, primary_key=True),
    Column("holder", String, nullable=False),  # empty: given back
    Column("token", Number, nullable=False),  # grows with every acquisition
    Column("acquired_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)
