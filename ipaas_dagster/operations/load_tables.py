"""The tables of a parallel first load: one at a time a collection, cut into ranges that workers take."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table

from ipaas_dagster.operations.column_types import Number, UtcTime
from ipaas_dagster.operations.tables import metadata

loads = Table(
    "loads",
    metadata,
    Column("collection", String, primary_key=True),
    Column("load_id", String, nullable=False),
    Column("state", String, nullable=False),  # running, done
    Column("heads_landing_id", String, nullable=False),  # holds the first page of every range
    Column("cursor", UtcTime),  # where the polls go on from when all is landed
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
)

load_ranges = Table(
    "load_ranges",
    metadata,
    Column("collection", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("load_id", String, nullable=False),
    Column("at", Number, nullable=False),  # the offset of its first page when the load began
    Column("counted", Number),  # how many records the source counted then
    Column("first_line", Number, nullable=False),  # of that page, among the heads
    Column("lines", Integer, nullable=False),
    Column("landing_id", String),  # null: not landed yet
)
