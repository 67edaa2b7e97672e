"""The twelve collections of the source, as its document lists them; paths are below the base URL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ipaas_dagster.errors import UsageError


@dataclass(frozen=True)
class SourceCollection:
    """`polled`: paged, with a `modified` filter. `snapshot`: small, read whole. `get_by_id`: a documented GET
    of one record at `<path>/<id>`."""

    name: str
    path: str
    kind: Literal["polled", "snapshot"]
    get_by_id: bool = False


SOURCE_COLLECTIONS: tuple[SourceCollection, ...] = (
    SourceCollection("accounts", "accounts", "polled", get_by_id=True),
    SourceCollection("products", "products", "polled", get_by_id=True),
    SourceCollection("invoices", "invoices", "polled"),
    SourceCollection("subscriptions", "subscriptions", "polled", get_by_id=True),
    SourceCollection("transactions", "transactions", "polled"),
    SourceCollection("integrations", "integrations", "snapshot"),
    SourceCollection("salesforce_instances", "integrations/salesforce", "snapshot", get_by_id=True),
    SourceCollection("intacct_instances", "integrations/intacct", "snapshot", get_by_id=True),
    SourceCollection("objects", "instagaze/objects", "snapshot"),
    SourceCollection("schemas", "instagaze/schema", "snapshot"),
    SourceCollection("gateways", "gateways", "snapshot"),
    SourceCollection("pipelines", "pipelines", "snapshot", get_by_id=True),
)
POLLED = tuple(c.name for c in SOURCE_COLLECTIONS if c.kind == "polled")
SNAPSHOTS = tuple(c.name for c in SOURCE_COLLECTIONS if c.kind == "snapshot")

SCHEMA_FILTER = "filter[where][ppobject_id]"
"""The schema of one object; `schemas` is read object by object."""


def source_collection(name: str) -> SourceCollection:
    """Raises UsageError with the names that exist."""
    for collection in SOURCE_COLLECTIONS:
        if collection.name == name:
            return collection
    raise UsageError(f"{name!r} is not a collection of the source; there are {', '.join(POLLED + SNAPSHOTS)}")
