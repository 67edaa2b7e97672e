"""The rows of a landing: SQL that reads its lines, and the records or array elements that stand on them.

Both kinds of rows have the same shape: line, element, observed_at, record, deleted, parent_hub_id,
parent_source_id and, for a child, one column `from <name>` per column inherited from its parent.
"""

from __future__ import annotations

from pathlib import Path

from ipaas_dagster.contracts.base import Collection
from ipaas_dagster.contracts.cells import cell, json_key, literal, quoted


def lines(path: Path) -> str:
    """SQL of (line, observed_at, record, deleted); a line that is no JSON is a row of NULLs."""
    return (
        "SELECT line, make_timestamptz(observed_at) AS observed_at, record, deleted "
        f"FROM read_json({literal(str(path))}, format='newline_delimited', ignore_errors=true, "
        "columns={'line':'BIGINT','observed_at':'BIGINT','record':'JSON','deleted':'VARCHAR'})"
    )


def record_rows(landing: str) -> str:
    """One row per line of `landing` (see `lines`), tombstones and unreadable lines included."""
    return (
        "SELECT line, 0::INTEGER AS element, observed_at, record, deleted, "
        f"NULL::VARCHAR AS parent_hub_id, NULL::VARCHAR AS parent_source_id FROM ({landing})"
    )


def element_rows(parent: Collection, child: Collection) -> str:
    """One row per element of the child's array, in every record of `parent` that is staged."""
    inherited = [c for c in child.columns if c.inherits]
    taken = "".join(f", {quoted(str(c.inherits))} AS {quoted('from ' + c.name)}" for c in inherited)
    return _elements(
        f"SELECT line, observed_at, hub_id AS parent_hub_id, source_id AS parent_source_id{taken}, "
        f"{array_column(child)} AS stated FROM staged_{parent.name}"
    )


def rejected_element_rows(parent: Collection, child: Collection) -> str:
    """One row per element of the child's array, in every record of `parent` that is rejected."""
    array = f"stated_array(json_extract(record, {literal('$.' + json_key(array_field(child)))}))"
    return _elements(
        f"SELECT line, observed_at, hub_id AS parent_hub_id, source_id AS parent_source_id, {array} AS stated "
        f"FROM staged_rejects WHERE collection = {literal(parent.name)}"
    )


def _elements(parents: str) -> str:
    return (
        "SELECT * EXCLUDE (elements), generate_subscripts(elements, 1)::INTEGER AS element, "
        "unnest(elements) AS record, NULL::VARCHAR AS deleted FROM "
        f"(SELECT * EXCLUDE (stated), json_transform(stated, '[\"JSON\"]') AS elements FROM ({parents}))"
    )


def source_id(collection: Collection) -> str:
    """SQL of the id of a split row as text; NULL where it cannot be read."""
    if collection.id_field is None:
        return "parent_source_id || '#' || element"
    read_id = f"read_id({cell(collection.id_field)})"
    if collection.id_scope is None:
        return read_id
    return f"read_id({cell(collection.id_scope)}) || ':' || {read_id}"


def array_field(child: Collection) -> str:
    if child.array is None:
        raise ValueError(f"{child.name} has a parent and must name the array it stands in")
    return child.array


def array_column(child: Collection) -> str:
    """The column of the parent's candidates that holds the child's array; NULL where it is not stated."""
    return f"array_{child.name}"
