"""2 What a record must be. One file per hub collection; everything else is derived from its declaration.

    customers contacts items invoices invoice_lines subscriptions payments reference    the declarations
    base shorthand types currency                                                       their words
    staging: cells -> values -> extra, then validation -> rejects                       reading a landing

Importing this package is cheap; DuckDB, pandas and Pandera are imported by `staging` and `validation`.
"""

from __future__ import annotations

from ipaas_dagster.contracts.base import Collection, Column, Expectation, Reading, Rule, Type
from ipaas_dagster.contracts.contacts import CONTACTS
from ipaas_dagster.contracts.customers import CUSTOMERS
from ipaas_dagster.contracts.invoice_lines import INVOICE_LINES
from ipaas_dagster.contracts.invoices import INVOICES
from ipaas_dagster.contracts.items import ITEMS
from ipaas_dagster.contracts.payments import PAYMENTS
from ipaas_dagster.contracts.reference import REFERENCE
from ipaas_dagster.contracts.subscriptions import SUBSCRIPTIONS
from ipaas_dagster.contracts.types import duckdb_type

COLLECTIONS: tuple[Collection, ...] = (
    CUSTOMERS,
    CONTACTS,
    ITEMS,
    INVOICES,
    INVOICE_LINES,
    SUBSCRIPTIONS,
    PAYMENTS,
)
"""The hub's collections, parents before children and before what refers to them."""

__all__ = [
    "COLLECTIONS",
    "REFERENCE",
    "Collection",
    "Column",
    "Expectation",
    "Reading",
    "Rule",
    "Type",
    "collection",
    "duckdb_type",
    "of_source",
    "schema_rows",
]


def collection(name: str) -> Collection:
    """The hub or reference collection of that name. Raises KeyError naming those that exist."""
    for declared in (*COLLECTIONS, *REFERENCE):
        if declared.name == name:
            return declared
    allowed = ", ".join(c.name for c in (*COLLECTIONS, *REFERENCE))
    raise KeyError(f"there is no collection {name!r} (there are {allowed})")


def of_source(source_collection: str) -> tuple[Collection, ...]:
    """What one source collection becomes: the parent first, then its children. Raises KeyError."""
    parents = [c for c in (*COLLECTIONS, *REFERENCE) if c.source == source_collection and c.parent is None]
    if not parents:
        allowed = ", ".join(c.source for c in (*COLLECTIONS, *REFERENCE) if c.parent is None)
        raise KeyError(f"there is no source collection {source_collection!r} (there are {allowed})")
    return (parents[0], *(c for c in COLLECTIONS if c.parent == parents[0].name))


def schema_rows(declared: Collection) -> list[tuple[str, str, str]]:
    """(name, DuckDB type, description) of each column, for a person to read; `extra` included."""
    rows = [(c.name, duckdb_type(c.type), c.description) for c in declared.columns]
    return [*rows, ("extra", "JSON", "Every field of the source's record that has no column")]
