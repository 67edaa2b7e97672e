"""Every number that goes into the tables, with where it is from."""

from __future__ import annotations

from dataclasses import dataclass

MEASURED, VENDOR, ASSUMED = "measured", "vendor", "assumed"
"""Here, by a command of this repository; on the vendor's own pages, not tried; chosen, put your own in."""


@dataclass(frozen=True)
class Number:
    value: float
    unit: str
    origin: str
    what: str


# What is held, and what is asked

RECORDS = Number(1e9, "records", ASSUMED, "hub records of all portals")
PORTALS = Number(10_000, "portals", ASSUMED, "each an installation of its own: one source, one hub schema")
HUB_PER_SOURCE = Number(
    2.09, "hub records", MEASURED, "of a source record, with its contacts and invoice lines, in the sandbox's mix"
)
POLLED = Number(5, "collections", MEASURED, "that are polled, one request each where nothing is new")
CHANGED_A_DAY = Number(0.01, "share", ASSUMED, "of the hub's records that change in a day")
BUSY_HOURS = Number(10, "hours", ASSUMED, "of a day in which they change")
SYSTEMS = Number(2, "systems", ASSUMED, "that each portal delivers to")

# The source

PAGE = Number(98, "records", MEASURED, "new ones of a page of 100: two overlap with its neighbour")
CONNECTIONS = Number(8, "requests", ASSUMED, "at a time (IPAAS_CONNECTIONS)")
SOURCE_SECONDS = Number(0.2, "s", ASSUMED, "that Instagaze takes for a page; it publishes neither times nor limits")

# Processor time

SCAN_CPU = Number(25e-6, "s", MEASURED, "a source record read into a landing")
MERGE_CPU = Number(47e-6, "s", MEASURED, "a hub record through contract and merge into DuckDB")
SERVED_CPU = Number(57e-6, "s", MEASURED, "the same into PostgreSQL, of ours")
SERVER_CPU = Number(48e-6, "s", MEASURED, "the same, of PostgreSQL's own")
SYNC_CPU = Number(1.4, "s", MEASURED, "`ipaas sync` with nothing new, deliveries included: a process from start to end")
RUN_CPU = Number(5.1, "s", MEASURED, "a Dagster run of `sync` with little to do, in one process, imports included")
DELIVERY_CPU = Number(4.1, "s", MEASURED, "a Dagster run of a delivery with little to do")
STEP_CPU = Number(0.25, "s", MEASURED, "a step with little to do on a warm Celery worker")
TICK_CPU = Number(0.010, "s", MEASURED, "a sensor's tick in the code server, nothing to do")
TICKS = Number(
    20_640, "ticks", MEASURED, "of a portal in a day: one sensor every 30 s, two every 10 s, five polls every 15 min"
)

# Bytes

LANDING_BYTES = Number(96, "bytes", MEASURED, "a source record in a landing (zstd)")
DUCKDB_BYTES = Number(390, "bytes", MEASURED, "a hub record with its first version, change and sightings in DuckDB")
POSTGRESQL_BYTES = Number(1_774, "bytes", MEASURED, "the same in PostgreSQL, with its indexes")
OUTBOX_BYTES = Number(1_508, "bytes", MEASURED, "a delivered entry with attempts, link and ledger in operations")
EVENTS_BYTES = Number(370_000, "bytes", MEASURED, "a run of `sync` (15 steps, 185 events) in Dagster's PostgreSQL")
CODE_BYTES = Number(258e6, "bytes", MEASURED, "of memory: a code server, both processes")
WORKER_BYTES = Number(445e6, "bytes", MEASURED, "of memory: a Celery worker and its child, after merges")

# Cost

CORE_HOUR = Number(0.04, "$", ASSUMED, "of one core for an hour")
DATABASE_MONTH = Number(0.12, "$", ASSUMED, "of a gigabyte in a managed PostgreSQL for a month")
OBJECT_MONTH = Number(0.023, "$", ASSUMED, "of a gigabyte in an object store for a month")
